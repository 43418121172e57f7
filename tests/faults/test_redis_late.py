"""
Nobody waits longer for an answer because of what happens to Redis.
"""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.load import Load, load
from support.patience import PATIENCE, promised, seconds_until
from support.people import account, bearer, key
from support.redis import RedisServer, redis_running
from support.server import Server, serve

from service.quota.plan import Limits, Plan

pytestmark = pytest.mark.fault
TURNS = 3
"""A stop of the whole machine is in one of them; a request that waits for Redis is in all."""
COUNT = 300 if PATIENCE > 1 else 1_500
"""Answers of a turn, at most times."""


@dataclass
class Bench:
    server: Server
    redis: RedisServer
    header: str


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    data = tmp_path_factory.mktemp("late")
    install(data, "retail", RETAIL)
    account(data, "acme", Plan(Limits(per_second=10**6, burst=10**6, per_day=10**9)), card="retail")
    shown = bearer(key(data, "acme"))
    with redis_running() as redis, serve(data, WORKERS="2", REDIS_URL=redis.url) as server:
        yield Bench(server, redis, shown)


@contextmanager
def dead(redis: RedisServer) -> Iterator[None]:
    redis.kill()
    yield
    redis.start()


@contextmanager
def silent(redis: RedisServer) -> Iterator[None]:
    redis.stall()
    try:
        yield
    finally:
        redis.wake()


def is_well(server: Server) -> bool:
    """
    Whichever process is asked.
    """
    return all(b'"status":"ready"' in server.ask(get("/readyz")) for _ in range(8))


def times(seen: Load) -> list[float]:
    """
    What the next answers take.
    """
    start = len(seen.times_s)
    seconds_until(lambda: len(seen.times_s) > start + COUNT)
    return seen.times_s[start:]


def quantile(taken: list[float], parts: int) -> float:
    """
    Args:
        parts: 100 for the 99th of a hundred, 1000 for the 999th of a thousand.
    """
    return statistics.quantiles(taken, n=parts)[-1]


def compared(bench: Bench, harm: Callable[[RedisServer], object], parts: int) -> list[tuple[float, float]]:
    """
    Times before and from the moment on that Redis is harmed, turn by turn; no look-up failed.
    """
    turns = []
    with load(bench.server, bench.header, connections=4, pause_s=0.004) as seen:
        for _ in range(TURNS):
            before = times(seen)
            with harm(bench.redis):  # type: ignore[attr-defined]
                during = times(seen)
            turns.append((quantile(before, parts), quantile(during, parts)))
            seconds_until(lambda: is_well(bench.server))
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    return turns


def test_redis_killed_and_back_empty_makes_nobody_wait(
    bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    """
    In the best of three turns, so that a stop of the whole machine does not count as one of Redis.
    """
    turns = compared(bench, dead, 100)
    record_property("measured", _said("p99", turns))
    assert any(late <= promised(max(2 * usual, usual + 0.005)) for usual, late in turns), turns


def test_redis_that_says_nothing_makes_nobody_wait(
    bench: Bench, record_property: Callable[[str, object], None]
) -> None:
    """
    Likewise; what is used meanwhile is counted once it wakes, see the tests of limits.
    """
    turns = compared(bench, silent, 1000)
    record_property("measured", _said("p99.9", turns))
    assert any(late <= promised(usual + 0.025) for usual, late in turns), turns


def _said(name: str, turns: list[tuple[float, float]]) -> str:
    usual, late = (1000 * statistics.median(each) for each in zip(*turns, strict=True))
    return f"{name} {usual:.1f} ms without, {late:.1f} ms with it, median of {len(turns)}"
