"""
Sets of numbers as those who manage them see them: one environment's, by the names its credentials know.
"""

from typing import Any

from ratecards.numbers import NumberError
from service.lookups.loaded import NUMBERS
from service.manage.ratecards import BadValueError, MissingError, Shelf
from service.ops.kinds import KINDS
from service.ops.sets import set_path
from service.render.table import FIRST_PAGE, Page, Row, Table
from service.store.catalogue import CatalogueError
from service.store.files import fetch
from service.store.sets import SetRevision, delete_set, list_sets, roll_back_set, set_revisions

COLUMNS = ("name", "kind", "revision", "rows", "refused", "bytes", "source", "loaded", "actor")
REVISION_COLUMNS = ("revision", "rows", "refused", "bytes", "source", "loaded", "actor", "digest", "current")


def sets_view(shelf: Shelf, page: Page = FIRST_PAGE) -> Table:
    """
    Every set, by name.
    """
    found = [one for one in list_sets(shelf.engine) if shelf.has(one.set)]
    rows = [_row(shelf, one, COLUMNS) for one in page.cut(found)]
    return Table("sets", COLUMNS, rows, len(found), page)


def set_view(shelf: Shelf, name: str) -> dict[str, Any]:
    """
    All about a set, with the revisions one may go back to, newest first.

    Raises:
        MissingError: there is none.
    """
    kept = _revisions(shelf, name)
    current = next(one for one in kept if one.current)
    revisions = [_row(shelf, one, REVISION_COLUMNS) for one in reversed(kept)]
    return {**_row(shelf, current, COLUMNS), "revisions": revisions}


def roll_back(shelf: Shelf, name: str, revision: int | None = None) -> dict[str, Any]:
    """
    Let another revision answer: the one before, or one that is named.

    Raises:
        MissingError: there is no such set.
        CatalogueError: there is no such revision any more.
    """
    stored = _revisions(shelf, name)[0].set
    return _row(shelf, roll_back_set(shelf.engine, stored, revision, shelf.actor), COLUMNS)


def delete(shelf: Shelf, name: str) -> dict[str, Any]:
    """
    Forget a set; the audit keeps that there was one.

    Raises:
        MissingError: there is no such set.
        CatalogueError: an account refuses calls by it.
    """
    delete_set(shelf.engine, _revisions(shelf, name)[0].set, shelf.actor)
    return {"name": name, "deleted": True}


def has_number(shelf: Shelf, name: str, number: str) -> bool:
    """
    Whether a set has a number, asked without a server.

    Args:
        number: E.164 digits.

    Raises:
        MissingError: there is no such set.
        BadValueError: it is of another kind, or this is no number.
        CatalogueError: its file cannot be read.
    """
    current = next(one for one in _revisions(shelf, name) if one.current)
    if current.kind != NUMBERS:
        raise BadValueError("name", f"'{name}' is a set of kind {current.kind}, not {NUMBERS}")
    path = set_path(shelf.folder, current.digest)
    try:
        fetch(shelf.engine, current.digest, path)
        return number in KINDS[NUMBERS].open(path, current.digest)
    except NumberError as error:
        raise BadValueError("number", str(error)) from None
    except (OSError, ValueError) as error:
        raise CatalogueError(f"set '{name}' cannot be read: {error}") from None


def _revisions(shelf: Shelf, name: str) -> list[SetRevision]:
    """
    Those that are kept of a set, oldest first.
    """
    try:
        kept = set_revisions(shelf.engine, shelf.stored(name))
    except MissingError:
        kept = []
    if not kept:
        raise MissingError(f"no set '{name[:64]}'")
    return kept


def _row(shelf: Shelf, revision: SetRevision, columns: tuple[str, ...]) -> Row:
    values = {name: getattr(revision, name) for name in revision.__slots__}
    values |= {"name": shelf.shown(revision.set), "revision": revision.number}
    return {column: values[column] for column in columns}
