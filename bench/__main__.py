"""
Command line of the bench: ``python -m bench``.
"""

from __future__ import annotations

import shlex
import signal
import sys
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from bench import micro, run, save, tables
from bench.agree import DisagreementError
from bench.child import ServerFailedError
from bench.machine import MissingPartError
from bench.results import Results
from bench.rounds import Settings

QUICK_ROUNDS, QUICK_SECONDS, QUICK_SWAPPED_IN = 1, 1, 100_000
LOG_WIDTH = 120  # characters of a line where there is no terminal


def main(
    rounds: Annotated[int, typer.Option(help="Paired rounds; the table shows their median.")] = 5,
    seconds: Annotated[int, typer.Option(help="Seconds of each measurement.")] = 5,
    prefixes: Annotated[int, typer.Option(help="Prefixes in the deck.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Seed of the deck and the numbers.")] = 1,
    quick: Annotated[bool, typer.Option(help="Smoke run: one round of one second.")] = False,
    peers_only: Annotated[bool, typer.Option(help="Measure the peers alone; nothing is saved.")] = False,
    in_process: Annotated[bool, typer.Option(help="Measure inside the process too.")] = True,
    save_readme: Annotated[bool, typer.Option(help="Write the table of record in bench/README.md.")] = False,
) -> None:
    """
    Measure ratedip side by side with nginx + Lua, Kamailio and a constant answer.
    """
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
    settings = Settings(rounds, seconds, prefixes, seed=seed, peers_only=peers_only)
    if quick:
        settings = replace(settings, rounds=QUICK_ROUNDS, seconds=QUICK_SECONDS, swapped_in=QUICK_SWAPPED_IN)
    try:
        results = run.measure(settings, console)
    except (MissingPartError, ServerFailedError, DisagreementError) as error:
        console.print(f"[bold red]Nothing measured.[/] {error}")
        raise typer.Exit(2) from None
    if in_process and not peers_only:
        results.figures.extend(micro.measure(console, quick=quick))
    _show(results, console)
    if not peers_only:
        _keep(results, console, save_readme=save_readme)
    raise typer.Exit(1 if results.failed else 0)


def _show(results: Results, console: Console) -> None:
    console.print(tables.terminal_table(results))
    for line in tables.verdicts(results):
        console.print(line, markup=False)
    if results.figures:
        console.print(tables.figures_table(results.figures))


def _keep(results: Results, console: Console, *, save_readme: bool) -> None:
    for path in save.save_latest(results):
        console.print(f"saved {path}", highlight=False)
    if save_readme and results.failed:
        console.print("[bold red]README not written: a row failed.[/]")
    elif save_readme:
        save.save_readme(results, shlex.join(("python", "-m", "bench", *sys.argv[1:])))


def _stop(signal_number: int, _frame: object) -> None:
    """
    Leave by way of every `finally`, so that no server outlives the bench.
    """
    raise SystemExit(128 + signal_number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    typer.run(main)
