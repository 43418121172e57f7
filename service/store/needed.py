"""
Which compiled cards are still needed, and which can be made again when they are.
"""

import time
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, select, union

from service.store.catalogue import current_at
from service.store.sets import current_digests
from service.store.tables import activations, files, reference_tables, revisions

RECENT_S = 10
"""What began to answer so long ago, or would have, still does: another node's clock may be behind."""


def idle_files(connection: Connection, now: int | None = None) -> set[str]:
    """
    Compiled cards in the store that can be made again and neither answer, nor will, nor did before the one that does,
    nor are their card's latest.

    Args:
        now: unix seconds; None: now.
    """
    instant = int(time.time()) if now is None else now
    kept = set(connection.scalars(select(files.c.digest).where(files.c.part == 0)))
    again = set(connection.scalars(select(revisions.c.digest).where(revisions.c.rows_digest.is_not(None))))
    wanted = _answering(connection, instant) | _alone(connection)
    for query in (_before(instant), _latest()):
        wanted |= set(connection.scalars(query))
    return (kept & again) - wanted


def spare_files(engine: Engine, digests: Collection[str], now: int | None = None) -> set[str]:
    """
    Of files on a node's disk, by digest, those that neither answer nor will, and that are not the only ones.

    Args:
        now: unix seconds; None: now.
    """
    with engine.connect() as connection:
        wanted = _answering(connection, int(time.time()) if now is None else now)
        wanted |= set(connection.scalars(select(reference_tables.c.digest))) | current_digests(connection)
        return set(digests) - wanted - (_alone(connection) - _stored(connection, digests))


def _answering(connection: Connection, now: int) -> set[str]:
    """
    Of what answers or will; archived cards' too, for they may come back.
    """
    current = current_at(now)
    soon = select(activations.c.card_id, activations.c.revision)
    soon = soon.where(activations.c.cancelled.is_(None), activations.c.at > now)
    behind = current_at(now - RECENT_S)
    every = [select(held.c.card_id, held.c.revision) for held in (current, behind)]
    wanted = union(*every, soon).subquery()
    return set(connection.scalars(_digests(wanted.c.card_id == revisions.c.card_id, wanted.c.revision)))


def _before(now: int) -> Select[tuple[str]]:
    """
    Of what a rollback goes back to.
    """
    current = current_at(now)
    place = func.row_number().over(
        partition_by=activations.c.card_id, order_by=(activations.c.at.desc(), activations.c.id.desc())
    )
    others = select(activations.c.card_id, activations.c.revision, place.label("place"))
    others = others.join_from(activations, current, current.c.card_id == activations.c.card_id)
    others = others.where(
        activations.c.cancelled.is_(None), activations.c.at <= now, activations.c.revision != current.c.revision
    )
    before = others.subquery()
    return _digests((before.c.place == 1) & (before.c.card_id == revisions.c.card_id), before.c.revision)


def _latest() -> Select[tuple[str]]:
    latest = select(revisions.c.card_id, func.max(revisions.c.number).label("number")).group_by(revisions.c.card_id)
    found = latest.subquery()
    return _digests(found.c.card_id == revisions.c.card_id, found.c.number)


def _alone(connection: Connection) -> set[str]:
    """
    Of revisions whose rules are nowhere but in the compiled card.
    """
    return set(connection.scalars(select(revisions.c.digest).where(revisions.c.rows_digest.is_(None))))


def _stored(connection: Connection, digests: Collection[str]) -> set[str]:
    return set(connection.scalars(select(files.c.digest).where(files.c.part == 0))) & set(digests)


def _digests(same_card: ColumnElement[bool], number: ColumnElement[int]) -> Select[tuple[str]]:
    return select(revisions.c.digest).where(same_card, number == revisions.c.number)
