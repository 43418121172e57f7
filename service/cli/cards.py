"""
``ratedip card``: decks in, cards and their revisions, cards out.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ratecards.money import DECIMALS, ROUNDINGS
from service.cli import card_change, card_replay, card_show
from service.cli.card_words import Json, shelf, to_come
from service.cli.console import err, fail, out, print_json, progress_bar
from service.settings import Settings
from service.store.catalogue import CatalogueError, list_revisions
from service.store.mappings import find_mapping

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ratecards.deck import Deck, Mapping
    from service.store.catalogue import Revision

app = typer.Typer(help="Rate cards: read a carrier's deck, load it, compare, let it answer.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The deck as it came.", exists=True, dir_okay=False, readable=True)]
Name = Annotated[str, typer.Argument(help="Name of the card: lower-case letters, digits, dots, dashes.")]
MappingName = Annotated[
    str | None, typer.Option("--mapping", help="What the columns mean: a JSON file, or the name of a saved mapping.")
]
Currency = Annotated[str | None, typer.Option(help="ISO 4217 code of the prices; default: what the deck says.")]
EXIT = {"clean": 0, "warnings": 1, "refused": 2}
FORMATS = ("csv", "xlsx", "json")
_AS_BEFORE = "Default: as in its last revision."


@app.command()
def check(
    file: File,
    card: Annotated[str, typer.Option(help="Compare it with the revision of this card that answers.")] = "",
    currency: Currency = None,
    mapping: MappingName = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page to this file.")] = None,
    json: Json = False,
) -> None:
    """
    Read a deck and report on it; nothing is loaded.

    Exits 0 where it is clean, 1 with warnings or refused rows, 2 where it is refused.
    """
    from ratecards.artifact import ArtifactError
    from ratecards.deck import DeckError
    from ratecards.durable import write_atomically
    from service.manage.cards import Loading, check_deck
    from service.render.html import to_page
    from service.store.migrate import create

    settings = Settings()
    engine = create(settings.store_url)
    loading = Loading(card, file, currency=currency, mapping=_mapping(engine, mapping), now=int(time.time()))
    try:
        with progress_bar() as progress:
            deck = check_deck(engine, settings.cards, loading, progress)
    except (DeckError, ArtifactError) as error:
        fail(str(error), 2)
    if html is not None:
        write_atomically(html.absolute(), to_page("report.html", report=deck.report, currency=deck.currency))
    _show(deck, json=json)
    raise typer.Exit(EXIT[deck.report.status])


@app.command()
def load(
    name: Name,
    file: File,
    currency: Currency = None,
    mapping: MappingName = None,
    activate: Annotated[bool, typer.Option("--activate", help="Let it answer at once.")] = False,
    at: Annotated[str | None, typer.Option(help="Let it answer from then: unix time or ISO 8601 (UTC).")] = None,
    note: Annotated[str, typer.Option(help="What it is for, kept with the revision.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Although it differs much from what answers now.")] = False,
    precision: Annotated[
        int | None, typer.Option(min=0, max=DECIMALS, help=f"Decimals of a cost. {_AS_BEFORE}")
    ] = None,
    rounding: Annotated[
        str | None, typer.Option(help=f"How a cost is rounded: {', '.join(ROUNDINGS)}. {_AS_BEFORE}")
    ] = None,
    lrn: Annotated[
        bool | None, typer.Option("--lrn/--no-lrn", help=f"Rate the location routing number if given. {_AS_BEFORE}")
    ] = None,
    origin_group: Annotated[
        str | None, typer.Option(help=f"Calling prefixes that the origin group stands for. {_AS_BEFORE}")
    ] = None,
    json: Json = False,
) -> None:
    """
    Read a deck into the next revision of a card.

    Exits 2 where the deck is refused; then nothing changes.
    """
    from ratecards.artifact import ArtifactError
    from ratecards.deck import DeckError
    from service.manage.ratecard_load import load as load_deck
    from service.manage.ratecard_order import Order
    from service.manage.ratecards import BadValueError

    if activate and at is not None:
        fail("--activate is now and --at is later: say one of them", 2)
    with shelf() as cards:
        moment = to_come(at)
        order = Order(
            name,
            str(file),
            currency,
            activate=activate,
            at=moment,
            force=force,
            note=note,
            precision=precision,
            rounding=rounding,
            lrn=lrn,
            origin_group=origin_group,
        )
        chosen = _mapping(cards.engine, mapping)
        try:
            with progress_bar() as progress:
                deck, revision = load_deck(cards, order, chosen, progress)
        except (DeckError, CatalogueError, ArtifactError) as error:
            fail(f"{error.name} {error}" if isinstance(error, BadValueError) else str(error), 2)
    _told(deck, revision, name, moment, json=json)


def _told(deck: "Deck", revision: "Revision | None", name: str, at: int | None, *, json: bool) -> None:
    """
    The report, and what became of the deck.
    """
    from service.manage.report import print_report

    if json:
        print_json({"report": deck.report.as_json(), "revision": revision.number if revision else None})
    else:
        print_report(deck, err)
    if revision is None:
        raise typer.Exit(2)
    if deck.currency is None:
        err.print(f"the deck does not say its currency: loaded as {revision.currency}; say another with --currency")
    if not json:
        later = f"is loaded; to let it answer: ratedip card activate {name} {revision.number}"
        planned = "" if at is None else f"answers from {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(at))} UTC"
        state = "answers now" if revision.active else planned or later
        out.print(f"{name} revision {revision.number}: {revision.rules:,} rules; it {state}", markup=False)


@app.command(name="list")
def list_cards(json: Json = False) -> None:
    """
    Every revision of every card; the one that answers is marked.
    """
    from rich.table import Table

    from service.store.migrate import create

    rows = list_revisions(create(Settings().store_url))
    if json:
        print_json([{name: getattr(row, name) for name in row.__slots__} for row in rows])
        return
    table = Table("card", "revision", "answers", "rules", "refused", "currency", "from", "loaded")
    for row in rows:
        loaded = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row.created))
        counts = (f"{row.rules:,}", f"{row.refused:,}")
        table.add_row(row.card, str(row.number), "yes" if row.active else "", *counts, row.currency, row.source, loaded)
    out.print(table)


@app.command()
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(help="Where to: a .csv, .xlsx or .json (open rate card) file.")],
    revision: Annotated[int | None, typer.Option(help="Number of the revision; default: the one that answers.")] = None,
) -> None:
    """
    Write a card out; read back, it is the same card.
    """
    from ratecards.artifact import ArtifactError
    from ratecards.deck.write import write_deck
    from ratecards.durable import write_atomically
    from ratecards.rules import to_frame
    from service.manage.cards import need_revision
    from service.manage.rows import open_revision
    from service.store.migrate import create

    form = file.suffix.removeprefix(".")
    if form not in FORMATS:
        fail(f"'{file.name}' is none of {', '.join(f'.{form}' for form in FORMATS)}", 2)
    settings = Settings()
    try:
        found = need_revision(create(settings.store_url), name, revision)
        card = open_revision(create(settings.store_url), settings.cards, found)
    except (CatalogueError, ArtifactError, OSError) as error:
        fail(str(error))
    write_atomically(file.absolute(), write_deck(to_frame(card), file, card.terms.currency))
    out.print(f"{name} revision {found.number}: {card.rules:,} rules in {file.name}", markup=False)


def _mapping(engine: "Engine", name: str | None) -> "Mapping | None":
    """
    A mapping by the name of a file, or by the name it was saved under.
    """
    import orjson

    from ratecards.deck import Mapping, MappingError

    if name is None:
        return None
    try:
        saved = None if Path(name).is_file() else find_mapping(engine, name=name)
        return Mapping.from_json(orjson.loads(Path(name).read_bytes()) if saved is None else saved)
    except FileNotFoundError:
        fail(f"there is no file '{name}', and no mapping was saved under that name", 2)
    except (OSError, orjson.JSONDecodeError, MappingError) as error:
        fail(f"mapping {name}: {error}", 2)


def _show(deck: "Deck", *, json: bool) -> None:
    from service.manage.report import print_report

    if json:
        print_json(deck.report.as_json())
    else:
        print_report(deck, out)


_FURTHER: tuple[Callable[..., None], ...] = (
    card_show.show,
    card_show.revisions,
    card_show.search,
    card_show.diff,
    card_replay.replay,
    card_change.activate,
    card_change.cancel,
    card_change.rollback,
    card_change.archive,
    card_change.restore,
    card_change.delete,
)
for command in _FURTHER:
    app.command()(command)
app.command(name="set")(card_change.change)
