"""
``ratedip card merge``, ``build``, ``stale`` and ``rebuild``: cards made from others.
"""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ratecards.money import DECIMALS, ROUNDINGS
from service.cli.console import err, fail, open_store, out, print_json, progress_bar
from service.cli.exchange import Actor, Json, actor_of, refusing
from service.cli.exchange import app as exchange

if TYPE_CHECKING:
    from service.manage.build_again import Rebuilt
    from service.manage.builds import Built

app = typer.Typer(help="Cards made from others.", no_args_is_help=True)

AWAY = 3
NICE = 5
Name = Annotated[str, typer.Argument(help="Name of the card to make.")]
Parents = Annotated[list[str], typer.Argument(metavar="CARD...", help="Cards it is made from; the first settles ties.")]
By = Annotated[str, typer.Option(help="Price of a number: minimum, maximum or average of what the cards ask.")]
Currency = Annotated[str | None, typer.Option(help="ISO 4217 code of the prices; default: that of the first card.")]
Activate = Annotated[bool, typer.Option("--activate", help="Let it answer at once.")]
At = Annotated[
    str | None, typer.Option(help="Make it as of this instant, and let it answer from then: unix time or ISO 8601.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what would.")]
NoNames = Annotated[
    bool, typer.Option("--no-names", help="Drop prefixes that only tell destinations apart: the smallest card.")
]
EveryPrefix = Annotated[bool, typer.Option("--every-prefix", help="Keep prefixes that change no price.")]
Automatic = Annotated[bool, typer.Option("--automatic", help="Make it again whenever it is stale.")]
Precision = Annotated[
    int | None, typer.Option(min=0, max=DECIMALS, help="Decimals of a cost; default: as the first card.")
]
Rounding = Annotated[
    str | None, typer.Option(help=f"How a cost is rounded: {', '.join(ROUNDINGS)}; default: as the first card.")
]
Later = Annotated[bool, typer.Option("--later", help="Only note how it is made; the next rebuild makes it so.")]
Force = Annotated[bool, typer.Option("--force", help="Although the card was loaded from decks so far.")]
Note = Annotated[str, typer.Option(help="What for.")]


@app.command()
def merge(
    name: Name,
    parents: Parents,
    by: By,
    currency: Currency = None,
    activate: Activate = False,
    at: At = None,
    dry_run: DryRun = False,
    no_names: NoNames = False,
    every_prefix: EveryPrefix = False,
    automatic: Automatic = False,
    precision: Precision = None,
    rounding: Rounding = None,
    later: Later = False,
    force: Force = False,
    note: Note = "",
    actor: Actor = None,
    json: Json = False,
) -> None:
    """
    Merge cards into one: each number at the minimum, maximum or average of what they ask.

    Exits 2 where it cannot be made; then nothing changes.
    """
    recipe = _recipe(parents, by, currency, None, no_names, every_prefix, automatic, precision, rounding)
    _make(name, recipe, activate, at, dry_run, later, force, note, actor, json=json)


@app.command()
def build(
    name: Name,
    parents: Parents,
    by: By,
    margin: Annotated[str, typer.Option(help="JSON file of the margin rules; -: standard input.", metavar="FILE")],
    currency: Currency = None,
    activate: Activate = False,
    at: At = None,
    dry_run: DryRun = False,
    no_names: NoNames = False,
    every_prefix: EveryPrefix = False,
    automatic: Automatic = False,
    precision: Precision = None,
    rounding: Rounding = None,
    later: Later = False,
    force: Force = False,
    note: Note = "",
    actor: Actor = None,
    json: Json = False,
) -> None:
    """
    Make a customer's card: cards merged, and margins put on.

    Exits 2 where it cannot be made; then nothing changes.
    """
    plan = _plan(margin)
    recipe = _recipe(parents, by, currency, plan, no_names, every_prefix, automatic, precision, rounding)
    _make(name, recipe, activate, at, dry_run, later, force, note, actor, json=json)


@app.command()
def stale(json: Json = False) -> None:
    """
    Cards made from others that are to be made again, and why. Exits 1 where there are some.
    """
    from service.manage import build_stale
    from service.manage.build_report import print_stale

    found = build_stale.stale(open_store())
    if json:
        print_json([build_stale.stale_json(card) for card in found])
    else:
        print_stale(found, out)
    raise typer.Exit(1 if found else 0)


@app.command()
def rebuild(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these; default: all.")] = None,
    automatic: Annotated[
        bool,
        typer.Option("--automatic", help="Only those made automatic, and none that would leap: as a server does it."),
    ] = False,
    dry_run: DryRun = False,
    actor: Actor = None,
    json: Json = False,
) -> None:
    """
    Make stale cards again, parents first. Exits 1 where one could not be made; the others are.
    """
    from service.manage import build_again
    from service.manage.build_report import rebuilt_json
    from service.settings import Settings

    with refusing(), progress_bar() as progress:
        engine, folder = open_store(), Settings().cards
        if automatic:
            done = build_again.rebuild_automatic(engine, folder, progress)
        else:
            done = build_again.rebuild(engine, folder, names or None, progress, dry_run=dry_run, actor=actor_of(actor))
    if json:
        print_json([rebuilt_json(card) for card in done])
    else:
        _show_rebuilt(done, dry_run=dry_run)
    raise typer.Exit(1 if any(card.error for card in done) else 0)


def _recipe(
    parents: list[str],
    by: str,
    currency: str | None,
    margin: object,
    no_names: bool,
    every_prefix: bool,
    automatic: bool,
    precision: int | None,
    rounding: str | None,
) -> dict[str, Any]:
    return {
        "parents": parents,
        "by": by,
        "currency": currency,
        "margin": margin,
        "minimise": not every_prefix,
        "keep_names": not no_names,
        "precision": precision,
        "rounding": rounding,
        "automatic": automatic,
    }


def _make(
    name: str,
    told: dict[str, Any],
    activate: bool,
    at: str | None,
    dry_run: bool,
    later: bool,
    force: bool,
    note: str,
    actor: str | None,
    *,
    json: bool,
) -> None:
    from service.manage.build_recipe import Recipe
    from service.manage.build_report import built_json, print_built
    from service.manage.builds import Order, make_build, note_recipe
    from service.settings import Settings

    order = Order(activate=activate, at=_instant(at), dry_run=dry_run, force=force, note=note, actor=actor_of(actor))
    with refusing(), progress_bar() as progress:
        recipe, engine = Recipe.from_json(told), open_store()
        if later:
            note_recipe(engine, name, recipe, order.actor)
            built = None
        else:
            built = make_build(engine, Settings().cards, name, recipe, progress, order)
    if json:
        print_json({"card": name, "later": True} if built is None else built_json(built))
        return
    if built is not None:
        print_built(built, out)
    out.print(_state(name, built, order.at, dry_run=dry_run), markup=False)


def _state(name: str, built: "Built | None", at: int | None, *, dry_run: bool) -> str:
    if built is None:
        return f"noted; to make it so: ratedip card rebuild {name}"
    if dry_run:
        return "nothing was changed"
    if built.revision.active:
        return f"{name} revision {built.revision.number} answers now"
    if at is not None:
        return f"{name} revision {built.revision.number} answers from {_when(at)}"
    return f"to let it answer: ratedip card activate {name} {built.revision.number}"


def _show_rebuilt(done: "list[Rebuilt]", *, dry_run: bool) -> None:
    from service.manage.build_report import print_built

    for card in done:
        out.print(f"{card.card} is stale: {'; '.join(card.reasons)}", markup=False)
        if card.built is None:
            err.print(f"{card.card} could not be made: {card.error}", style="red", markup=False)
            continue
        print_built(card.built, out)
        same = "it comes out as it was; no revision was added"
        out.print(_state(card.card, card.built, None, dry_run=dry_run) if card.built.added or dry_run else same)
    if not done:
        out.print("nothing is stale")


def _plan(name: str) -> object:
    import orjson

    try:
        return orjson.loads(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        fail(f"margin plan {name}: {error}", 2)


def _instant(text: str | None) -> int | None:
    from service.errors import ApiError
    from service.http.ask import instant

    try:
        return None if text is None else instant(text)
    except ApiError as error:
        fail(error.reason, 2)


def _when(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))


def run() -> None:
    """
    These commands alone, for a server that has them run in a process of their own, below its look-ups.

    Exits :data:`AWAY` where the store cannot be used.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from service.store.database import StoreError

    os.nice(NICE)
    app.add_typer(exchange, name="exchange")
    try:
        app()
    except (StoreError, SQLAlchemyError) as error:
        err.print(f"ratedip: {str(error).partition(chr(10))[0]}", style="red", markup=False)
        raise SystemExit(AWAY) from None


if __name__ == "__main__":
    run()
