"""
Which cards there are, their revisions, and which of them answer.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Select, Subquery, func, select, true, update

from service.store.audit import SYSTEM, record
from service.store.database import changing
from service.store.files import holds_file, put_file
from service.store.tables import activations, cards, generation, revisions

CARD_NAME = re.compile(r"(?:test/)?[a-z0-9][a-z0-9._-]{0,58}", re.ASCII)
"""Of the sandbox: with ``test/`` before it."""
MAX_REVISION = 2**31 - 1
_SHOWN = [column for column in revisions.c if column.name not in {"id", "card_id"}]


class CatalogueError(ValueError):
    """
    A change of the catalogue that cannot be made; nothing was changed.
    """


class ForgottenError(CatalogueError):
    """
    A compiled card is not in the store any more; it can be made again from its rules.
    """


@dataclass(frozen=True, slots=True)
class Revision:
    """
    One immutable state of a card.

    Attributes:
        digest: names the compiled card's file.
        source: name of the file it was read from.
        rules: rows taken; ``refused``: rows not taken.
        created: unix seconds.
        active: it answers look-ups.
        actor: who loaded it; ``note``: what for.
        terms: JSON of what the card says of all its rules; None: only its compiled card does.
        rows_digest: names the file of its rules; None: only its compiled card has them.
        base: number of the revision that file is to be applied to; None: it has all of them.
        until: unix seconds at which another revision takes over; None: nothing is planned.

    """

    card: str
    number: int
    digest: str
    source: str
    currency: str
    rules: int
    refused: int
    created: int
    active: bool = False
    actor: str = ""
    note: str = ""
    terms: str | None = None
    rows_digest: str | None = None
    base: int | None = None
    until: int | None = None


def read_generation(engine: Engine) -> int:
    """
    A number that differs from the last one read whenever a serving process has something new to see.
    """
    with engine.connect() as connection:
        return connection.scalar(select(generation.c.number)) or 0


def list_revisions(engine: Engine, card: str | None = None, at: float | None = None) -> list[Revision]:
    """
    Every revision of every card, or of one, by name and number.

    Args:
        at: unix seconds at which ``active`` and ``until`` are meant; None: now.
    """
    now = _instant(at)
    current, following = current_at(now), following_at(now)
    answers = cards.c.archived.is_(None) & (current.c.revision == revisions.c.number)
    active = func.coalesce(answers, False).label("active")
    query = (
        select(cards.c.name.label("card"), *_SHOWN, active, following.c.until)
        .join_from(revisions, cards)
        .outerjoin(current, current.c.card_id == cards.c.id)
        .outerjoin(following, following.c.card_id == cards.c.id)
    )
    return [revision if revision.active else replace(revision, until=None) for revision in _read(engine, query, card)]


def active_revisions(engine: Engine, card: str | None = None, at: float | None = None) -> list[Revision]:
    """
    The revision that answers, of every card that has one or of one card, by name.

    Reads one row a card, however many revisions it has.

    Args:
        at: unix seconds; None: now.
    """
    now = _instant(at)
    current, following = current_at(now), following_at(now)
    answers = (revisions.c.card_id == cards.c.id) & (revisions.c.number == current.c.revision)
    query = (
        select(cards.c.name.label("card"), *_SHOWN, true().label("active"), following.c.until)
        .join_from(cards, current, current.c.card_id == cards.c.id)
        .join(revisions, answers)
        .outerjoin(following, following.c.card_id == cards.c.id)
        .where(cards.c.archived.is_(None))
    )
    return _read(engine, query, card)


def current_at(now: int) -> Subquery:
    """
    Card and revision of the activation that holds at an instant.
    """
    latest = func.row_number().over(
        partition_by=activations.c.card_id, order_by=(activations.c.at.desc(), activations.c.id.desc())
    )
    columns = (activations.c.card_id, activations.c.revision, activations.c.at, latest.label("place"))
    held = select(*columns).where(activations.c.cancelled.is_(None), activations.c.at <= now).subquery()
    return select(held.c.card_id, held.c.revision, held.c.at).where(held.c.place == 1).subquery()


def following_at(now: int) -> Subquery:
    """
    Card and unix second of its next activation after an instant.
    """
    planned = select(activations.c.card_id, func.min(activations.c.at).label("until"))
    planned = planned.where(activations.c.cancelled.is_(None), activations.c.at > now)
    return planned.group_by(activations.c.card_id).subquery()


def next_change(engine: Engine, at: float) -> int | None:
    """
    The unix second after an instant at which some card changes next, also one that does not answer yet.
    """
    planned = select(func.min(activations.c.at)).join_from(activations, cards)
    planned = planned.where(activations.c.cancelled.is_(None), activations.c.at > int(at), cards.c.archived.is_(None))
    with engine.connect() as connection:
        found: int | None = connection.scalar(planned)
    return found


def _instant(at: float | None) -> int:
    return int(time.time() if at is None else at)


def _read(engine: Engine, query: Select[Any], card: str | None) -> list[Revision]:
    if card is not None:
        query = query.where(cards.c.name == card)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    found = [Revision(**{**row, "active": bool(row["active"])}) for row in rows]
    return sorted(found, key=lambda r: (r.card, r.number))  # here: each database has its own order of names


def add_revision(
    engine: Engine,
    revision: Revision,
    *,
    activate: bool = False,
    at: int | None = None,
    actor: str = SYSTEM,
    contents: Mapping[str, bytes] | None = None,
) -> Revision:
    """
    Add a revision under the next number of its card, making the card if it is new.

    Args:
        engine: the store.
        revision: its ``number`` and ``active`` are not looked at.
        activate: let it answer from now on.
        at: unix seconds from which it answers; None: not by itself.
        actor: who adds it.
        contents: files that go with it, by digest.

    Raises:
        CatalogueError: the card's name is not one.

    """
    if not CARD_NAME.fullmatch(revision.card):
        raise CatalogueError(
            f"'{revision.card}' is not a card name: lower-case letters, digits, dots, dashes; at most 59; "
            "test/ before it for the sandbox"
        )
    named = revision.source.encode(errors="replace").decode()  # a file's name may be no Unicode
    revision = replace(revision, source=named, actor=actor)
    with changing(engine) as connection:
        card_id, number = _insert(connection, revision)
        told = {name: getattr(revision, name) for name in ("source", "rules", "refused", "currency", "digest")}
        record(connection, actor, "card.load", f"card {revision.card}", revision=number, **told)
        for digest, content in (contents or {}).items():
            put_file(connection, digest, content)
        if activate or at is not None:
            put_activation(connection, revision.card, card_id, number, at, actor)
    return replace(revision, number=number, active=activate and at is None)


def _insert(connection: Connection, revision: Revision) -> tuple[int, int]:
    card_id = connection.scalar(select(cards.c.id).where(cards.c.name == revision.card))
    if card_id is None:
        made = cards.insert().values(name=revision.card, created=revision.created).returning(cards.c.id)
        card_id = connection.execute(made).scalar_one()
    highest = connection.scalar(select(func.max(revisions.c.number)).where(revisions.c.card_id == card_id))
    number = (highest or 0) + 1
    if revision.base is not None and revision.base >= number:
        raise CatalogueError(f"card '{revision.card}' was deleted meanwhile; load the deck again")
    values = {column.name: getattr(revision, column.name) for column in _SHOWN} | {"number": number}
    connection.execute(revisions.insert().values(card_id=card_id, **values))
    return card_id, number


def activate_revision(
    engine: Engine,
    card: str,
    number: int,
    actor: str = SYSTEM,
    at: int | None = None,
    contents: Mapping[str, bytes] | None = None,
) -> None:
    """
    Let one revision of a card answer from now on, or from an instant to come.

    Args:
        engine: the store.
        card: its name.
        number: of the revision.
        actor: who says so.
        at: unix seconds; None: now.
        contents: files that the revision needs to answer, by digest.

    Raises:
        CatalogueError: there is no such revision, or its compiled card was forgotten and is not among the contents.

    """
    with changing(engine) as connection:
        columns = (revisions.c.card_id, revisions.c.digest, revisions.c.rows_digest)
        known = select(*columns).join_from(revisions, cards).where(cards.c.name == card, revisions.c.number == number)
        found = connection.execute(known).first() if 0 < number <= MAX_REVISION else None
        if found is None:
            raise CatalogueError(f"card '{card}' has no revision {number}")
        for digest, content in (contents or {}).items():
            put_file(connection, digest, content)
        if found.rows_digest is not None and not holds_file(connection, found.digest):
            raise ForgottenError(f"the compiled card of revision {number} of card '{card}' must be made again first")
        put_activation(connection, card, found.card_id, number, at, actor)


def put_activation(connection: Connection, card: str, card_id: int, number: int, at: int | None, actor: str) -> None:
    """
    Note when a revision begins to answer, inside the transaction of what makes it.

    Raises:
        CatalogueError: it is to begin at an instant past after which another one did.
    """
    now = int(time.time())
    if at is None:
        _put_in_order(connection, card_id, now)
    elif at <= now:
        _refuse_overtaken(connection, card, card_id, at, now)
    values = {"card_id": card_id, "revision": number, "at": now if at is None else at, "made": now, "actor": actor}
    connection.execute(activations.insert().values(**values))
    if at is None:
        record(connection, actor, "card.activate", f"card {card}", revision=number)
    else:
        record(connection, actor, "card.schedule", f"card {card}", revision=number, at=at)
    grow_generation(connection)


def _put_in_order(connection: Connection, card_id: int, now: int) -> None:
    """
    What was said earlier to hold at once began no later than now, though a node with another clock said it.
    """
    at_once = (activations.c.card_id == card_id) & (activations.c.at <= activations.c.made)
    connection.execute(update(activations).where(at_once, activations.c.at > now).values(at=now))


def _refuse_overtaken(connection: Connection, card: str, card_id: int, at: int, now: int) -> None:
    later = (activations.c.card_id == card_id) & activations.c.cancelled.is_(None)
    query = select(func.max(activations.c.at)).where(later, activations.c.at > at, activations.c.at <= now)
    if connection.scalar(query) is not None:
        raise CatalogueError(f"another revision of card '{card}' has begun to answer since then; leave the time out")


def grow_generation(connection: Connection) -> None:
    """
    Let every serving process see that something has changed, once the transaction ends.
    """
    connection.execute(update(generation).values(number=generation.c.number + 1))
