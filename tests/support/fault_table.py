"""
What the tests of a bad day said, as a table: ``python -m support.fault_table RESULTS.xml... [--save PAGE]``.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from xml.etree import ElementTree as ET

import typer
from rich.console import Console
from rich.table import Table

from support.promises import PROMISES, Promise, is_of

ROOT = Path(__file__).parents[2]
HEADER = ("#", "what is done", "what holds", "measured", "tests", "passed")
BETWEEN = re.compile(r"(?<=<!-- table: written by make faults -->\n).*(?=<!-- end of table -->)", re.DOTALL)


@dataclass
class Row:
    """
    What is known of a promise.

    Attributes:
        measured: what tests recorded.
        failed: names of tests that did not pass.
    """

    measured: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    ran: int = 0
    took_s: float = 0.0

    @property
    def verdict(self) -> str:
        return "not run" if not self.ran else "no" if self.failed else "yes"


def name_of(case: ET.Element) -> str:
    """
    As pytest names a test, below the folder of tests.
    """
    return f"{case.get('classname', '').replace('.', '/').removeprefix('tests/')}.py::{case.get('name')}"


def read(results: list[Path]) -> dict[int, Row]:
    """
    Args:
        results: what ``pytest --junit-xml`` wrote.
    """
    rows = {number: Row() for number in PROMISES}
    for path in results:
        for case in ET.parse(path).iter("testcase"):
            for number, promise in PROMISES.items():
                _note(rows[number], promise, case)
    return rows


def _note(row: Row, promise: Promise, case: ET.Element) -> None:
    name = name_of(case)
    if not is_of(promise, name):
        return
    row.ran += 1
    row.took_s += float(case.get("time", "0"))
    row.measured += [one.get("value", "") for one in case.iter("property") if one.get("name") == "measured"]
    if any(case.find(kind) is not None for kind in ("failure", "error", "skipped")):
        row.failed.append(name)


def cells(rows: dict[int, Row]) -> list[tuple[str, ...]]:
    return [
        (
            str(number),
            PROMISES[number].harm,
            PROMISES[number].says,
            "; ".join(row.measured) or "–",
            f"{row.ran} in {row.took_s:.0f} s",
            row.verdict,
        )
        for number, row in rows.items()
    ]


def shown(rows: dict[int, Row]) -> Table:
    """
    For a terminal.
    """
    colours = {"yes": "green", "no": "red", "not run": "yellow"}
    table = Table(*HEADER, title="A bad day", show_lines=True)
    for *texts, verdict in cells(rows):
        table.add_row(*texts, f"[{colours[verdict]}]{verdict}[/]")
    return table


def written(rows: dict[int, Row], commit: str, now: datetime) -> str:
    """
    For a page.
    """
    lines = [f"{now:%Y-%m-%d %H:%M} UTC, commit {commit}.", "", *map(_line, (HEADER, ("---",) * len(HEADER)))]
    lines += [_line(one) for one in cells(rows)]
    return "\n".join(lines) + "\n"


def _line(texts: tuple[str, ...]) -> str:
    return "| " + " | ".join(text.replace("|", "/") for text in texts) + " |"


def commit_now() -> str:
    told = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, check=True)
    return told.stdout.decode().strip().replace("-dirty", " and what was not yet committed")


def main(
    results: Annotated[list[Path], typer.Argument(help="What pytest --junit-xml wrote.")],
    save: Annotated[Path | None, typer.Option(help="Page whose table is written anew, if all was run.")] = None,
) -> None:
    """
    Show what each promise of a bad day has come to. Exit 1: one was not kept, or not tried.
    """
    rows = read(results)
    Console().print(shown(rows))
    for failed in sorted({name for row in rows.values() for name in row.failed}):
        print(f"did not pass: {failed}")  # noqa: T201
    is_whole = all(row.ran for row in rows.values())
    if save and is_whole:
        save.write_text(BETWEEN.sub(lambda _: written(rows, commit_now(), datetime.now(UTC)), save.read_text()))
    sys.exit(0 if is_whole and not any(row.failed for row in rows.values()) else 1)


if __name__ == "__main__":
    typer.run(main)
