"""
Which revision answered when, and which will.
"""

import time
from dataclasses import dataclass

from sqlalchemy import Engine, select, update

from service.store.audit import SYSTEM, record
from service.store.catalogue import CatalogueError, activate_revision, grow_generation
from service.store.database import changing
from service.store.tables import activations, cards


@dataclass(frozen=True, slots=True)
class Activation:
    """
    Attributes:
        revision: that begins to answer.
        at: unix seconds; ``made``: when that was said, by ``actor``.
        cancelled: unix seconds; None: it holds.
    """

    id: int
    card: str
    revision: int
    at: int
    made: int
    actor: str
    cancelled: int | None = None


def list_activations(engine: Engine, card: str | None = None) -> list[Activation]:
    """
    Every activation of all cards or of one, in the order they took or take effect.
    """
    columns = [column for column in activations.c if column.name != "card_id"]
    query = select(cards.c.name.label("card"), *columns).join_from(activations, cards)
    if card is not None:
        query = query.where(cards.c.name == card)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(activations.c.at, activations.c.id)).mappings()
        return [Activation(**row) for row in rows]


def planned(engine: Engine, card: str, now: float | None = None) -> list[Activation]:
    """
    What is still to come for a card.
    """
    instant = time.time() if now is None else now
    return [a for a in list_activations(engine, card) if a.cancelled is None and a.at > instant]


def cancel(engine: Engine, card: str, number: int, actor: str = SYSTEM) -> Activation:
    """
    Take back the plan to let a revision answer; of several, the next one.

    Raises:
        CatalogueError: nothing is planned for it.
    """
    with changing(engine) as connection:
        found = next((a for a in planned(engine, card) if a.revision == number), None)
        if found is None:
            raise CatalogueError(f"nothing is planned for revision {number} of card '{card}'")
        now = int(time.time())
        connection.execute(update(activations).where(activations.c.id == found.id).values(cancelled=now))
        record(connection, actor, "card.cancel", f"card {card}", revision=number, at=found.at)
        grow_generation(connection)
    return found


def roll_back(engine: Engine, card: str, actor: str = SYSTEM) -> int:
    """
    Let the revision answer that did before the one that does.

    Returns:
        Its number.

    Raises:
        CatalogueError: there was none before.
    """
    number = before_this(engine, card)
    activate_revision(engine, card, number, actor)
    return number


def before_this(engine: Engine, card: str) -> int:
    """
    Number of the revision that answered before the one that does.

    Raises:
        CatalogueError: there was none.
    """
    now = time.time()
    held = [a for a in list_activations(engine, card) if a.cancelled is None]
    past = [a.revision for a in held if a.at <= max(now, a.made)]  # said by a node whose clock is ahead, it holds too
    earlier = [number for number in past if number != past[-1]]
    if not earlier:
        raise CatalogueError(f"no other revision of card '{card}' has answered before")
    return earlier[-1]
