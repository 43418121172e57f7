"""
What a card is for: its company, its names, where its calls go. Prices are its revisions' matter.
"""

import time
from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, delete, select, update

from service.store.audit import SYSTEM, record
from service.store.catalogue import CatalogueError, grow_generation
from service.store.database import changing
from service.store.routings import routed_by
from service.store.tables import account_cards, accounts, activations, builds, cards, revisions, routings

KINDS = ("", "provider", "customer")
DIRECTIONS = ("", "inbound", "outbound")
_LONGEST = {
    "company": 128,
    "public_name": 128,
    "private_name": 128,
    "tech_prefix": 32,
    "endpoint": 255,
    "notes": 10_000,
}


@dataclass(frozen=True, slots=True)
class Card:
    """
    Attributes:
        name: with ``test/`` before it in the sandbox.
        kind: ``provider`` (what a carrier charges us), ``customer`` (what we charge), or not said.
        company: whose it is.
        direction: ``inbound``, ``outbound``, or not said.
        public_name: what the customer reads; ``private_name`` and ``notes``: what only staff do.
        tech_prefix: digits put before a number sent to the carrier.
        endpoint: where its calls go, such as ``sip:gw.carrier.example``.
        created: unix seconds, as ``archived``; None: it is not.
    """

    name: str
    kind: str = ""
    company: str = ""
    direction: str = ""
    public_name: str = ""
    private_name: str = ""
    tech_prefix: str = ""
    endpoint: str = ""
    notes: str = ""
    created: int = 0
    archived: int | None = None


ABOUT = tuple(f.name for f in fields(Card) if f.name not in {"name", "created", "archived"})
"""What may be said about a card."""
_COLUMNS = [cards.c[f.name] for f in fields(Card)]


def list_cards(engine: Engine) -> list[Card]:
    """
    Every card, by name; archived ones too.
    """
    with engine.connect() as connection:
        rows = connection.execute(select(*_COLUMNS)).mappings().all()
    return sorted((Card(**row) for row in rows), key=lambda card: card.name)


def find_card(engine: Engine, name: str) -> Card:
    """
    A card by its name.

    Raises:
        CatalogueError: there is none.
    """
    with engine.connect() as connection:
        row = connection.execute(select(*_COLUMNS).where(cards.c.name == name)).mappings().first()
    if row is None:
        raise CatalogueError(f"no card '{name}'")
    return Card(**row)


def set_card(engine: Engine, name: str, about: dict[str, str], actor: str = SYSTEM) -> Card:
    """
    Say something about a card.

    Args:
        about: of :data:`ABOUT`; what is not named stays.

    Raises:
        CatalogueError: there is no such card, or a value is none.
    """
    _check(about)
    with changing(engine) as connection:
        card_id = _id(connection, name)
        if about:
            connection.execute(update(cards).where(cards.c.id == card_id).values(**about))
        _changed(connection, actor, "card.set", name, **about)
    return find_card(engine, name)


def archive_card(engine: Engine, name: str, actor: str = SYSTEM, *, archived: bool = True) -> None:
    """
    Let a card no longer answer, and keep all of it; or bring it back as it was.

    Raises:
        CatalogueError: there is no such card, or it is as asked already.
    """
    with changing(engine) as connection:
        card_id = _id(connection, name)
        before = connection.scalar(select(cards.c.archived).where(cards.c.id == card_id))
        if (before is not None) == archived:
            raise CatalogueError(f"card '{name}' is {'archived already' if archived else 'not archived'}")
        at = int(time.time()) if archived else None
        connection.execute(update(cards).where(cards.c.id == card_id).values(archived=at))
        _changed(connection, actor, "card.archive" if archived else "card.restore", name)


def delete_card(engine: Engine, name: str, actor: str = SYSTEM) -> None:
    """
    Forget a card and its revisions; only the audit keeps that there was one.

    Raises:
        CatalogueError: there is no such card, it is not archived, or an account or another card needs it.
    """
    with changing(engine) as connection:
        card_id = _id(connection, name)
        if connection.scalar(select(cards.c.archived).where(cards.c.id == card_id)) is None:
            raise CatalogueError(f"card '{name}' answers; archive it first")
        _refuse_needed(connection, name)
        for table in (activations, revisions, builds, routings):
            connection.execute(delete(table).where(table.c.card_id == card_id))
        connection.execute(delete(cards).where(cards.c.id == card_id))
        _changed(connection, actor, "card.delete", name)


def as_json(card: Card) -> dict[str, Any]:
    """
    What staff may see of a card.
    """
    return asdict(card)


def _refuse_needed(connection: Connection, name: str) -> None:
    account = connection.scalar(select(accounts.c.name).where(accounts.c.card == name)) or connection.scalar(
        select(accounts.c.name).join_from(account_cards, accounts).where(account_cards.c.card == name)
    )
    if account is not None:
        raise CatalogueError(f"card '{name}' is one that account '{account}' asks; give it another first")
    made = select(cards.c.name, builds.c.recipe).join_from(builds, cards)
    child = next(
        (row.name for row in connection.execute(made) if name in orjson.loads(row.recipe).get("parents", [])), None
    )
    if child is not None:
        raise CatalogueError(f"card '{child}' is made from card '{name}'; make it from others first, or delete it")

    routed = routed_by(connection, name)
    if routed is not None:
        raise CatalogueError(f"card '{name}' stands behind card '{routed}'; take it out of its routing first")


def _check(about: dict[str, str]) -> None:
    for field, value in about.items():
        if field not in ABOUT:
            raise CatalogueError(f"a card has no '{field}'; it has {', '.join(ABOUT)}")
        allowed = {"kind": KINDS, "direction": DIRECTIONS}.get(field)
        if allowed is not None and value not in allowed:
            raise CatalogueError(f"{field} is '{value}', should be one of {', '.join(allowed[1:])}, or empty")
        if len(value) > _LONGEST.get(field, 16):
            raise CatalogueError(f"{field} has {len(value)} characters, may have {_LONGEST[field]}")
        if not value.isprintable() and field != "notes":
            raise CatalogueError(f"{field} has characters that cannot be shown")
    prefix = about.get("tech_prefix", "")
    if prefix and not (prefix.isascii() and all(c.isdigit() or c in "*#" for c in prefix)):
        raise CatalogueError("tech_prefix should be digits, * and #")


def _id(connection: Connection, name: str) -> int:
    card_id = connection.scalar(select(cards.c.id).where(cards.c.name == name))
    if card_id is None:
        raise CatalogueError(f"no card '{name}'")
    return int(card_id)


def _changed(connection: Connection, actor: str, action: str, name: str, **detail: str) -> None:
    record(connection, actor, action, f"card {name}", **detail)
    grow_generation(connection)
