"""
Command line of the scenarios: ``python -m bench.scenarios spike --host http://…``.
"""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

FOLDER: Final = Path(__file__).resolve().parent


class Scenario(StrEnum):
    """
    A file of this folder each.
    """

    SOFTSWITCH = "softswitch"
    SPIKE = "spike"
    SOAK = "soak"
    QUOTA = "quota"


def main(
    context: typer.Context,
    scenario: Annotated[Scenario, typer.Argument(help="What kind of load.")] = Scenario.SOFTSWITCH,
    host: Annotated[str, typer.Option(help="The server.")] = "http://127.0.0.1:8080",
    users: Annotated[int, typer.Option(help="Connections; spike has --base instead.")] = 32,
    run_time: Annotated[str, typer.Option(help="Such as 30s, 10m, 2h; spike has --span instead.")] = "30s",
    report: Annotated[Path, typer.Option(help="Page to write.")] = Path("load-report.html"),
) -> None:
    """
    Load a server, without a browser, and write a report page. Whatever else is given goes to locust.

    Exits 1 where any answer was wrong.
    """
    load = ("--users", str(users), "--spawn-rate", str(users), "--run-time", run_time)
    words = ("-f", str(FOLDER / f"{scenario}.py"), "--headless", "--host", host, "--html", str(report))
    shaped = () if scenario is Scenario.SPIKE else load
    done = subprocess.run([sys.executable, "-m", "locust", *words, *shaped, *context.args], check=False)
    raise typer.Exit(done.returncode)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(main)
    app()
