"""
Call records as they are kept, and their tail: what everything that is derived from them follows.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from service.store.tables import call_records

Position = int
"""Of a record, in the order in which records were committed; 0: before the first."""
START: Position = 0
TAIL = 10_000
"""Records that one reading of the tail gives, unless told otherwise: some MiB."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    What became of one call, or of one attempt of it at one carrier.

    Attributes:
        call_id: with ``carrier``, ``account`` and ``environment`` what a record is known by.
        number: E.164 digits, normalised as the account's look-ups are.
        cli: likewise; empty: withheld, or not said.
        account: whose call it was.
        environment: ``live`` or ``test``.
        card: it was rated on; ``carrier``: that it was offered to; empty: not said.
        start_ms: unix milliseconds.
        duration_ms: from the answer to the end, 0 where nobody answered; None: not known.
        pdd_ms: post-dial delay; None: not known.
        sip_code: final answer to the INVITE, 200 to 699.
        sip_reason: its phrase as the switch said it; may be empty.
        q850: cause of ITU-T Q.850, 0 to 127; None: not known.
        position: 0: it is not kept yet.
    """

    call_id: str
    number: str
    cli: str
    account: str
    environment: str
    card: str
    carrier: str
    start_ms: int
    duration_ms: int | None
    pdd_ms: int | None
    sip_code: int
    sip_reason: str
    q850: int | None
    position: Position = START


KEY = ("call_id", "carrier", "account", "environment")
VALUES = tuple(name for name in Record.__slots__ if name != "position")
"""Columns in the order of the record's fields."""
COLUMNS = tuple(call_records.c[name] for name in Record.__slots__)


def tail(engine: Engine, after: Position, limit: int = TAIL) -> tuple[list[Record], Position]:
    """
    The records committed after a position, in that order, and the position to go on from.

    Positions are given under a lock that is held until the transaction is committed and can be seen, so whoever sees a
    position sees all that are smaller and will ever be: a record committed at the same moment is never passed over.
    Fewer records than the limit: these were all.

    Args:
        after: what the reading before gave; :data:`START` for the oldest that is kept.
    """
    position = call_records.c.position
    query = select(*COLUMNS).where(position > after).order_by(position).limit(limit)
    with engine.connect() as connection:
        found = [Record(*row) for row in connection.execute(query)]
    return found, found[-1].position if found else after


def latest(engine: Engine) -> Position:
    """
    The position from which only records are told that are yet to come.
    """
    with engine.connect() as connection:
        return connection.scalar(select(func.max(call_records.c.position))) or START
