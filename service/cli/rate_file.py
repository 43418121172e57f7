"""
``ratedip rate-file``: a file of calls, each with what it costs behind it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.card_words import instant, shelf
from service.cli.console import err, fail, out, print_json

if TYPE_CHECKING:
    from service.manage.rate_file import Work

Calls = Annotated[
    Path, typer.Argument(help="Calls: CSV with a header, or NDJSON; also .gz, .xz.", exists=True, dir_okay=False)
]
_FEW = 10


def rate_file(
    calls: Calls,
    to: Annotated[Path, typer.Option("-o", "--out", help="File to write; packed where its name ends in .gz.")],
    card: Annotated[str, typer.Option(help="Name of a card.")] = "",
    artifact: Annotated[
        Path | None, typer.Option(help="A compiled card's file, instead of --card.", exists=True, dir_okay=False)
    ] = None,
    revision: Annotated[int | None, typer.Option(min=1, help="Of the card; default: the one that answers.")] = None,
    at: Annotated[str | None, typer.Option(help="Rate all calls as if made then: unix time or ISO 8601.")] = None,
    profile: Annotated[
        str, typer.Option(help="How numbers are written: e164, a country (ISO 3166), or a JSON file of a profile.")
    ] = "e164",
    processes: Annotated[int, typer.Option(min=0, max=64, help="Processes that rate; 0: one for each core.")] = 0,
    dask: Annotated[str, typer.Option(help="Rate on a Dask cluster: its scheduler, tcp://host:8786.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was begun.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What came of it as JSON.")] = False,
) -> None:
    """
    Rate a file of calls to a file: every row in its place, with number, prefix, rate and cost behind it.

    A row that cannot be rated says why. What was interrupted goes on with --resume, to the same file byte for byte.
    """
    from service.cli.card_replay import progress_of_calls
    from service.cli.numbers import find_profile
    from service.manage.rate_file import Order
    from service.manage.rate_file import rate_file as run

    if bool(card) == (artifact is not None):
        fail("say either --card or --artifact", 2)
    steps = None if profile == "e164" else find_profile(profile).as_json()
    with shelf() as cards, progress_of_calls() as progress:
        order = Order(calls, to.absolute(), card, artifact, revision, instant(at), steps, resume)
        told = run(cards, order, progress, _work(processes, dask))
    if json:
        print_json(told)
    else:
        _show(told)


def _work(processes: int, dask: str) -> "Work":
    from service.manage.rate_file import one_by_one
    from service.manage.rate_processes import here, on_dask

    if dask:
        return on_dask(dask)
    count = processes or len(os.sched_getaffinity(0))
    return one_by_one if count == 1 else here(count)


def _show(told: dict[str, Any]) -> None:
    rated = f"{told['rated']:,} of {told['rows']:,} calls rated"
    rest = f"{told['unpriced']:,} without a rate, {told['blocked']:,} blocked, {told['refused']:,} refused"
    cost = f"{told['cost']} {told['currency']} for {told['billed_s']:,} seconds"
    out.print(f"{rated}: {cost}; {rest}", markup=False, soft_wrap=True)
    out.print(told["out"], markup=False, soft_wrap=True)
    for problem in told["problems"][:_FEW]:
        err.print(f"line {problem['line']}: {problem['reason']}", markup=False, soft_wrap=True)
