"""
``ratedip card replay``: past calls on a new deck.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.card_words import Name, instant, moment, shelf
from service.cli.console import err, fail, out, print_json

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from service.manage.replay import Progress, Work

Calls = Annotated[
    Path,
    typer.Argument(help="Past calls: CSV, NDJSON (also .gz, .xz) or Parquet.", exists=True, dir_okay=False),
]
_MAX_LISTED = 1_000_000
_FEW = 10


def replay(
    name: Name,
    calls: Calls,
    before: Annotated[int | None, typer.Option(min=1, help="Revision; default: the one that answers.")] = None,
    after: Annotated[int | None, typer.Option(min=1, help="Revision; default: the latest.")] = None,
    deck: Annotated[
        Path | None, typer.Option(help="A deck that is not loaded, instead of --after.", exists=True, dir_okay=False)
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="The customer's card of a provider's, or the other way round: adds margins.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="Rate all calls as if made then: unix time or ISO 8601.")] = None,
    as_dated: Annotated[
        bool, typer.Option("--as-dated", help="Rate each call as it was made, though rules start later.")
    ] = False,
    profile: Annotated[
        str, typer.Option(help="How numbers are written: e164, a country (ISO 3166), or a JSON file of a profile.")
    ] = "e164",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Destinations shown.")] = 30,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that rate.")] = 1,
    json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write all destinations to this file.")] = None,
    xlsx: Annotated[Path | None, typer.Option(help="Likewise as a workbook.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with a chart to this file.")] = None,
) -> None:
    """
    What past calls would cost on new prices: totals, margin and destinations, before and after. Nothing is changed.

    Calls that were made before all rules of the new prices are in force are rated as if made then.
    """
    from service.cli.numbers import find_profile
    from service.manage.replay import replay as run
    from service.manage.replay_order import Order
    from service.manage.replay_processes import spread

    if deck is not None and after is not None:
        fail("--deck and --after are two answers to one question: say one of them", 2)
    if at is not None and as_dated:
        fail("--at and --as-dated are two answers to one question: say one of them", 2)
    steps = find_profile(profile).as_json()
    work: Work | None = None if processes == 1 else spread(processes)
    with shelf() as cards, progress_of_calls() as progress:
        new = None if deck is None else str(deck)
        order = Order(name, str(calls), before, after, new, against, instant(at), as_dated, profile=steps)
        done = run(cards, order, progress, work)
    told = done.told(limit)
    if csv or xlsx:
        _write_sheets(done.told(_MAX_LISTED), csv, xlsx)
    if html is not None:
        _write_page(told, html)
    if json:
        print_json(told)
    else:
        _show(told)


@contextmanager
def progress_of_calls() -> Iterator["Progress"]:
    """
    A bar on standard error: the share of the file that is read, and calls a second.
    """
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=1)

        def step(rows: int, share: float) -> None:
            elapsed_s = progress.tasks[0].elapsed or 0
            speed = f", {rows / elapsed_s:,.0f} a second" if elapsed_s else ""
            progress.update(task, completed=share, description=f"{rows:,} calls{speed}")

        yield step


def _write_sheets(told: dict[str, Any], csv: Path | None, xlsx: Path | None) -> None:
    from ratecards.durable import write_atomically
    from service.manage.replay_order import destinations
    from service.render.sheets import to_csv, to_xlsx

    for file, form in ((csv, to_csv), (xlsx, to_xlsx)):
        if file is not None:
            write_atomically(file.absolute(), form(destinations(told)))


def _write_page(told: dict[str, Any], file: Path) -> None:
    from ratecards.durable import write_atomically
    from service.render.chart_page import to_replay_page

    write_atomically(file.absolute(), to_replay_page(told))


def _show(told: dict[str, Any]) -> None:
    from rich.table import Table as Grid

    totals = told["totals"]
    for side in ("before", "after", "against"):
        if told[side] is not None:
            out.print(f"{side:>10}  {_prices(told[side])}", markup=False)
    read = f"{totals['calls']:,} of {totals['rows']:,} rows; {totals['unanswered']:,} unanswered or of no duration"
    out.print(f"{'calls':>10}  {read}, {totals['refused']:,} refused", markup=False)
    grid = Grid("", "before", "after", "difference")
    for row in _sums(told):
        grid.add_row(*row)
    out.print(grid)
    out.print(_destinations(told))
    _show_lists(told)


def _prices(side: dict[str, Any]) -> str:
    name = f"{side['card']} " if "card" in side else ""
    which = side.get("deck") or (f"revision {side['revision']}" if side["revision"] else "nothing answered")
    if side["at"] is not None:
        return f"{name}{which}, all calls as if made {moment(side['at'])} UTC"
    if side["not_before"] is None:
        return f"{name}{which}, each call as it was made"
    return f"{name}{which}, earlier calls as if made {moment(side['not_before'])} UTC"


def _sums(told: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    totals = told["totals"]
    percent = "" if totals["change_percent"] is None else f" ({totals['change_percent']} %)"
    cost = f"cost, {told['currency']}"
    yield cost, totals["cost_before"], totals["cost_after"], f"{totals['difference']}{percent}"
    for label, what in (("rated", "rated"), ("no rate", "unpriced"), ("blocked", "blocked"), ("billed s", "billed")):
        yield label, f"{totals[f'{what}_before']:,}", f"{totals[f'{what}_after']:,}", ""
    if told["against"] is not None:
        margins = [totals[f"margin_{side}"] or "–" for side in ("before", "after")]
        yield f"margin, {told['currency']}", margins[0], margins[1], ""
        yield "lose money", f"{totals['losing_before']:,}", f"{totals['losing_after']:,}", ""


def _destinations(told: dict[str, Any]) -> "Grid":
    from rich.table import Column
    from rich.table import Table as Grid

    margins = {"margin_before": "margin\nbefore", "margin_after": "margin\nafter"}
    prices = {"cost_before": "before", "cost_after": "after", "difference": "change", "change_percent": "%"}
    columns = {"calls": "calls"} | prices | (margins if told["against"] is not None else {"minutes": "minutes"})
    grid = Grid(Column("destination", min_width=12))
    for heading in columns.values():
        grid.add_column(heading, justify="right", no_wrap=True)
    for row in told["destinations"] + ([told["others"]] if told["others"] else []):
        cells = ("" if row[column] is None else _short(str(row[column])) for column in columns)
        grid.add_row(_plain(row["name"] or "none named"), *cells)
    return grid


def _short(number: str) -> str:
    """
    A number as a table has room for it; the sums above and the files have all digits.
    """
    from ratecards.money import format_units, round_units

    whole, _, decimals = number.partition(".")
    kept = 4 if whole in ("0", "-0") else 2
    if len(decimals) <= kept:
        return number
    units = int(whole.lstrip("-") + decimals.ljust(10, "0")) * (-1 if number.startswith("-") else 1)
    return format_units(round_units(units, 1, kept, "half_up"))


def _show_lists(told: dict[str, Any]) -> None:
    """
    What somebody should look at: calls without a price, calls that lose, rows that were refused.
    """
    totals = told["totals"]
    if totals["newly_unpriced"]:
        what = f"{totals['newly_unpriced']:,} with a price before and none after; they cost"
        out.print(f"{what} {totals['newly_unpriced_cost']}", style="red", markup=False, soft_wrap=True)
    for call in told["losers"][:_FEW]:
        what = f"line {call['line']}: {call['number']} {_plain(call['name'])}, {call['duration']} s"
        out.print(f"{what}: sold for {call['sell']}, bought for {call['buy']}", markup=False, soft_wrap=True)
    for refusal in told["refusals"][:_FEW]:
        where = f"line {refusal['line']}, {refusal['column']} {refusal['value']!r}"
        err.print(f"{where}: {refusal['reason']}", markup=False, soft_wrap=True)


def _plain(text: str) -> str:
    """
    A name from a deck, which a terminal shall not obey.
    """
    return "".join(c if c.isprintable() else "\ufffd" for c in text).replace("[", r"\[")
