"""
Call records found again: page by page from the latest call to the oldest, each record once however many come meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, tuple_

from service.store.database import PATIENCE_S
from service.store.records import COLUMNS, Position, Record
from service.store.tables import call_records

_BEHIND_NINE = ":"
"""The character that follows 9: what starts with 44 lies from "44" up to "44:"."""
_STEPS = 20_000
"""Of SQLite's machine, between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which records are looked for; None: any.

    Attributes:
        from_ms: unix milliseconds, included; ``to_ms``: not included.
        number: E.164 digits; ``prefix``: its first digits.
    """

    environment: str
    account: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    number: str | None = None
    prefix: str | None = None
    card: str | None = None
    carrier: str | None = None
    sip_code: int | None = None
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a page ended: the call's start in unix milliseconds, and the record's position.
    """

    start_ms: int
    position: Position


def search(engine: Engine, wanted: Wanted, after: Place | None, limit: int) -> list[Record]:
    """
    A page of records, the latest call first.

    Args:
        after: where the page before ended; None: the first page.

    Raises:
        OperationalError: it takes longer than the store has patience for.
    """
    start, position = call_records.c.start_ms, call_records.c.position
    query = select(*COLUMNS).where(and_(*_conditions(wanted)))
    if after is not None:
        query = query.where(tuple_(start, position) < (after.start_ms, after.position))
    with engine.connect() as connection, _in_time(connection):
        return [Record(*row) for row in connection.execute(query.order_by(start.desc(), position.desc()).limit(limit))]


def place_of(record: Record) -> Place:
    return Place(record.start_ms, record.position)


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    columns = call_records.c
    for name in ("environment", "account", "number", "card", "carrier", "sip_code", "call_id"):
        value = getattr(wanted, name)
        if value is not None:
            yield columns[name] == value
    if wanted.prefix is not None:
        yield columns.number >= wanted.prefix
        yield columns.number < wanted.prefix + _BEHIND_NINE
    if wanted.from_ms is not None:
        yield columns.start_ms >= wanted.from_ms
    if wanted.to_ms is not None:
        yield columns.start_ms < wanted.to_ms


@contextmanager
def _in_time(connection: Connection) -> Iterator[None]:
    """
    See to it that SQLite too gives up in time; PostgreSQL does by itself.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    until = time.monotonic() + PATIENCE_S
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, _STEPS)
