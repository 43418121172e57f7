"""
``ratedip simulate``: any question with each step shown, answered from the data directory.
"""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import fail, open_store, out, print_json

if TYPE_CHECKING:
    from service.access.account import Identity
    from service.errors import ApiError
    from service.snapshot import Snapshot

Number = Annotated[str, typer.Argument(help="As dialled: +44 113…, 0044113…, 44113….")]


def simulate_number(
    number: Number,
    card: Annotated[str | None, typer.Option(help="Name of the card; default: the account's own.")] = None,
    service: Annotated[str, typer.Option(help="The service asked: rate or lcr.")] = "rate",
    account: Annotated[str | None, typer.Option(help="Ask as this account; default: as one that may ask all.")] = None,
    duration: Annotated[str | None, typer.Option(help="Seconds of the call.")] = None,
    at: Annotated[str | None, typer.Option(help="Unix time or ISO 8601; default: now.")] = None,
    cli: Annotated[str | None, typer.Option(help="Calling number.")] = None,
    lrn: Annotated[str | None, typer.Option(help="Location routing number.")] = None,
    strategy: Annotated[str | None, typer.Option(help="lcr: cost, margin, quality or priority.")] = None,
    limit: Annotated[str | None, typer.Option(help="lcr: routes given at most.")] = None,
    carriers: Annotated[str | None, typer.Option(help="lcr: the only carriers asked, with commas between.")] = None,
    exclude: Annotated[str | None, typer.Option(help="lcr: carriers not asked, with commas between.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """
    Ask for a price or for routes, with each step shown: what was dialled, each prefix, each carrier, the money.

    Changes nothing. Exits 0 also where the answer is that there is no price; 1 where the question cannot be asked, 2
    where it is wrong.
    """
    from service.errors import ApiError
    from service.http.simulate import simulate
    from service.ops.reload import load_snapshot
    from service.settings import Settings
    from service.snapshot import Snapshot

    given = {
        "number": number, "card": card, "service": service, "duration": duration, "at": at, "cli": cli, "lrn": lrn,
        "strategy": strategy, "limit": limit, "carriers": carriers, "exclude": exclude,
    }  # fmt: skip
    parameters = {name: value for name, value in given.items() if value is not None}
    snapshot = load_snapshot(open_store(), Settings().cards, Snapshot())
    try:
        told = simulate(parameters, _identify(snapshot, account), snapshot, int(time.time()))
    except ApiError as error:
        _refuse(error, snapshot, json=json)
    else:
        print_json(told) if json else _show(told)


def _identify(snapshot: "Snapshot", name: str | None) -> "Identity":
    """
    Who asks: an account that may ask its own cards, or one that may ask all.
    """
    from service.access.account import LIVE, LOOKUP, Account, Identity
    from service.quota.meters import Meters

    if name is not None and name not in snapshot.access.accounts:
        fail(f"no account '{name}'")
    account = Account(0, "", "", None) if name is None else snapshot.access.accounts[name]
    return Identity(account, LIVE, frozenset({LOOKUP}), Meters(1).of("simulate", account.plan))


def _refuse(error: "ApiError", snapshot: "Snapshot", *, json: bool) -> None:
    status = 2 if error.status == 400 else 1
    if json:
        print_json(error.body())
        raise typer.Exit(status)
    detail = error.more.get("detail", "")
    known = f"; cards: {', '.join(sorted(snapshot.cards)) or 'none is loaded'}" if "no card" in detail else ""
    fail(f"{error.reason}{': ' if detail else ''}{detail}{known}", status)


def _show(told: dict[str, Any]) -> None:
    """
    Steps as paragraphs; what a deck or a profile says is printed and never obeyed by the terminal.
    """
    from rich.padding import Padding
    from rich.table import Table

    out.print(_text(told["says"], "red" if told["verdict"] else "green"))
    for number, step in enumerate(told["steps"], 1):
        out.print()
        out.print(_text(f"{number} {step['step']}", "bold"), _text(step["says"]))
        table = Table.grid(padding=(0, 2))
        for line in step["lines"]:
            table.add_row(_text(line.get("state", line["line"]).replace("_", " "), "dim"), _text(line["says"]))
        if step["lines"]:
            out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _text(text: str, style: str = "") -> Any:
    from rich.text import Text

    return Text("".join(c if c.isprintable() else "\ufffd" for c in text), style)
