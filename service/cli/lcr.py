"""
``ratedip lcr``: which carriers stand behind a customer card, and in what order they would be tried.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import fail, out, print_json
from service.cli.exchange import Actor, Json, actor_of, refusing

if TYPE_CHECKING:
    from service.lookups.lcr import LcrQuery
    from service.manage.ratecards import Shelf

app = typer.Typer(help="Least cost routing: carriers behind a customer card, and their order.", no_args_is_help=True)

Card = Annotated[str, typer.Argument(help="Name of the customer card.")]
Carriers = Annotated[
    str | None,
    typer.Option(help="Provider cards with commas between: carrier-a,carrier-b:cap=0.05:priority=1,carrier-c:off"),
]
Strategy = Annotated[str | None, typer.Option(help="cost, margin, quality or priority.")]
Limit = Annotated[int | None, typer.Option(help="Routes given at most.")]


@app.command(name="set")
def set_routing(
    card: Card,
    carriers: Carriers = None,
    strategy: Strategy = None,
    limit: Limit = None,
    cap: Annotated[str | None, typer.Option(help="Highest price a minute the customer is charged; '': any.")] = None,
    min_margin: Annotated[
        str | None, typer.Option(help="What a call must leave: 0.001, or 5% of its price; '': no loss.")
    ] = None,
    block_connect_fee: Annotated[
        bool | None, typer.Option("--block-connect-fee/--take-connect-fee", help="Carriers that charge for the call.")
    ] = None,
    actor: Actor = None,
    json: Json = False,
) -> None:
    """
    Say what stands behind a card; what is not named stays. Live within two seconds.
    """
    from service.manage.routing import parse_carriers, route

    said = {"strategy": strategy, "limit": limit, "cap": cap, "min_margin": min_margin}
    with refusing():
        behind = None if carriers is None else parse_carriers(carriers)
        told = route(_shelf(actor), card, behind, **said, block_connect_fee=block_connect_fee)
    _show(told, json=json)


@app.command()
def show(card: Annotated[str | None, typer.Argument(help="Name of the card; all.")] = None, json: Json = False) -> None:
    """
    What stands behind a card, or behind each.
    """
    from service.manage.routing import routing_view
    from service.store.routings import list_routings

    shelf = _shelf(None)
    with refusing():
        names = [routing.card for routing in list_routings(shelf.engine)] if card is None else [card]
        told = [routing_view(shelf, name) for name in names]
    if json:
        print_json(told if card is None else told[0])
        return
    if not told:
        fail("no carriers stand behind any card; say which: ratedip lcr set CARD --carriers A,B")
    for one in told:
        _show(one, json=False)


@app.command()
def ask(
    card: Card,
    number: Annotated[str, typer.Argument(help="As dialled: +44 113…, 0044113…, 44113….")],
    duration: Annotated[str | None, typer.Option(help="Seconds of the call; 60.")] = None,
    at: Annotated[str | None, typer.Option(help="Unix time or ISO 8601; now.")] = None,
    cli: Annotated[str, typer.Option(help="Calling number, for cards whose price depends on it.")] = "",
    strategy: Strategy = None,
    limit: Limit = None,
    exclude: Annotated[str | None, typer.Option(help="Carriers or cards that are not asked.")] = None,
    json: Json = False,
) -> None:
    """
    In what order would carriers be tried? Answered from the data directory, no server needed.

    Exits 1 where there is no route.
    """
    from service.errors import ApiError
    from service.lookups.lcr import lcr

    asked = {"number": number, "card": card, "duration": duration, "at": at, "cli": cli or None}
    asked |= {"strategy": strategy, "limit": None if limit is None else str(limit), "exclude": exclude, "explain": "1"}
    try:
        answer = lcr(_query({name: value for name, value in asked.items() if value is not None}))
    except ApiError as error:
        if json:
            print_json(error.body())
        else:
            _show_rejected(error.more.get("rejected", []))
        fail(": ".join(filter(None, (error.reason, error.more.get("detail")))), 2 if error.status == 400 else 1)
    if json:
        print_json(answer)
    else:
        _show_routes(answer)


def _query(asked: dict[str, str]) -> "LcrQuery":
    """
    The question, as an account that may ask all cards asks it.
    """
    import time

    from service.access.account import LIVE, LOOKUP, Account, Identity
    from service.cli.console import open_store, progress_bar
    from service.http.ask import lcr_query
    from service.lookups.quality import is_by_quality, with_quality
    from service.manage.quality import counted
    from service.ops.reload import load_snapshot
    from service.quota.meters import Meters
    from service.quota.plan import Plan
    from service.settings import Settings
    from service.snapshot import Snapshot

    engine, settings, now = open_store(), Settings(), int(time.time())
    snapshot = load_snapshot(engine, settings.cards, Snapshot())
    account = Account(0, "staff", asked["card"], cards=None)
    staff = Identity(account, LIVE, frozenset({LOOKUP}), Meters(1).of("staff", Plan()))
    query = lcr_query(asked, staff, snapshot, now)
    if not is_by_quality(query):
        return query
    with progress_bar() as progress:
        return with_quality(query, counted(engine, snapshot, settings, now, progress), LIVE)


def _show_routes(answer: dict[str, Any]) -> None:
    from rich.table import Table

    sell = answer["sell"]
    title = f"{answer['number']} to {sell['name']}: sold at {sell['rate']} {sell['currency']} a minute, {sell['cost']}"
    table = Table("", "carrier", "prefix", "rate", "billing", "fee", "cost", "margin", "loses", title=title)
    for place, route in enumerate(answer["routes"], 1):
        loses = "never" if route["worst_loss"] is None else f"{route['worst_loss']} at {route['worst_loss_seconds']} s"
        price = f"{route['rate']} {route['currency']}"
        cells = (route["carrier"], route["prefix"], price, route["billing"], route["connect_fee"])
        table.add_row(str(place), *cells, route["cost"], route["margin"], loses)
    out.print(table)
    _show_rejected(answer.get("rejected", []))


def _show_rejected(rejected: list[dict[str, Any]]) -> None:
    for one in rejected:
        price = f"; {one['rate']} {one['currency']} a minute at {one['prefix']}" if "rate" in one else ""
        out.print(f"not {one['card']}: {one['reason'].replace('_', ' ')}{price}", markup=False)


def _shelf(actor: str | None) -> "Shelf":
    from service.cli.console import open_store
    from service.manage.ratecards import Shelf
    from service.settings import Settings

    return Shelf(open_store(), Settings().cards, None, actor_of(actor))


def _show(told: dict[str, Any], *, json: bool) -> None:
    from rich.table import Table

    if json:
        print_json(told)
        return
    words = [
        f"{name.replace('_', ' ')} {told[name]}" for name in ("strategy", "limit", "cap", "min_margin") if told[name]
    ]
    words += ["no connect fees"] if told["block_connect_fee"] else []
    table = Table(
        "carrier", "priority", "cap", "asked", title=f"{told['card']}: {', '.join(words)}", title_justify="left"
    )
    for carrier in told["carriers"]:
        asked = "yes" if carrier["enabled"] else "no"
        table.add_row(carrier["card"], str(carrier["priority"]), carrier["cap"] or "–", asked)
    out.print(table)
