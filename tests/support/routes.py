"""
Carriers behind a customer card, as the service holds them in memory.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from ratecards.compile import compile_card
from ratecards.exchange import Exchange
from ratecards.lcr import Behind, Provider
from ratecards.model import Rule, Terms
from ratecards.money import parse_units
from ratecards.rules import to_frame
from service.ops.routes import conditions
from service.snapshot import LiveCard, LiveRoutes, Snapshot
from service.store.cards import set_card
from service.store.database import connect
from service.store.routings import Carrier, Routing, set_routing
from support.cards import install

EXCHANGE = Exchange("USD", {"GBP": Decimal("0.8"), "EUR": Decimal("0.9")})


@dataclass(frozen=True)
class Offer:
    """
    A carrier's card, and what staff said of it.
    """

    rules: Iterable[Rule]
    currency: str = "USD"
    carrier: Carrier | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    until: int | None = None
    by_lrn: bool = False


def routed(
    sell: Iterable[Rule],
    offers: Mapping[str, Offer],
    *,
    environment: str = "",
    until: int | None = None,
    missing: tuple[str, ...] = (),
    **said: object,
) -> tuple[LiveCard, LiveRoutes]:
    """
    A customer card ``retail`` and what stands behind it.

    Args:
        environment: ``test/``: all of it is in the sandbox.
        said: of the routing.
    """
    customer = LiveCard("retail", 3, compile_card(to_frame(sell), Terms()), until)
    routing = Routing(f"{environment}retail", **said)
    providers = tuple(_provider(environment + name, offer) for name, offer in offers.items())
    behind = Behind(customer.index, providers, conditions(routing), EXCHANGE)
    ends = [end for end in (until, *(offer.until for offer in offers.values())) if end is not None]
    revisions = {provider.card: 7 for provider in providers}
    return customer, LiveRoutes(routing, behind, revisions, missing, min(ends, default=None))


def _provider(name: str, offer: Offer) -> Provider:
    carrier = offer.carrier or Carrier(name)
    index = compile_card(to_frame(offer.rules), Terms(currency=offer.currency, rates_by_lrn=offer.by_lrn))
    return Provider(name, index, **offer.about, priority=carrier.priority, enabled=carrier.enabled)


def snapshot_of(customer: LiveCard, routes: LiveRoutes) -> Snapshot:
    cards = {customer.name: customer}
    if routes.routing.card.startswith("test/"):
        return Snapshot(sandbox=cards, routes={routes.routing.card: routes})
    return Snapshot(cards=cards, routes={routes.routing.card: routes})


def install_carriers(data: Path) -> None:
    """
    Put the carriers of ``docs/api.md`` behind its card ``retail`` in a data directory.
    """
    a = [Rule("4411", "UK", parse_units("0.0041"))]
    b = [Rule("44", "UK", parse_units("0.0065"), 0, 60, 60), Rule("49", "Germany", parse_units("0.1"))]
    install(data, "carrier-a", a)
    install(data, "carrier-b", b)
    engine = connect(f"sqlite:///{data / 'ratedip.db'}")
    about = {"kind": "provider", "company": "Carrier A", "tech_prefix": "9001", "endpoint": "sip:gw.carrier-a.example"}
    set_card(engine, "carrier-a", about)
    set_card(engine, "carrier-b", {"kind": "provider", "company": "Carrier B"})
    set_routing(engine, Routing("retail", (Carrier("carrier-a"), Carrier("carrier-b"))))
    engine.dispose()
