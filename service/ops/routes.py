"""
From what staff said of carriers to what ``lcr`` chooses from.
"""

import logging
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine

from ratecards.exchange import Exchange
from ratecards.lcr import Behind, Conditions, Provider
from ratecards.money import parse_units
from service.access.account import split_qualified
from service.ops.joined import find_joint, joined_digests
from service.ops.open import digest_of
from service.snapshot import LiveCard, LiveRoutes, Snapshot
from service.store.cards import Card, list_cards
from service.store.exchange import read_exchange
from service.store.routings import Carrier, Routing, list_routings

_log = logging.getLogger("ratedip.reload")


def load_routes(engine: Engine, folder: Path, snapshot: Snapshot, before: Iterable[Snapshot]) -> dict[str, LiveRoutes]:
    """
    What stands behind each customer card that answers.

    Args:
        folder: of compiled cards, on this node.
        snapshot: its cards.
        before: snapshots whose routes may be used where they are the same.
    """
    routings = list_routings(engine)
    if not routings:
        return {}
    about, exchange = {card.name: card for card in list_cards(engine)}, read_exchange(engine)
    made = {}
    for routing in routings:
        customer = _live(snapshot, routing.card)
        if customer is not None:
            known = [older.routes[routing.card] for older in before if routing.card in older.routes]
            made[routing.card] = _routes(folder, routing, customer, snapshot, about, exchange, known)
    return made


def _routes(
    folder: Path,
    routing: Routing,
    customer: LiveCard,
    snapshot: Snapshot,
    about: Mapping[str, Card],
    exchange: Exchange,
    known: list[LiveRoutes],
) -> LiveRoutes:
    live = {carrier.card: _live(snapshot, carrier.card) for carrier in routing.carriers}
    loaded = {card: found for card, found in live.items() if found is not None}
    said = tuple(about.get(card) for card in live)
    cards = tuple((card.index, card.revision, card.until) for card in (customer, *loaded.values()))
    providers = tuple(
        _provider(carrier, loaded[carrier.card], about[carrier.card])
        for carrier in routing.carriers
        if carrier.card in loaded
    )
    joinable = joined_digests(providers)
    joint = find_joint(folder, joinable, known)
    made_from = (routing, said, exchange, snapshot.places_digest, cards, joint)
    for same in known:
        if same.made_from == made_from:
            return same
    missing = tuple(card for card in live if card not in loaded)
    if missing:
        _log.warning("behind card %s, no revision answers of %s", routing.card, ", ".join(missing))
    behind = Behind(customer.index, providers, conditions(routing), exchange, joint, snapshot.places)
    ends = [card.until for card in (customer, *loaded.values()) if card.until is not None]
    revisions = {card: found.revision for card, found in loaded.items()}
    made = LiveRoutes(routing, behind, revisions, missing, min(ends, default=None))
    made.made_from, made.joinable = made_from, joinable
    return made


def conditions(routing: Routing) -> Conditions:
    """
    What staff said a route must meet, as numbers.
    """
    margin = routing.min_margin
    return Conditions(
        cap_units=_units(routing.cap),
        block_connect_fee=routing.block_connect_fee,
        min_margin_units=0 if margin.endswith("%") else _units(margin) or 0,
        min_margin_percent=Decimal(margin[:-1]) if margin.endswith("%") else Decimal(0),
    )


def _provider(carrier: Carrier, card: LiveCard, about: Card) -> Provider:
    return Provider(
        card=carrier.card,
        index=card.index,
        digest=digest_of(card),
        carrier=about.company or card.name,
        tech_prefix=about.tech_prefix,
        endpoint=about.endpoint,
        priority=carrier.priority,
        cap_units=_units(carrier.cap),
        enabled=carrier.enabled,
    )


def _units(amount: str) -> int | None:
    return parse_units(amount) if amount else None


def _live(snapshot: Snapshot, card: str) -> LiveCard | None:
    environment, name = split_qualified(card)
    return snapshot.cards_of(environment).get(name)
