"""
Which carriers stand behind a customer card, and what a route must be to be given.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, delete, select

from ratecards.money import MoneyError, parse_units
from service.store.audit import SYSTEM, record
from service.store.catalogue import CatalogueError, grow_generation
from service.store.database import changing
from service.store.tables import cards, routings

STRATEGIES = ("cost", "margin", "quality", "priority")
MAX_CARRIERS = 256
MAX_ROUTES = 64
MAX_PRIORITY = 10_000
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%", re.ASCII)


@dataclass(frozen=True, slots=True)
class Carrier:
    """
    A provider card behind a customer card.

    Attributes:
        card: its name.
        priority: place in the order that staff want, the lowest first; equal ones by cost.
        cap: highest price of 60 s that is bought from it, in its own currency; empty: any.
        enabled: it is asked at all.
    """

    card: str
    priority: int = 100
    cap: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Routing:
    """
    What ``lcr`` may choose from for a customer card.

    Attributes:
        card: the customer card; it and its carriers are of the same environment.
        carriers: no card twice.
        strategy: one of :data:`STRATEGIES`, where a question names none.
        limit: routes given, where a question names no number.
        cap: highest price of 60 s that the customer is charged, in the card's currency; empty: any.
        min_margin: what a call must leave at its duration: an amount in the card's currency, or a share such as
            ``5%`` of what it sells for; empty: it must not lose money.
        block_connect_fee: no carrier that charges for the call itself.
    """

    card: str
    carriers: tuple[Carrier, ...] = ()
    strategy: str = "cost"
    limit: int = 10
    cap: str = ""
    min_margin: str = ""
    block_connect_fee: bool = False


def as_json(routing: Routing) -> dict[str, Any]:
    """
    As staff write it.
    """
    return {**asdict(routing), "carriers": [asdict(carrier) for carrier in routing.carriers]}


def from_json(value: dict[str, Any]) -> Routing:
    """
    Read what staff wrote.

    Raises:
        CatalogueError: naming the field that is none, or whose value is none.
    """
    known = set(Routing.__dataclass_fields__)
    for name in value:
        if name not in known:
            raise CatalogueError(f"a routing has no '{name}'; it has {', '.join(sorted(known))}")
    given = value.get("carriers", [])
    if not isinstance(given, list):
        raise CatalogueError("carriers should be a list")
    routing = Routing(**{**value, "carriers": tuple(_carrier(one) for one in given)})
    _check(routing)
    return routing


def list_routings(engine: Engine) -> list[Routing]:
    """
    Every customer card with carriers behind it, by name.
    """
    with engine.connect() as connection:
        rows = connection.execute(select(cards.c.name, routings.c.body).join_from(routings, cards)).all()
    return sorted((from_json({**orjson.loads(row.body), "card": row.name}) for row in rows), key=lambda one: one.card)


def find_routing(engine: Engine, card: str) -> Routing | None:
    """
    What stands behind a card; None: nothing does.
    """
    return next((routing for routing in list_routings(engine) if routing.card == card), None)


def set_routing(engine: Engine, routing: Routing, actor: str = SYSTEM) -> Routing:
    """
    Say what stands behind a card, in place of what did; without carriers nothing does any more.

    Raises:
        CatalogueError: a card is not there, is of the other environment, is not a carrier's or not a customer's, or a
            value is none; nothing was changed.
    """
    _check(routing)
    with changing(engine) as connection:
        card_id = _card_of(connection, routing.card, "customer")
        for carrier in routing.carriers:
            _card_of(connection, carrier.card, "provider")
        connection.execute(delete(routings).where(routings.c.card_id == card_id))
        said = as_json(routing)
        del said["card"]
        if routing.carriers:
            connection.execute(routings.insert().values(card_id=card_id, body=orjson.dumps(said).decode()))
        record(connection, actor, "lcr.set", f"card {routing.card}", **said)
        grow_generation(connection)
    return routing


def routed_by(connection: Connection, card: str) -> str | None:
    """
    The name of some card that a card stands behind.
    """
    rows = connection.execute(select(cards.c.name, routings.c.body).join_from(routings, cards))
    behind = ((row.name, orjson.loads(row.body)["carriers"]) for row in rows)
    return next((name for name, carriers in behind if any(one["card"] == card for one in carriers)), None)


def _carrier(value: Any) -> Carrier:
    if isinstance(value, str):
        return Carrier(value)
    if not isinstance(value, dict) or not isinstance(value.get("card"), str):
        raise CatalogueError("a carrier should be the name of its card, or an object with 'card'")
    known = set(Carrier.__dataclass_fields__)
    for name in value:
        if name not in known:
            raise CatalogueError(f"a carrier has no '{name}'; it has {', '.join(sorted(known))}")
    return Carrier(**value)


def _check(routing: Routing) -> None:
    if routing.strategy not in STRATEGIES:
        raise CatalogueError(f"strategy is {routing.strategy!r}, should be one of {', '.join(STRATEGIES)}")
    _check_whole("limit", routing.limit, 1, MAX_ROUTES)
    _check_amount("cap", routing.cap)
    if not (isinstance(routing.min_margin, str) and _PERCENT.fullmatch(routing.min_margin)):
        _check_amount("min_margin", routing.min_margin)
    elif Decimal(routing.min_margin[:-1]) > 100:
        raise CatalogueError(f"min_margin is {routing.min_margin}, may be 100%")
    _check_flag("block_connect_fee", routing.block_connect_fee)
    if len(routing.carriers) > MAX_CARRIERS:
        raise CatalogueError(f"{len(routing.carriers)} carriers, may be {MAX_CARRIERS}")
    _check_carriers(routing.card, routing.carriers)


def _check_carriers(card: str, carriers: Iterable[Carrier]) -> None:
    seen = {card}
    for carrier in carriers:
        if carrier.card in seen:
            raise CatalogueError(f"card '{carrier.card}' stands twice in the routing of card '{card}'")
        if carrier.card.rpartition("/")[0] != card.rpartition("/")[0]:
            raise CatalogueError(f"card '{carrier.card}' and card '{card}' are of different environments")
        seen.add(carrier.card)
        _check_whole(f"priority of '{carrier.card}'", carrier.priority, 0, MAX_PRIORITY)
        _check_amount(f"cap of '{carrier.card}'", carrier.cap)
        _check_flag(f"enabled of '{carrier.card}'", carrier.enabled)


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise CatalogueError(f"{name} is {value!r}, should be a whole number from {least} to {most}")


def _check_flag(name: str, value: Any) -> None:
    if type(value) is not bool:
        raise CatalogueError(f"{name} is {value!r}, should be true or false")


def _check_amount(name: str, value: Any) -> None:
    if not isinstance(value, str) or value.startswith("-"):
        raise CatalogueError(f"{name} is {value!r}, should be a plain decimal number as a text, or empty")
    try:
        parse_units(value or "0")
    except MoneyError as error:
        raise CatalogueError(f"{name} {error}: {value!r}") from None


def _card_of(connection: Connection, name: str, kind: str) -> int:
    row = connection.execute(select(cards.c.id, cards.c.kind).where(cards.c.name == name)).first()
    if row is None:
        raise CatalogueError(f"no card '{name}'")
    if row.kind not in {"", kind}:
        raise CatalogueError(f"card '{name}' is a {row.kind}'s, should be a {kind}'s")
    return int(row.id)
