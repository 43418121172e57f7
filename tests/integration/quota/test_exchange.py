"""
The script in a real Redis: nothing is counted twice, nothing is lent twice, what is not used comes back.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from support.patience import FAIL_SAFE_S, at_least, until
from support.quota import SLOW_S, plan, process
from support.redis import RedisServer, redis_running

from service.quota.meter import Mode
from service.quota.redis_store import RedisStore

TODAY = 20_000


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_running() as running:
        yield running


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    server.say("FLUSHALL")
    server.say("CONFIG", "RESETSTAT")
    return server


def bid(worker: str, sequence: int, ttl_ms: int = 60_000, **limits: dict[str, Any]) -> bytes:
    return orjson.dumps({"w": worker, "s": sequence, "ttl": ttl_ms, "l": limits})


def day(used: int, kept: int, wanted: int, limit: int = 100, window: int = TODAY, seen: int = 0) -> dict[str, Any]:
    return {"u": used, "k": kept, "w": wanted, "e": 0, "m": limit, "d": window, "x": seen}


def rate(used: int, kept: int, wanted: int, waiting: int = 0, per_second: float = 1e-6) -> dict[str, Any]:
    return {"u": used, "k": kept, "w": wanted, "e": waiting, "r": per_second, "b": 100}


def exchange(redis: RedisServer, *bids: bytes) -> list[Any]:
    """
    Answers to one bid after the other.
    """

    async def main() -> list[Any]:
        store = RedisStore(redis.url, timeout_s=SLOW_S)
        try:
            return [orjson.loads((await store.exchange([("p:1", text)]))[0])["l"] for text in bids]
        finally:
            await store.close()

    return asyncio.run(main())


def test_the_same_sequence_again_is_answered_as_before_and_changes_nothing(redis: RedisServer) -> None:
    first = bid("a", 1, day=day(7, 0, 20), second=rate(3, 0, 20))
    answers = exchange(redis, first, bid("b", 1, day=day(0, 0, 10), second=rate(0, 0, 10)), first)
    assert answers[0] == answers[2]
    before = redis.say("HGETALL", "ratedip:{p:1}:quota")
    exchange(redis, first)
    assert redis.say("HGETALL", "ratedip:{p:1}:quota") == before


def test_a_sequence_that_arrives_after_the_next_one_changes_nothing(redis: RedisServer) -> None:
    one, two = bid("a", 1, day=day(7, 0, 20)), bid("a", 2, day=day(5, 0, 20))
    *_, last = exchange(redis, one, two, one, bid("a", 3, day=day(0, 0, 0)))
    assert last["day"]["t"] == 12


def test_what_is_lent_and_used_is_never_more_than_the_limit(redis: RedisServer) -> None:
    answers = exchange(redis, *(bid(w, 1, day=day(0, 0, 40), second=rate(0, 0, 40)) for w in "abcd"))
    assert [a["day"]["g"] for a in answers] == [40, 40, 20, 0]
    assert [a["second"]["g"] for a in answers] == [40, 40, 20, 0]


def test_what_is_given_back_is_lent_to_the_next(redis: RedisServer) -> None:
    answers = exchange(
        redis,
        bid("a", 1, day=day(0, 0, 100), second=rate(0, 0, 100)),
        bid("b", 1, day=day(0, 0, 100), second=rate(0, 0, 100)),
        bid("a", 2, day=day(10, 20, 20), second=rate(10, 20, 20)),
        bid("b", 2, day=day(0, 0, 100), second=rate(0, 0, 100)),
    )
    assert [(a["day"]["g"], a["second"]["g"]) for a in answers] == [(100, 100), (0, 0), (0, 0), (70, 70)]


def test_what_a_process_that_died_held_comes_back(redis: RedisServer) -> None:
    exchange(redis, bid("a", 1, ttl_ms=60, day=day(0, 0, 100), second=rate(0, 0, 100)))
    deadline, sequence, got = time.monotonic() + FAIL_SAFE_S, 0, 0
    while got < 100 and time.monotonic() < deadline:
        sequence += 1
        got = exchange(redis, bid("b", sequence, day=day(0, 0, 100)))[0]["day"]["g"] or got
    assert got == 100


def test_a_day_that_is_over_does_not_come_back(redis: RedisServer) -> None:
    answers = exchange(
        redis,
        bid("a", 1, day=day(90, 0, 0)),
        bid("a", 2, day=day(60, 0, 0, window=TODAY + 1)),
        bid("b", 1, day=day(30, 0, 100, window=TODAY)),
        bid("a", 3, day=day(0, 0, 0, window=TODAY + 1)),
    )
    assert (answers[1]["day"]["t"], answers[1]["day"]["d"]) == (60, TODAY + 1)
    assert (answers[2]["day"]["g"], answers[2]["day"]["d"]) == (40, TODAY + 1)
    assert answers[3]["day"]["t"] == 60


def test_after_all_is_forgotten_each_says_what_it_had_seen(redis: RedisServer) -> None:
    exchange(redis, bid("a", 1, day=day(50, 0, 0)))
    redis.say("FLUSHALL")
    answers = exchange(
        redis,
        bid("a", 2, day=day(5, 0, 0, seen=50)),
        bid("b", 9, day=day(1, 0, 100, seen=48)),
        bid("a", 3, day=day(0, 0, 0)),
    )
    assert [a["day"]["t"] for a in answers] == [55, 56, 56]
    assert answers[1]["day"]["g"] == 44


def test_a_forgotten_bucket_is_no_fuller_than_the_first_to_come_says(redis: RedisServer) -> None:
    known = rate(2, 3, 100, per_second=2) | {"l": 10.0, "a": 5.0}
    assert exchange(redis, bid("a", 7, second=known))[0]["second"]["g"] == 20


def test_a_worker_out_of_tokens_gets_at_least_half_of_what_is_there(redis: RedisServer) -> None:
    assert exchange(redis, bid("a", 1, second=rate(0, 0, 5, waiting=1)))[0]["second"]["g"] == 50


def test_a_bucket_fills_at_its_rate_and_not_beyond_what_is_lent(redis: RedisServer) -> None:
    first, second = exchange(
        redis,
        bid("a", 1, second=rate(0, 0, 60, per_second=1_000_000)),
        bid("b", 1, second=rate(0, 0, 100, per_second=1_000_000)),
    )
    assert (first["second"]["g"], second["second"]["g"]) == (60, 40)


def test_all_traffic_on_one_of_two_processes_gets_the_whole_limit(redis: RedisServer) -> None:
    async def main() -> int:
        async with process(redis.url, 2) as one, process(redis.url, 2) as other:
            busy, quiet = (p.meters.of("p:1", plan(per_day=300)) for p in (one, other))
            await other.take(quiet)
            count, deadline = 0, time.monotonic() + FAIL_SAFE_S
            while count < 299 and time.monotonic() < deadline:
                count += await one.take(busy)
                await asyncio.sleep(0.001)
            return count + sum([await one.take(busy) for _ in range(50)])

    assert asyncio.run(main()) == 299


def test_no_more_than_two_calls_a_second_for_a_busy_account_and_none_for_an_idle_one(redis: RedisServer) -> None:
    async def main() -> int:
        async with process(redis.url, 2) as one, process(redis.url, 2) as other:
            pairs = [(p, p.meters.of("p:1", plan(per_second=400, per_day=10**6))) for p in (one, other)]
            for _ in range(200):
                for mine, meter in pairs:
                    await mine.take(meter)
                await asyncio.sleep(0.01)
            busy = redis.calls("evalsha")
            await until(lambda: not any(meter.worker.active for _, meter in pairs))
            after = redis.calls("evalsha")
            await asyncio.sleep(0.7)
            assert redis.calls("evalsha") == after
            return busy

    began = time.monotonic()
    calls = asyncio.run(main())
    assert 4 <= calls <= 2 * (2 * (time.monotonic() - began) + 3)


def test_everything_forgotten_costs_at_most_a_block_a_worker(redis: RedisServer) -> None:
    limit, workers = 1000, 2

    async def main() -> int:
        async with process(redis.url, workers) as one, process(redis.url, workers) as other:
            pairs = [(p, p.meters.of("p:1", plan(per_day=limit))) for p in (one, other)]
            count, deadline, flushed = 0, time.monotonic() + FAIL_SAFE_S, False
            while time.monotonic() < deadline and not _over(redis, limit):
                for mine, meter in pairs:
                    count += await mine.take(meter)
                if count >= limit // 2 and not flushed:
                    flushed = bool(redis.say("FLUSHALL"))
                await asyncio.sleep(0.004)
            assert all(meter.mode is Mode.REDIS for _, meter in pairs)
            return count

    count = asyncio.run(main())
    block = max(limit // 10 // workers, 0.6 * 250)
    assert limit - 1 <= count <= limit + workers * block


def _over(redis: RedisServer, limit: int) -> bool:
    used = redis.say("HGET", "ratedip:{p:1}:quota", "day:used").split("\r\n")
    return len(used) > 2 and int(used[1]) >= limit


@pytest.mark.timed
def test_an_account_asked_for_twice_its_rate_gets_all_of_its_rate(redis: RedisServer) -> None:
    async def main() -> tuple[int, float]:
        async with process(redis.url, 2) as one, process(redis.url, 2) as other:
            pairs = [(p, p.meters.of("p:1", plan(per_second=100, per_day=10**6))) for p in (one, other)]
            count, began = 0, time.monotonic()
            while time.monotonic() - began < 3:
                for mine, meter in pairs:
                    count += await mine.take(meter)
                await asyncio.sleep(0.005)
            return count, time.monotonic() - began

    count, took_s = asyncio.run(main())
    assert at_least(85 * took_s) <= count <= 100 + 100 * took_s
