"""
``ratedip mapping``: what a carrier's decks mean, said once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.console import fail, out, print_json
from service.settings import Settings
from service.store.audit import person
from service.store.catalogue import CatalogueError
from service.store.mappings import delete_mapping, find_mapping, list_mappings, save_mapping

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ratecards.deck import Mapping

app = typer.Typer(help="Mappings: what the columns of a carrier's decks mean, saved once.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the mapping, usually the carrier's.")]
Json = Annotated[bool, typer.Option("--json", help="The answer as JSON.")]


@app.command()
def save(
    name: Name,
    file: Annotated[Path, typer.Argument(help="JSON file of the mapping's options.", exists=True, dir_okay=False)],
    deck: Annotated[
        Path | None, typer.Option("--for", help="A deck: files with its header are read so from now on.", exists=True)
    ] = None,
) -> None:
    """
    Keep a mapping, in place of what had that name.
    """
    from ratecards.deck import DeckError, Mapping

    try:
        mapping = Mapping.from_json(_options(file))
        fingerprint = mapping.fingerprint if deck is None else _fingerprint(deck, mapping)
        save_mapping(_store(), name, fingerprint, mapping.as_json() | {"fingerprint": fingerprint}, person())
    except (DeckError, CatalogueError) as error:
        fail(str(error), 2)
    out.print(f"mapping {name} is saved", markup=False)


@app.command(name="list")
def list_all(json: Json = False) -> None:
    """
    Every saved mapping, and the fingerprint of the header it is for.
    """
    rows = list_mappings(_store())
    if json:
        print_json(rows)
        return
    from rich.table import Table

    table = Table("mapping", "for files with the header")
    for row in rows:
        table.add_row(row["name"], row["fingerprint"] or "used by name only")
    out.print(table)


@app.command()
def show(name: Name) -> None:
    """
    The options of a saved mapping, as JSON.
    """
    values = find_mapping(_store(), name=name)
    if values is None:
        fail(f"no mapping '{name}'")
    print_json(values)


@app.command()
def delete(name: Name) -> None:
    """
    Forget a mapping.
    """
    if not delete_mapping(_store(), name, person()):
        fail(f"no mapping '{name}'")
    out.print(f"mapping {name} is gone", markup=False)


def _store() -> "Engine":
    from service.store.migrate import create

    return create(Settings().store_url)


def _options(file: Path) -> dict[str, Any]:
    import orjson

    try:
        values = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        fail(f"mapping {file.name}: {error}", 2)
    if not isinstance(values, dict):
        fail(f"mapping {file.name}: a JSON object is wanted", 2)
    return values


def _fingerprint(deck: Path, mapping: "Mapping") -> str:
    from ratecards.deck import read_deck

    fingerprint = read_deck(deck, mapping=mapping).report.fingerprint
    if fingerprint is None:
        fail(f"{deck.name} has no header to find it again by", 2)
    return fingerprint
