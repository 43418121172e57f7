"""
Who changed what of rate cards.
"""

from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, select

from service.access.account import TEST
from service.manage.ratecards import Shelf, card_of
from service.render.table import FIRST_PAGE, Page, Row, Table
from service.store.audit import record
from service.store.catalogue import Revision
from service.store.database import changing
from service.store.tables import audit

COLUMNS = ("id", "at", "actor", "action", "card", "detail")
_THING = "card "
_READ = "card.read"


def audit_view(shelf: Shelf, card: str | None = None, page: Page = FIRST_PAGE) -> Table:
    """
    Changes of all cards or of one, the latest first; of cards that are gone too.
    """
    mine = _of(shelf, card)
    query = select(audit).where(mine).order_by(audit.c.id.desc()).limit(page.size).offset(page.start)
    with shelf.engine.connect() as connection:
        total = connection.scalar(select(func.count()).select_from(audit).where(mine)) or 0
        rows = [_row(shelf, dict(row)) for row in connection.execute(query).mappings()]
    if card is not None and not total:
        card_of(shelf, card)
    return Table("changes", COLUMNS, rows, total, page, {} if card is None else {"card": card})


def _of(shelf: Shelf, card: str | None) -> ColumnElement[bool]:
    if card is not None:
        return audit.c.object == _THING + shelf.stored(card)
    sandbox = audit.c.object.startswith(f"{_THING}{TEST}/", autoescape=True)
    every = audit.c.object.startswith(_THING, autoescape=True)
    if shelf.environment is None:
        return every
    return sandbox if shelf.environment == TEST else every & ~sandbox


def _row(shelf: Shelf, row: dict[str, Any]) -> Row:
    card = shelf.shown(row["object"].removeprefix(_THING))
    values = {**row, "card": card, "detail": orjson.loads(row["detail"])}
    return {name: values[name] for name in COLUMNS}


def note_reading(shelf: Shelf, revision: Revision, mapping: str, fingerprint: str | None) -> None:
    """
    Note by what a deck was read, so that it can be told of its card.
    """
    with changing(shelf.engine) as connection:
        told = {"revision": revision.number, "mapping": mapping, "fingerprint": fingerprint}
        record(connection, shelf.actor, _READ, _THING + revision.card, **told)


def reading_of(shelf: Shelf, stored: str) -> dict[str, Any]:
    """
    By which mapping, and with which header, a card's latest deck was read; empty: it is not known.
    """
    query = select(audit.c.detail).where(audit.c.object == _THING + stored, audit.c.action == _READ)
    with shelf.engine.connect() as connection:
        detail = connection.scalar(query.order_by(audit.c.id.desc()).limit(1))
    return {} if detail is None else dict(orjson.loads(detail))
