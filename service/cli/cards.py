"""
``ratedip card``: decks in, cards and their revisions.
"""

import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table

from ratecards.deck import Deck, DeckError, Mapping, MappingError, read_deck
from service.cli.console import err, fail, out, print_json, progress_bar
from service.manage.cards import Loading, load_card
from service.manage.report import print_report
from service.settings import Settings
from service.store.catalogue import CatalogueError, activate_revision, list_revisions
from service.store.migrate import create

app = typer.Typer(help="Rate cards: read a carrier's deck, load it, see what is there.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The deck as it came.", exists=True, dir_okay=False, readable=True)]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="JSON file that says what the columns mean.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]
EXIT = {"clean": 0, "warnings": 1, "refused": 2}


@app.command()
def check(file: File, mapping: MappingFile = None, json: Json = False) -> None:
    """
    Read a deck and report on it; nothing is loaded.

    Exits 0 where it is clean, 1 with warnings or refused rows, 2 where it is refused.
    """
    deck = _read(file, mapping)
    _show(deck, json=json)
    raise typer.Exit(EXIT[deck.report.status])


@app.command()
def load(
    name: Annotated[str, typer.Argument(help="Name of the card: lower-case letters, digits, dots, dashes.")],
    file: File,
    currency: Annotated[str | None, typer.Option(help="ISO 4217 code; default: what the deck says, or USD.")] = None,
    mapping: MappingFile = None,
    activate: Annotated[bool, typer.Option("--activate", help="Let it answer at once.")] = False,
    json: Json = False,
) -> None:
    """
    Read a deck into the next revision of a card.

    Exits 2 where the deck is refused; then nothing changes.
    """
    settings = Settings()
    loading = Loading(name, file, currency, _mapping(mapping), activate, int(time.time()))
    try:
        with progress_bar() as progress:
            deck, revision = load_card(create(settings.store_url), settings.cards, loading, progress)
    except (DeckError, CatalogueError) as error:
        fail(str(error), 2)
    if json:
        print_json({"report": deck.report.as_json(), "revision": revision.number if revision else None})
    else:
        print_report(deck, err)
    if revision is None:
        raise typer.Exit(2)
    if not json:
        state = (
            "answers now"
            if activate
            else f"is loaded; to let it answer: ratedip card activate {name} {revision.number}"
        )
        out.print(f"{name} revision {revision.number}: {revision.rules:,} rules; it {state}", markup=False)


@app.command()
def activate(
    name: Annotated[str, typer.Argument(help="Name of the card.")],
    revision: Annotated[int, typer.Argument(help="Number of the revision.")],
) -> None:
    """
    Let a revision of a card answer from now on.
    """
    try:
        activate_revision(create(Settings().store_url), name, revision)
    except CatalogueError as error:
        fail(str(error))
    out.print(f"{name} revision {revision} answers now", markup=False)


@app.command(name="list")
def list_cards(json: Json = False) -> None:
    """
    Every revision of every card; the one that answers is marked.
    """
    rows = list_revisions(create(Settings().store_url))
    if json:
        print_json([_as_json(row) for row in rows])
        return
    table = Table("card", "revision", "answers", "rules", "refused", "currency", "from", "loaded")
    for row in rows:
        loaded = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(row.created))
        mark = "yes" if row.active else ""
        table.add_row(
            row.card, str(row.number), mark, f"{row.rules:,}", f"{row.refused:,}", row.currency, row.source, loaded
        )
    out.print(table)


def _as_json(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _read(file: Path, mapping: Path | None) -> Deck:
    try:
        with progress_bar() as progress:
            return read_deck(
                file,
                mapping=_mapping(mapping),
                now=int(time.time()),
                progress=lambda done, total: progress("reading", done, total),
            )
    except DeckError as error:
        fail(str(error), 2)


def _mapping(file: Path | None) -> Mapping | None:
    if file is None:
        return None
    try:
        return Mapping.from_json(orjson.loads(file.read_bytes()))
    except (OSError, orjson.JSONDecodeError, MappingError) as error:
        fail(f"mapping {file.name}: {error}", 2)


def _show(deck: Deck, *, json: bool) -> None:
    if json:
        print_json(deck.report.as_json())
    else:
        print_report(deck, out)
