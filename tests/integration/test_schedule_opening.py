"""
What is planned is opened ahead: warm, beside everything else, and where it cannot be the old one goes on answering.
"""

import asyncio
import json
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.cards import install
from support.follower import Node, plan, run, sees
from support.patience import FAIL_SAFE_S, promised, until
from support.revisions import load

from ratecards.model import Rule
from service.access.keys import new_key
from service.lookups.rate import RateQuery, rate
from service.lookups.ready import rate_json
from service.ops import open as opening
from service.ops import reload
from service.ops.reload import artifact_path, load_snapshot
from service.quota.plan import Plan
from service.render.plain import to_json
from service.snapshot import Snapshot
from service.store.accounts import Record, add_account
from service.store.catalogue import activate_revision, list_revisions
from service.store.keys import KeyRecord, add_key, revoke_key
from service.store.schedule import cancel, list_activations
from service.store.tables import files

NUMBER = "441132456789"


@pytest.fixture
def node(tmp_path: Path, engine: Engine) -> Node:
    load(engine, tmp_path / "cards", "c", [Rule("44", "UK", 1)], activate=True)
    return Node(engine, tmp_path / "cards")


def test_a_key_revoked_while_a_change_is_being_opened_is_so_at_the_next_look(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = new_key("live")
    add_account(node.engine, Record("acme", plan=Plan(), created=0, all_cards=True), "test")
    add_key(node.engine, KeyRecord(made.id, "acme", "live", made.digest, frozenset({"lookup"}), "", 0, None), "test")
    plan(node, 2, 100)
    opened, looked = reload.load_cards, threading.Event()

    def slowly(*arguments: object) -> Snapshot:
        if arguments[3] == node.start + 100:
            assert looked.wait(FAIL_SAFE_S)
        return opened(*arguments)

    monkeypatch.setattr(reload, "load_cards", slowly)
    field = f"Bearer {made.text}".encode()

    def may_ask() -> bool:
        return node.desk.snapshot.access.of_authorization(field, node.desk.clock()) is not None

    async def story() -> None:
        await node.at(1)
        assert may_ask()
        node.now = 97
        await node.follower.look()
        revoke_key(node.engine, made.id, "test")
        await node.follower.look()
        assert not may_ask()
        looked.set()
        await node.follower.prepared()
        node.now = 99.9
        await node.follower.look()
        await node.follower.prepared()
        node.now = 100
        node.follower.turn()
        assert node.units() == 2
        assert not may_ask()

    run(story)


@pytest.mark.fault
@pytest.mark.parametrize("harm", ["missing", "corrupt", "half"])
def test_a_planned_revision_that_cannot_be_opened_leaves_the_old_one_and_is_broken(node: Node, harm: str) -> None:
    number = plan(node, 2, 100)
    digest = list_revisions(node.engine, "c")[-1].digest
    with node.engine.begin() as connection:
        kept = connection.execute(files.select().where(files.c.digest == digest)).mappings().all()
        connection.execute(files.delete().where(files.c.digest == digest))
        for row in kept if harm != "missing" else []:
            cut = row["data"][:-7] if harm == "half" else bytes([*row["data"][:300], row["data"][300] ^ 1])
            connection.execute(files.insert().values(**{**row, "data": cut + row["data"][301:] * (harm == "corrupt")}))

    async def story() -> None:
        assert await node.at(98) == 1
        assert await node.at(100) == 1
        assert set(node.desk.snapshot.broken) == {"c"}
        assert node.desk.snapshot.cards["c"].revision == 1
        plan(node, 4, 200, "other")  # and the plans of others hold
        await node.at(199)
        node.now = 200
        node.follower.turn()
        assert (node.units(), node.units("other")) == (1, 4)
        with node.engine.begin() as connection:
            connection.execute(files.delete().where(files.c.digest == digest))
            for row in kept:
                connection.execute(files.insert().values(**row))
        node.follower._tried = -1000
        assert await node.at(201) == 2
        assert node.desk.snapshot.broken == {}

    run(story)
    assert list_activations(node.engine, "c")[-1].revision == number


def test_a_file_that_cannot_be_opened_is_tried_again_ever_less_often_and_told_once(
    node: Node, caplog: pytest.LogCaptureFixture
) -> None:
    plan(node, 2, 100)
    digest = list_revisions(node.engine, "c")[-1].digest
    with node.engine.begin() as connection:
        connection.execute(files.delete().where(files.c.digest == digest))

    async def story() -> None:
        for now in (98, 100, 101, 102, 103):
            node.follower._tried = -1000
            await node.at(now)
        assert node.follower._retry_s == 8

    run(story)
    assert caplog.text.count("cannot be opened") == 1


@pytest.mark.parametrize("effective", [None, 100, 50])
def test_ttl_counts_down_to_the_change_and_kept_answers_are_the_computed_ones(
    node: Node, effective: int | None
) -> None:
    """
    At every second around the change and a day before it, where kept answers begin to say fewer seconds.
    """
    day = 86400
    node.start += day  # so that the day before the change is after the card was loaded
    starts = None if effective is None else node.start + effective
    rules = [Rule("44", "UK", 2, effective=starts), Rule("4", "", 9)]
    load(node.engine, node.folder, "c", rules, at=node.start + 100)

    async def story() -> None:
        for now in (*range(100 - day - 3, 100 - day + 4), *range(90, 110)):
            await node.at(now)
            card, at = node.desk.snapshot.cards["c"], int(node.desk.clock())
            general = to_json(rate(RateQuery(NUMBER, card, at)))
            for part in (0, 0.25, 0.999):
                for number in (NUMBER, NUMBER[:-1] + "0"):
                    kept = rate_json(card, number, at + part)
                    assert kept.replace(number.encode(), NUMBER.encode()) == general
            ttl = json.loads(general)["ttl"]
            assert ttl == (min(day, 100 - now) if now < 100 else day)

    run(story)


def test_answers_are_at_hand_for_the_second_of_the_change(node: Node) -> None:
    """
    Those that hold then, also where the new rules begin to hold at that second.
    """
    load(node.engine, node.folder, "c", [Rule("44", "UK", 2, effective=node.start + 100)], at=node.start + 100)

    async def story() -> None:
        await node.at(98)
        node.units()
        old = node.desk.snapshot.cards["c"]
        assert old.by_head
        await node.at(99)
        node.now = 100
        node.follower.turn()
        card = node.desk.snapshot.cards["c"]
        assert {key: kept[0] for key, kept in card.rendered.items()} == {"44": node.start + 100}

    node.desk.snapshot.cards["c"].by_head["4411324"] = (0, 0, b"", 0, 0, 0, 0)
    run(story)


def test_a_plan_made_or_cancelled_does_not_make_the_card_forget_its_answers(node: Node) -> None:
    node.units()
    number = plan(node, 2, 1000)

    async def story() -> None:
        await node.at(1)
        assert "44" in node.desk.snapshot.cards["c"].rendered
        cancel(node.engine, "c", number)
        await node.at(2)
        assert "44" in node.desk.snapshot.cards["c"].rendered

    run(story)


@pytest.mark.timed
def test_many_cards_of_one_change_are_warmed_no_longer_than_one(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    warmth = opening.Warmth(node.start)
    old, new = (node.desk.snapshot.cards["c"].changing_at(until) for until in (None, 1))
    old.rendered.update({f"44{i:06d}": (0, 0, b"", 0, 0, 0, 0) for i in range(100_000)})
    start = time.monotonic()
    for _ in range(10):
        warmth.warm(new, old)
    assert time.monotonic() - start < promised(2 * opening.WARM_S)


def test_a_damaged_file_on_disk_is_fetched_again(node: Node) -> None:
    digest = list_revisions(node.engine, "c")[0].digest
    path = artifact_path(node.folder, digest)
    path.unlink()
    path.write_bytes(b"no card")
    fresh = load_snapshot(node.engine, node.folder, Snapshot())
    assert (fresh.cards["c"].revision, fresh.broken) == (1, {})


def test_a_card_that_a_newer_version_made_is_broken_and_others_answer(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = opening.open_card

    def newer(path: Path, digest: str, pause: object) -> object:
        if digest == unknown:
            raise TypeError("Terms.__init__() got an unexpected keyword argument")
        return real(path, digest)

    monkeypatch.setattr(opening, "open_card", newer)
    unknown = load(node.engine, node.folder, "c", [Rule("44", "UK", 2)], activate=True).digest
    load(node.engine, node.folder, "other", [Rule("44", "UK", 3)], activate=True)

    async def story() -> None:
        assert await node.at(1) == 1
        assert node.units("other") == 3
        assert node.desk.snapshot.broken == {"c": "cannot be read by this version"}

    run(story)


def test_an_error_that_nobody_thought_of_does_not_end_the_looking(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reload, "PERIOD_S", 0.01)
    node.desk.clock = time.time
    real = reload.read_generation
    left = iter([ZeroDivisionError("odd")] * 3)

    def odd(engine: Engine) -> int:
        error = next(left, None)
        if error is not None:
            raise error
        return real(engine)

    monkeypatch.setattr(reload, "read_generation", odd)
    load(node.engine, node.folder, "c", [Rule("44", "UK", 2)], activate=True)

    async def story() -> None:
        task = asyncio.create_task(node.follower.run())
        await until(lambda: node.units() != 1)
        task.cancel()

    run(story)
    assert caplog.text.count("cannot be read") == 1


def test_a_card_of_before_rules_were_kept_can_be_planned_too(node: Node, tmp_path: Path) -> None:
    old = install(tmp_path, "c", [Rule("44", "UK", 6)], engine=node.engine)
    load(node.engine, node.folder, "c", [Rule("44", "UK", 7)], activate=True)
    activate_revision(node.engine, "c", old.number, at=node.start + 100)
    run(lambda: sees(node, {99: 7, 100: 6}))
