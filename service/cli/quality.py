"""
``ratedip quality``: ASR, ACD and PDD of late.
"""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.console import fail, open_store, out, print_json, progress_bar

if TYPE_CHECKING:
    from service.render.table import Table


def show_quality(
    window: Annotated[str, typer.Option(help="Such as 5m, 1h or 24h.")] = "1h",
    account: Annotated[str | None, typer.Option(help="Of one account's calls.")] = None,
    card: Annotated[str | None, typer.Option(help="Name of the card.")] = None,
    carrier: Annotated[str | None, typer.Option(help="Name of the carrier.")] = None,
    destination: Annotated[str | None, typer.Option(help="Part of its name, or the first digits of a number.")] = None,
    by: Annotated[str, typer.Option(help="What is counted apart: account,card,carrier,destination.")] = (
        "card,carrier,destination"
    ),
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows to show.")] = 50,
    test: Annotated[bool, typer.Option("--test", help="Of the sandbox.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """
    ASR, ACD and PDD by card, carrier and destination, the most called first. Counted from the call records.
    """
    from service.manage.quality import COUNTED_BY, quality_view, read_quality
    from service.ops.reload import load_snapshot
    from service.quality import Quality, Wanted, WindowsError, read_windows
    from service.render.table import Page
    from service.settings import Settings
    from service.snapshot import Snapshot

    names = tuple(word.strip() for word in by.split(",") if word.strip())
    if not names or not {*names} <= {*COUNTED_BY}:
        fail(f"--by is none of {', '.join(COUNTED_BY)}, or several with commas between", 2)
    try:
        windows_s = read_windows(window)
    except WindowsError as error:
        fail(f"--window: {error}", 2)
    settings, engine, now = Settings(), open_store(), int(time.time())
    snapshot = load_snapshot(engine, settings.cards, Snapshot())
    with progress_bar() as progress:
        quality = Quality(windows_s[-1:], settings.quality_min_calls)
        read_quality(engine, snapshot, quality, now, progress)
    wanted = Wanted("test" if test else "live", account, card, carrier, destination)
    page = Page(1, limit)
    table = quality_view(quality, snapshot, wanted, window_s=windows_s[-1], now=now, by=names, page=page)
    if json:
        print_json(table.fields())
    else:
        _print(table)


def _print(table: "Table") -> None:
    from rich.table import Table as Shown

    shown = Shown(*(name.replace("_", " ") for name in table.columns))
    for row in table.rows:
        shown.add_row(*("–" if row[name] is None else str(row[name]).replace("[", r"\[") for name in table.columns))
    out.print(shown)
    if table.total > len(table.rows):
        out.print(f"there are {table.total:,}: --limit", markup=False)
