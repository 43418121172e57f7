"""
Requests to slow services are counted over all processes, and a process that died counts no longer.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from support.patience import FAIL_SAFE_S
from support.quota import SLOW_S, Process, plan, process
from support.redis import RedisServer, redis_running

from service.errors import ApiError
from service.quota.redis_store import RedisStore
from service.quota.remote import StoreDown
from service.quota.slots import Slots, slot


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_running() as running:
        yield running


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    server.say("FLUSHALL")
    return server


async def fill(stack: AsyncExitStack, mine: Process, tries: int) -> int:
    count = 0
    for _ in range(tries):
        try:
            await stack.enter_async_context(slot(mine.meters.of("p:1", plan(concurrent=8))))
        except ApiError:
            continue
        else:
            count += 1
    return count


def test_as_many_run_over_all_processes_as_the_plan_says_and_those_that_end_make_room(redis: RedisServer) -> None:
    async def main() -> list[int]:
        async with process(redis.url, 2) as one, process(redis.url, 2) as other, AsyncExitStack() as outer:
            async with AsyncExitStack() as inner:
                first = await fill(inner, one, 6)
                second = await fill(outer, other, 6)
            return [first, second, await fill(outer, other, 9)]

    assert asyncio.run(main()) == [6, 2, 6]


def test_the_slots_of_a_process_that_died_come_back(redis: RedisServer) -> None:
    async def main() -> None:
        store = RedisStore(redis.url, timeout_s=SLOW_S)
        dead, living, key = Slots(store, ttl_s=0.05), Slots(store), [("ratedip:{p:1}:slots", 2)]
        assert (await dead.take(key))[1] == 0
        assert (await living.take(key))[1] == 0
        deadline = time.monotonic() + FAIL_SAFE_S
        while (await living.take(key))[1]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await store.close()

    asyncio.run(main())


def test_a_request_that_runs_for_long_keeps_its_slot(redis: RedisServer) -> None:
    """
    Three times as long as it would otherwise. Where this process was itself held up for that long, once more.
    """
    ttl_s = 0.4

    async def main() -> tuple[list[int], float]:
        store = RedisStore(redis.url, timeout_s=SLOW_S)
        mine, other, key = Slots(store, ttl_s=ttl_s), Slots(store), [("ratedip:{p:1}:slots", 1)]
        held, reached, longest_s = time.monotonic(), [], 0.0
        assert (await mine.take(key))[1] == 0
        for _ in range(15):
            await asyncio.sleep(0.08)
            await mine.hold()
            reached.append((await other.take(key))[1])
            longest_s, held = max(longest_s, time.monotonic() - held), time.monotonic()
        await store.close()
        return reached, longest_s

    deadline = time.monotonic() + FAIL_SAFE_S
    while (told := asyncio.run(main()))[1] >= ttl_s:
        assert time.monotonic() < deadline
        redis.say("FLUSHALL")
    assert told[0] == [1] * 15


def test_a_slot_taken_without_the_answer_coming_back_is_given_back_later(redis: RedisServer) -> None:
    class Deaf(RedisStore):
        deaf = True

        async def acquire(self, slots: list[tuple[str, int]], request: str, ttl_ms: int) -> int:  # type: ignore[override]
            reached = await super().acquire(slots, request, ttl_ms)
            if self.deaf:
                raise StoreDown("no answer in time")
            return reached

    async def main() -> None:
        store = Deaf(redis.url, timeout_s=SLOW_S)
        mine, key = Slots(store), [("ratedip:{p:1}:slots", 1)]
        with pytest.raises(StoreDown):
            await mine.take(key)
        store.deaf = False
        assert (await mine.take(key))[1] == 1
        await mine.hold()
        assert (await mine.take(key))[1] == 0
        await store.close()

    asyncio.run(main())


def test_quotas_end_when_told_to_whatever_they_are_just_doing(redis: RedisServer) -> None:
    """
    Also in the middle of asking Redis, where its client may lose what it was told.
    """

    async def main() -> None:
        for turn in range(60):
            async with process(redis.url) as mine:
                for _ in range(turn % 30):
                    await asyncio.sleep(0)
                assert mine.lender.state.word == "up"

    async def in_time() -> None:
        async with asyncio.timeout(FAIL_SAFE_S):
            await main()

    asyncio.run(in_time())
