"""
Which cards there are, their revisions, and which of them answer.
"""

import re
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.exc import IntegrityError

from service.store.tables import cards, generation, revisions

CARD_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


class CatalogueError(ValueError):
    """
    A change of the catalogue that cannot be made; nothing was changed.
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


def read_generation(engine: Engine) -> int:
    """
    A number that differs from the last one read whenever a serving process has something new to see.
    """
    with engine.connect() as connection:
        return connection.scalar(select(generation.c.number)) or 0


def list_revisions(engine: Engine, card: str | None = None) -> list[Revision]:
    """
    Every revision of every card, or of one, by name and number.
    """
    columns = [column for column in revisions.c if column.name not in {"id", "card_id"}]
    active = func.coalesce(cards.c.active_revision == revisions.c.number, False).label("active")
    query = select(cards.c.name.label("card"), *columns, active).join_from(revisions, cards)
    if card is not None:
        query = query.where(cards.c.name == card)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(cards.c.name, revisions.c.number)).mappings()
        return [Revision(**{**row, "active": bool(row["active"])}) for row in rows]


def active_revisions(engine: Engine) -> list[Revision]:
    """
    The revision that answers, of every card that has one.
    """
    return [revision for revision in list_revisions(engine) if revision.active]


def add_revision(engine: Engine, revision: Revision, *, activate: bool) -> Revision:
    """
    Add a revision under the next number of its card, making the card if it is new.

    Args:
        revision: its ``number`` and ``active`` are not looked at.
        activate: let it answer from now on.

    Raises:
        CatalogueError: the card's name is not one.

    """
    if not CARD_NAME.fullmatch(revision.card):
        raise CatalogueError(
            f"'{revision.card}' is not a card name: lower-case letters, digits, dots, dashes; at most 64"
        )
    for _attempt in range(5):
        try:
            with engine.begin() as connection:
                return _insert(connection, revision, activate=activate)
        except IntegrityError:  # another process took the same number; ask for the next one
            continue
    raise CatalogueError(f"card '{revision.card}' is being changed by others; try again")


def _insert(connection: Connection, revision: Revision, *, activate: bool) -> Revision:
    card_id = connection.scalar(select(cards.c.id).where(cards.c.name == revision.card))
    if card_id is None:
        made = connection.execute(cards.insert().values(name=revision.card, created=revision.created))
        card_id = made.inserted_primary_key[0] if made.inserted_primary_key else None
    highest = connection.scalar(select(func.max(revisions.c.number)).where(revisions.c.card_id == card_id))
    number = (highest or 0) + 1
    names = ("digest", "source", "currency", "rules", "refused", "created")
    values = {name: getattr(revision, name) for name in names}
    connection.execute(revisions.insert().values(card_id=card_id, number=number, **values))
    if activate:
        _activate(connection, revision.card, number)
    return Revision(card=revision.card, number=number, active=activate, **values)


def activate_revision(engine: Engine, card: str, number: int) -> None:
    """
    Let one revision of a card answer from now on.

    Raises:
        CatalogueError: there is no such revision.

    """
    if number not in {revision.number for revision in list_revisions(engine, card)}:
        raise CatalogueError(f"card '{card}' has no revision {number}")
    with engine.begin() as connection:
        _activate(connection, card, number)


def _activate(connection: Connection, card: str, number: int) -> None:
    connection.execute(update(cards).where(cards.c.name == card).values(active_revision=number))
    grow_generation(connection)


def grow_generation(connection: Connection) -> None:
    """
    Let every serving process see that something has changed, once the transaction ends.
    """
    connection.execute(update(generation).values(number=generation.c.number + 1))
