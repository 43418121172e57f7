"""
What stands behind customer cards: kept whole or not at all, and seen by every process.
"""

import time
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.revisions import load

from ratecards.model import Rule
from service.ops.reload import load_snapshot
from service.snapshot import Snapshot
from service.store.audit import list_changes
from service.store.cards import archive_card, delete_card, set_card
from service.store.catalogue import CatalogueError, read_generation
from service.store.exchange import set_rate
from service.store.routings import Carrier, Routing, find_routing, list_routings, set_routing
from service.store.schedule import roll_back


@pytest.fixture
def cards(engine: Engine, tmp_path: Path) -> Engine:
    for name in ("retail", "a", "b", "test/retail", "test/a"):
        load(engine, tmp_path, name, [Rule("44", "UK", 100)], activate=True)
    return engine


def test_a_routing_is_kept_as_it_was_said_and_is_in_the_audit(cards: Engine) -> None:
    said = Routing("retail", (Carrier("a", 1, "0.05"), Carrier("b", enabled=False)), "priority", 3, "0.5", "5%", True)
    before = read_generation(cards)
    assert set_routing(cards, said, "cli:me") == said
    assert find_routing(cards, "retail") == said
    assert list_routings(cards) == [said]
    assert read_generation(cards) > before
    [change] = list_changes(cards, "card retail", limit=1)
    assert (change.actor, change.action, change.detail["cap"]) == ("cli:me", "lcr.set", "0.5")
    set_routing(cards, Routing("retail"))
    assert list_routings(cards) == []


@pytest.mark.parametrize(
    ("routing", "why"),
    [
        (Routing("nix", (Carrier("a"),)), "no card 'nix'"),
        (Routing("retail", (Carrier("nix"),)), "no card 'nix'"),
        (Routing("retail", (Carrier("a"), Carrier("a"))), "stands twice"),
        (Routing("retail", (Carrier("retail"),)), "stands twice"),
        (Routing("retail", (Carrier("test/a"),)), "different environments"),
        (Routing("retail", (Carrier("a", cap="1e3"),)), "cap of 'a'"),
        (Routing("retail", (Carrier("a", cap="-1"),)), "cap of 'a'"),
        (Routing("retail", (Carrier("a", -1),)), "priority of 'a'"),
        (Routing("retail", (Carrier("a"),), "luck"), "strategy"),
        (Routing("retail", (Carrier("a"),), limit=0), "limit"),
        (Routing("retail", (Carrier("a"),), min_margin="101%"), "min_margin"),
        (Routing("retail", (Carrier("a"),), min_margin="x"), "min_margin"),
        (Routing("retail", tuple(Carrier(f"c{n}") for n in range(257))), "257 carriers"),
    ],
)
def test_what_cannot_be_is_named_and_changes_nothing(cards: Engine, routing: Routing, why: str) -> None:
    kept = set_routing(cards, Routing("retail", (Carrier("b"),)))
    with pytest.raises(CatalogueError, match=why):
        set_routing(cards, routing)
    assert list_routings(cards) == [kept]


def test_a_provider_s_card_sells_nothing_and_a_customer_s_is_not_bought_from(cards: Engine) -> None:
    set_card(cards, "retail", {"kind": "provider"})
    with pytest.raises(CatalogueError, match="should be a customer's"):
        set_routing(cards, Routing("retail", (Carrier("a"),)))
    set_card(cards, "b", {"kind": "customer"})
    with pytest.raises(CatalogueError, match="should be a provider's"):
        set_routing(cards, Routing("a", (Carrier("b"),)))


def test_a_card_behind_another_is_not_deleted_from_under_it(cards: Engine) -> None:
    set_routing(cards, Routing("retail", (Carrier("a"),)))
    archive_card(cards, "a")
    with pytest.raises(CatalogueError, match="stands behind card 'retail'"):
        delete_card(cards, "a")
    archive_card(cards, "retail")
    delete_card(cards, "retail")
    delete_card(cards, "a")
    assert list_routings(cards) == []


def test_a_process_sees_every_change_and_keeps_what_is_the_same(cards: Engine, tmp_path: Path) -> None:
    set_routing(cards, Routing("retail", (Carrier("a"), Carrier("b"))))
    set_routing(cards, Routing("test/retail", (Carrier("test/a"),)))
    seen = load_snapshot(cards, tmp_path, Snapshot())
    assert set(seen.routes) == {"retail", "test/retail"}
    again = load_snapshot(cards, tmp_path, seen)
    assert again.routes["retail"] is seen.routes["retail"]
    changes = (
        lambda: set_card(cards, "a", {"company": "Carrier A"}),
        lambda: set_rate(cards, "EUR", "0.9"),
        lambda: load(cards, tmp_path, "b", [Rule("44", "UK", 200)], activate=True),
        lambda: load(cards, tmp_path, "b", [Rule("44", "UK", 300)], at=int(time.time()) + 1000),
        lambda: roll_back(cards, "b"),
        lambda: set_routing(cards, Routing("retail", (Carrier("a"),))),
    )
    for change in changes:
        change()
        after = load_snapshot(cards, tmp_path, again)
        assert after.routes["retail"] is not again.routes["retail"]
        assert after.routes["test/retail"] is again.routes["test/retail"] or change is changes[1]
        again = after


def test_a_carrier_whose_card_does_not_answer_is_missing_and_the_others_are_asked(
    cards: Engine, tmp_path: Path
) -> None:
    set_routing(cards, Routing("retail", (Carrier("a"), Carrier("b"))))
    archive_card(cards, "b")
    routes = load_snapshot(cards, tmp_path, Snapshot()).routes["retail"]
    assert (routes.missing, set(routes.revisions)) == (("b",), {"a"})
    archive_card(cards, "retail")
    assert load_snapshot(cards, tmp_path, Snapshot()).routes == {}
