"""
Nodes that share nothing but a store answer alike: what one loads, the other has within two seconds.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.cards import RULES, random_rules
from support.nodes import Node, node
from support.patience import promised, seconds_until
from support.postgres import Postgres
from support.revisions import load

from ratecards.model import Rule
from service.store.catalogue import activate_revision
from service.store.migrate import create
from service.store.schedule import roll_back

LIVE_S = 2.0
PLANNED_S = 0.25
QUERY = "number=441132456789"


pytestmark = pytest.mark.timed


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    """
    A node of two processes and one of one.
    """
    folder = tmp_path_factory.mktemp("fleet")
    with postgres.database() as url:
        engine = create(url)
        load(engine, folder / "elsewhere", "c", [Rule("44", "UK", 1)], activate=True)
        engine.dispose()
        with node(folder / "one", url, 2) as one, node(folder / "two", url) as two:
            yield one, two


@pytest.fixture
def shared(fleet: tuple[Node, Node]) -> Iterator[Engine]:
    engine = create(fleet[0].url)
    yield engine
    engine.dispose()


def others(seed: int) -> list[Rule]:
    """
    A card's worth of rules, none of which is for the number that is asked for.
    """
    return [rule for rule in random_rules(seed, RULES) if not rule.prefix.startswith("44")]


def say(fleet: tuple[Node, Node], revision: int) -> bool:
    return all(answer.get("revision") == revision for one in fleet for answer in one.answers(QUERY))


def revision_of(one: Node) -> int:
    return int(one.ask(QUERY)["revision"])


def test_a_card_loaded_on_one_node_answers_on_both(fleet: tuple[Node, Node], tmp_path: Path) -> None:
    assert not {path.name for path in fleet[1].data.glob("cards/*")} & {"elsewhere"}
    before = revision_of(fleet[1])
    deck = tmp_path / "deck.csv"
    deck.write_text("prefix,destination,rate,first interval,next interval\n44,UK,0.5,1,1\n441,Leeds,0.25,60,60\n")
    fleet[0].run("card", "load", "c", str(deck), "--currency", "USD", "--activate", "--force")
    assert seconds_until(lambda: say(fleet, before + 1)) < promised(LIVE_S)
    assert fleet[1].ask(QUERY)["rate"] == "0.25"


def test_a_revision_activated_on_one_node_answers_on_both(fleet: tuple[Node, Node], shared: Engine) -> None:
    before = revision_of(fleet[0])
    made = load(shared, fleet[0].data / "cards", "c", [Rule("44", "UK", 3), *others(1)])
    time.sleep(1.2)
    assert say(fleet, before)
    fleet[1].run("card", "activate", "c", str(made.number), "--force")
    assert seconds_until(lambda: say(fleet, made.number)) < promised(LIVE_S)


def test_a_planned_revision_answers_to_the_second_on_both(fleet: tuple[Node, Node], shared: Engine) -> None:
    """
    Nobody answers with it before its second, and everybody soon after it.
    """
    before = revision_of(fleet[0])
    made = load(shared, fleet[0].data / "cards", "c", [Rule("44", "UK", 4), *others(2)])
    seconds_until(lambda: say(fleet, before))
    at = int(time.time()) + 3
    activate_revision(shared, "c", made.number, at=at)
    while time.time() < at:
        for one in fleet:
            revision, told = revision_of(one), time.time()
            assert revision == before or told >= at
    took_s = seconds_until(lambda: say(fleet, made.number))
    assert took_s < promised(PLANNED_S)


def test_a_rollback_is_seen_on_both(fleet: tuple[Node, Node], shared: Engine) -> None:
    load(shared, fleet[0].data / "cards", "c", [Rule("44", "UK", 5)], activate=True)
    seconds_until(lambda: revision_of(fleet[0]) == revision_of(fleet[1]))
    back = roll_back(shared, "c")
    assert seconds_until(lambda: say(fleet, back)) < promised(LIVE_S)


def test_a_table_of_exchanges_loaded_on_one_node_is_used_by_both(
    fleet: tuple[Node, Node], shared: Engine, tmp_path: Path
) -> None:
    rule = Rule("1", "US", 3, rate_inter_units=1, rate_intra_units=2, rate_indeterminate_units=3)
    load(shared, fleet[0].data / "cards", "us", [rule], activate=True)
    query = "number=12125550100&cli=12015550100&card=us"

    def jurisdiction(expected: str) -> bool:
        return all(answer.get("jurisdiction") == expected for one in fleet for answer in one.answers(query, 6))

    seconds_until(lambda: jurisdiction("interstate"))
    table = tmp_path / "exchanges.csv"
    table.write_text("npanxx,state\n212555,NY\n201555,NY\n")
    fleet[0].run("places", "load", str(table))
    assert seconds_until(lambda: jurisdiction("intrastate")) < promised(LIVE_S)
    table.write_text("npanxx,state\n212555,NY\n201555,NJ\n")
    fleet[1].run("places", "load", str(table))
    assert seconds_until(lambda: jurisdiction("interstate")) < promised(LIVE_S)


def test_a_node_that_joins_later_has_everything(fleet: tuple[Node, Node], tmp_path: Path) -> None:
    with node(tmp_path / "three", fleet[0].url) as three:
        assert three.ask(QUERY) == fleet[0].ask(QUERY)
