"""
Joint indexes: made beside, used where they fit, and never a reason for another answer.
"""

import asyncio
import os
import random
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.cards import random_rules
from support.patience import until
from support.revisions import load

from ratecards.lcr import Ask, Routes, joint_name
from ratecards.model import Rule
from ratecards.money import parse_units
from service.errors import ApiError
from service.lookups.lcr import LcrQuery, lcr, lcr_json
from service.ops import joined
from service.ops.folder import SPARE_S, clean
from service.ops.joined import join, joint_path, keep_joined, lacking, may_join
from service.ops.reload import load_snapshot, refresh
from service.render.plain import to_json
from service.snapshot import Desk, LiveRoutes, Snapshot
from service.store.migrate import create
from service.store.routings import Carrier, Routing, set_routing

CARRIERS = [f"carrier-{number}" for number in range(10)]


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    engine = create(f"sqlite:///{tmp_path / 'ratedip.db'}")
    load(engine, tmp_path, "retail", random_rules(1, 800), activate=True)
    for seed, name in enumerate(CARRIERS):
        load(engine, tmp_path, name, random_rules(seed, 800), activate=True)
    set_routing(engine, Routing("retail", tuple(map(Carrier, CARRIERS))))
    return engine


def routes_of(store: Engine, folder: Path, before: Snapshot | None = None) -> tuple[Snapshot, LiveRoutes]:
    snapshot = load_snapshot(store, folder, before or Snapshot())
    return snapshot, snapshot.routes["retail"]


def said(found: Routes) -> tuple[object, ...]:
    routes = [(r.provider.card, r.prefix, r.cost_units, r.margin_units, r.crossing) for r in found.routes]
    return found.verdict, routes, [(r.provider.card, r.reason, r.prefix) for r in found.rejected]


def same(one: LiveRoutes, other: LiveRoutes, count: int = 300) -> bool:
    rng = random.Random(3)
    asks = [
        Ask(str(rng.randrange(10**6, 10**11)), int(time.time()) + 5, rng.randrange(900), explain=True)
        for _ in range(count)
    ]
    return all(said(one.router.route(ask)) == said(other.router.route(ask)) for ask in asks)


def test_it_is_made_beside_and_changes_no_answer(store: Engine, tmp_path: Path) -> None:
    before, alone = routes_of(store, tmp_path)
    assert (alone.joint, lacking([alone]), may_join(tmp_path, [alone])) == (None, [alone.joinable], False)
    assert asyncio.run(join(tmp_path, alone.joinable, int(time.time())))
    assert may_join(tmp_path, [alone])
    _, together = routes_of(store, tmp_path, before)
    assert together.joint is not None
    assert not lacking([together])
    assert same(alone, together)


def test_a_new_revision_of_one_carrier_answers_at_once_and_the_others_stay_joined(
    store: Engine, tmp_path: Path
) -> None:
    before, alone = routes_of(store, tmp_path)
    asyncio.run(join(tmp_path, alone.joinable, int(time.time())))
    before, together = routes_of(store, tmp_path, before)
    load(store, tmp_path, "carrier-3", random_rules(99, 800), activate=True)
    _, after = routes_of(store, tmp_path, before)
    assert after.joint is together.joint
    assert lacking([after]) == [after.joinable]
    _, fresh = routes_of(store, tmp_path)
    assert fresh.joint is None
    assert same(after, fresh)
    assert not same(together, fresh)


def test_few_cards_are_not_joined(store: Engine, tmp_path: Path) -> None:
    set_routing(store, Routing("retail", tuple(map(Carrier, CARRIERS[: joined.LEAST - 1]))))
    _, routes = routes_of(store, tmp_path)
    assert (routes.joinable, lacking([routes])) == (frozenset(), [])


@pytest.mark.parametrize("damage", [b"", b"not a joint index", None], ids=["empty", "other", "cut"])
def test_a_damaged_one_is_thrown_away_and_missed_by_nobody(store: Engine, tmp_path: Path, damage: bytes | None) -> None:
    before, alone = routes_of(store, tmp_path)
    asyncio.run(join(tmp_path, alone.joinable, int(time.time())))
    path = joint_path(tmp_path, joint_name(alone.joinable))
    path.write_bytes(path.read_bytes()[:-1] if damage is None else damage)
    _, after = routes_of(store, tmp_path, before)
    assert after.joint is None
    assert not path.exists()
    assert same(alone, after, 20)


def test_what_cannot_be_made_is_told_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert not asyncio.run(join(tmp_path, frozenset({"0" * 64}), 0))
    assert "were not joined" in caplog.text
    assert list(tmp_path.glob("*.joint")) == []


def test_a_serving_process_makes_what_it_lacks_by_itself(
    store: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined, "PERIOD_S", 0.01)
    desk = Desk()

    async def serve() -> None:
        await refresh(desk, store, tmp_path)
        task = asyncio.create_task(keep_joined(desk, tmp_path))
        await until(lambda: may_join(tmp_path, desk.snapshot.routes.values()))
        await refresh(desk, store, tmp_path)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(serve())
    assert desk.snapshot.routes["retail"].joint is not None


def test_one_that_nobody_uses_is_removed_after_an_hour(store: Engine, tmp_path: Path) -> None:
    before, alone = routes_of(store, tmp_path)
    asyncio.run(join(tmp_path, alone.joinable, int(time.time())))
    old = joint_path(tmp_path, "f" * 64)
    old.write_bytes(b"x")
    kept = joint_path(tmp_path, joint_name(alone.joinable))
    _, used = routes_of(store, tmp_path, before)
    hour_ago = time.time() - SPARE_S - 1
    for path in (old, kept):
        os.utime(path, (hour_ago, hour_ago))
    assert clean(store, tmp_path) == [old.name]
    assert used.joint is not None
    assert kept.exists()


def test_an_answer_kept_whole_is_the_one_put_together(store: Engine, tmp_path: Path) -> None:
    before, alone = routes_of(store, tmp_path)
    now = int(time.time())
    asyncio.run(join(tmp_path, alone.joinable, now))
    snapshot, together = routes_of(store, tmp_path, before)
    _same_bytes(snapshot, together, now, 30)


def test_an_answer_at_the_same_prices_is_the_one_put_together(tmp_path: Path) -> None:
    """
    Of a destination with a hundred prefixes, each with a name of its own.
    """
    engine = create(f"sqlite:///{tmp_path / 'ratedip.db'}")
    rng = random.Random(4)
    load(engine, tmp_path, "retail", [Rule(str(head), "", parse_units("0.02")) for head in range(1, 10)], activate=True)
    for name in CARRIERS:
        prefixes = [*range(1, 10), *rng.sample(range(100, 1000), 400)]
        rules = [Rule(str(one), f"{name} {one}", parse_units(f"0.00{str(one)[0]}")) for one in prefixes]
        load(engine, tmp_path, name, rules, activate=True)
    set_routing(engine, Routing("retail", tuple(map(Carrier, CARRIERS))))
    before, alone = routes_of(engine, tmp_path)
    now = int(time.time())
    asyncio.run(join(tmp_path, alone.joinable, now))
    snapshot, together = routes_of(engine, tmp_path, before)
    _same_bytes(snapshot, together, now, 400)
    assert len(together.router._answers._alike) == 2 * 9  # durations in whole seconds, and prices


def _same_bytes(snapshot: Snapshot, together: LiveRoutes, now: int, least: int) -> None:
    """
    Ask so many numbers that at least some have routes, and see that both ways of writing an answer agree.
    """
    rng, answered = random.Random(9), 0
    heads = [str(rng.randrange(10**4, 10**6)) for _ in range(150)]
    for head in heads * 3:
        ask = Ask(head + str(rng.randrange(10**5)), now + 5, rng.choice((60, Decimal("36.2"), Decimal("36.7"))))
        query = LcrQuery(snapshot.cards["retail"], together, ask, now + 5)
        try:
            assert lcr_json(query) == to_json(lcr(query))
        except ApiError:
            continue
        answered += 1
    assert answered > least
