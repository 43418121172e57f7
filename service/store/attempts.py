"""
The tail of the call records as those follow it who derive something from them: no more of each than they need.
"""

from typing import NamedTuple

from sqlalchemy import Engine, select

from service.store.records import START, Position
from service.store.tables import call_records

AT_ONCE = 10_000
"""Of one reading."""


class Attempt(NamedTuple):
    """
    An attempt to complete a call, as its record tells.

    Attributes:
        start_ms: unix milliseconds; ``duration_ms``, ``pdd_ms``: None: not known.
        received: unix second at which the record was taken in, by the database's clock: the same for all who read it.
    """

    position: Position
    environment: str
    account: str
    card: str
    carrier: str
    number: str
    start_ms: int
    duration_ms: int | None
    pdd_ms: int | None
    sip_code: int
    q850: int | None
    received: int


_COLUMNS = tuple(call_records.c[name] for name in Attempt._fields)


def attempts_after(
    engine: Engine, after: Position, limit: int = AT_ONCE, upto: Position | None = None
) -> list[Attempt]:
    """
    Those committed after a position, in that order; fewer than the limit: these were all.

    As with :func:`service.store.records.tail`, none is passed over that is committed at the same moment.

    Args:
        upto: the last position that is wanted; None: there is no end.
    """
    position = call_records.c.position
    query = select(*_COLUMNS).where(position > after)
    if upto is not None:
        query = query.where(position <= upto)
    with engine.connect() as connection:
        return [Attempt._make(row) for row in connection.execute(query.order_by(position).limit(limit))]


def position_at(engine: Engine, received: int, latest: Position) -> Position:
    """
    A position after which all records stand that were received at an instant or later, and few others.

    Found by halves: positions grow with time.

    Args:
        received: unix seconds.
        latest: position up to which records are looked at.
    """
    low, high = START, latest
    column = call_records.c.position
    with engine.connect() as connection:
        while low < high:
            middle = (low + high) // 2
            query = select(column, call_records.c.received).where(column > middle).order_by(column).limit(1)
            found = connection.execute(query).first()
            if found is None or found.received >= received:
                high = middle
            else:
                low = int(found.position)
    return low
