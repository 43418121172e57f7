"""
A plan holds from its very second, on every node, whatever else happens; an answer never promises beyond it.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.follower import Node, plan, run, sees
from support.patience import FAIL_SAFE_S, promised
from support.revisions import load

from ratecards.model import Rule
from service.ops import reload
from service.store import catalogue, schedule
from service.store.cards import archive_card, delete_card
from service.store.catalogue import CatalogueError, activate_revision, active_revisions, list_revisions
from service.store.schedule import before_this, cancel, planned, roll_back

NUMBER = "441132456789"


@pytest.fixture
def node(tmp_path: Path, engine: Engine) -> Node:
    load(engine, tmp_path / "cards", "c", [Rule("44", "UK", 1)], activate=True)
    return Node(engine, tmp_path / "cards")


def test_a_planned_revision_answers_from_its_very_second_and_not_before(node: Node) -> None:
    plan(node, 2, 100)

    async def story() -> None:
        for now in (0, 50, 95, 95.5, 99, 99.9):
            assert await node.at(now) == 1
        node.now = 99.999999
        node.follower.turn()
        assert node.units() == 1
        node.now = 100
        node.follower.turn()  # one assignment: nothing is read and nothing opened
        assert node.units() == 2
        assert await node.at(101) == 2
        assert node.desk.snapshot.until is None

    run(story)


@pytest.mark.timed
def test_it_takes_over_by_the_clock_alone_while_the_store_hangs(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Real time: a look never ends, and the change does not take fifty milliseconds.
    """
    activate_at = int(time.time()) + 2
    load(node.engine, node.folder, "c", [Rule("44", "UK", 2)], at=activate_at)
    node.desk.clock = time.time
    over = threading.Event()

    def hang(_engine: Engine) -> int:
        over.wait(FAIL_SAFE_S)
        return 0

    async def story() -> None:
        await node.follower.look()
        await node.follower.prepared()
        assert node.units() == 1
        monkeypatch.setattr(reload, "read_generation", hang)
        task = asyncio.create_task(node.follower.run())
        while node.units() == 1:
            assert time.time() < activate_at + FAIL_SAFE_S
            await asyncio.sleep(0.001)
        late_s = time.time() - activate_at
        over.set()
        task.cancel()
        assert 0 <= late_s < promised(0.05)

    run(story)


def test_the_first_revision_of_a_card_may_be_planned(node: Node) -> None:
    plan(node, 5, 100, "new")

    async def story() -> None:
        await node.at(99)
        assert node.units("new") is None
        node.now = 100
        node.follower.turn()
        assert node.units("new") == 5

    run(story)


def test_a_cancelled_plan_never_answers(node: Node) -> None:
    number = plan(node, 2, 100)

    async def story() -> None:
        assert await node.at(97) == 1
        cancel(node.engine, "c", number)
        assert await node.at(98) == 1
        assert await node.at(100) == 1
        assert await node.at(10_000) == 1

    run(story)
    with pytest.raises(CatalogueError, match="nothing is planned"):
        cancel(node.engine, "c", number)


def test_the_last_look_before_a_change_sees_that_it_was_taken_back(node: Node) -> None:
    plan(node, 2, 100)

    async def story() -> None:
        await node.at(97)
        node.now = 99.2
        assert node.follower._pause_s() == pytest.approx(0.8 - reload.LAST_LOOK_S, abs=0.001)

    run(story)


@pytest.mark.parametrize("apart", [1, 3, 60])
def test_two_planned_changes_come_one_after_the_other(node: Node, apart: int) -> None:
    plan(node, 2, 100)
    plan(node, 3, 100 + apart)

    async def story() -> None:
        seen = [await node.at(now) for now in (90, 96, 99.9, 100, 100.5, 100 + apart - 0.01, 100 + apart)]
        assert seen == [1, 1, 1, 2, 2, 2, 3]

    run(story)


def test_of_two_plans_for_one_second_the_later_made_holds(node: Node) -> None:
    plan(node, 2, 100)
    plan(node, 3, 100)
    run(lambda: sees(node, {99: 1, 100: 3}))


def test_what_was_planned_for_while_nobody_served_answers_at_the_start(node: Node, tmp_path: Path) -> None:
    plan(node, 2, 100)
    plan(node, 3, 200)
    late = Node(node.engine, tmp_path / "other", 150, node.start)
    assert late.units() == 2
    assert Node(node.engine, tmp_path / "other", 250, node.start).units() == 3


def test_a_revision_let_answer_now_gives_way_to_the_planned_one(node: Node) -> None:
    plan(node, 2, 100)
    load(node.engine, node.folder, "c", [Rule("44", "UK", 3)], activate=True)
    run(lambda: sees(node, {1: 3, 98: 3, 100: 2}))


def test_activating_while_a_change_is_being_opened_keeps_the_second_of_the_change(node: Node) -> None:
    plan(node, 2, 100)

    async def story() -> None:
        await node.at(97)
        load(node.engine, node.folder, "other", [Rule("44", "UK", 9)], activate=True)
        node.now = 99.5
        await node.follower.look()
        await node.follower.prepared()
        assert (node.units(), node.units("other")) == (1, 9)
        node.now = 100
        node.follower.turn()
        assert (node.units(), node.units("other")) == (2, 9)

    run(story)


def test_rolled_back_the_revision_before_answers_and_a_plan_stands(node: Node) -> None:
    load(node.engine, node.folder, "c", [Rule("44", "UK", 2)], activate=True)
    plan(node, 3, 100)

    async def story() -> None:
        assert await node.at(1) == 2
        assert roll_back(node.engine, "c") == 1
        assert await node.at(2) == 1
        assert await node.at(100) == 3

    run(story)


def test_rolling_back_a_change_that_was_planned_goes_to_what_answered_before_it(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(node, 2, 100)
    monkeypatch.setattr(schedule.time, "time", lambda: node.start + 101.0)
    assert before_this(node.engine, "c") == 1


def test_an_archived_card_does_not_answer_and_its_plan_waits_for_its_return(node: Node) -> None:
    plan(node, 2, 100)
    archive_card(node.engine, "c")
    assert not any(r.active for r in list_revisions(node.engine, "c"))

    async def story() -> None:
        assert await node.at(1) is None
        assert node.desk.snapshot.until is None
        assert await node.at(100) is None
        archive_card(node.engine, "c", archived=False)
        assert await node.at(101) == 2

    run(story)


def test_a_card_deleted_and_made_anew_is_another_one(node: Node) -> None:
    """
    Both have a revision 1; a node that was away meanwhile sees only the second.
    """
    archive_card(node.engine, "c")
    delete_card(node.engine, "c")
    load(node.engine, node.folder, "c", [Rule("44", "UK", 7)], activate=True)
    run(lambda: sees(node, {1: 7}))


@pytest.mark.parametrize(("here", "there"), [(2.0, 0.0), (-2.0, 0.0), (2.0, -2.0)])
def test_clocks_two_seconds_apart_make_a_plan_early_or_late_by_as_much_and_no_more(
    node: Node, tmp_path: Path, here: float, there: float
) -> None:
    plan(node, 2, 100)
    nodes = [Node(node.engine, tmp_path / str(skew), skew, node.start) for skew in (here, there)]

    async def story() -> None:
        for now in (90, 96, 97.9, 98, 99.9, 100, 101.9, 102):
            for one in nodes:
                assert await one.at(now) == (2 if now + one.skew >= 100 else 1)

    run(story)


@contextmanager
def clock_of(monkeypatch: pytest.MonkeyPatch, skew: float) -> Iterator[None]:
    """
    Commands of a node whose clock is so many seconds ahead.
    """
    with monkeypatch.context() as patch:
        patch.setattr(catalogue.time, "time", lambda real=time.time: real() + skew)
        yield


@pytest.mark.parametrize("first", [2.0, -2.0, 3600.0])
def test_what_was_said_last_answers_whatever_the_clocks_of_who_said_it(
    node: Node, monkeypatch: pytest.MonkeyPatch, first: float
) -> None:
    for units in (2, 3):
        load(node.engine, node.folder, "c", [Rule("44", "UK", units)])
    with clock_of(monkeypatch, first):
        activate_revision(node.engine, "c", 2)
    with clock_of(monkeypatch, -2.0):
        activate_revision(node.engine, "c", 3)
    assert [r.number for r in active_revisions(node.engine, "c")] == [3]
    assert before_this(node.engine, "c") == 2


def test_an_activation_by_a_clock_that_is_ahead_is_what_a_rollback_takes_back(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    for units in (2, 3):
        load(node.engine, node.folder, "c", [Rule("44", "UK", units)])
    activate_revision(node.engine, "c", 2)
    with clock_of(monkeypatch, 2.0):
        activate_revision(node.engine, "c", 3)
    assert roll_back(node.engine, "c") == 2
    run(lambda: sees(node, {0: 2, 10: 2}))


def test_a_plan_for_an_instant_that_another_has_overtaken_is_refused(node: Node) -> None:
    number = load(node.engine, node.folder, "c", [Rule("44", "UK", 2)]).number
    with pytest.raises(CatalogueError, match="leave the time out"):
        activate_revision(node.engine, "c", number, at=node.start - 1000)
    assert planned(node.engine, "c") == []
    assert node.units() == 1
