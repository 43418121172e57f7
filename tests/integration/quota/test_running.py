"""
Requests to slow services are counted over all processes, and a process that died counts no longer.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from support.quota import Process, plan, process
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
        store = RedisStore(redis.url, timeout_s=5)
        dead, living, key = Slots(store, ttl_s=0.05), Slots(store), [("ratedip:{p:1}:slots", 2)]
        assert (await dead.take(key))[1] == 0
        assert (await living.take(key))[1] == 0
        deadline = time.monotonic() + 5
        while (await living.take(key))[1]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await store.close()

    asyncio.run(main())


def test_a_request_that_runs_for_long_keeps_its_slot(redis: RedisServer) -> None:
    async def main() -> list[int]:
        store = RedisStore(redis.url, timeout_s=5)
        mine, other, key = Slots(store, ttl_s=1), Slots(store), [("ratedip:{p:1}:slots", 1)]
        await mine.take(key)
        reached = []
        for _ in range(6):
            await asyncio.sleep(0.3)
            await mine.hold()
            reached.append((await other.take(key))[1])
        await store.close()
        return reached

    assert asyncio.run(main()) == [1] * 6


def test_a_slot_taken_without_the_answer_coming_back_is_given_back_later(redis: RedisServer) -> None:
    class Deaf(RedisStore):
        deaf = True

        async def acquire(self, slots: list[tuple[str, int]], request: str, ttl_ms: int) -> int:  # type: ignore[override]
            reached = await super().acquire(slots, request, ttl_ms)
            if self.deaf:
                raise StoreDown("no answer in time")
            return reached

    async def main() -> None:
        store = Deaf(redis.url, timeout_s=5)
        mine, key = Slots(store), [("ratedip:{p:1}:slots", 1)]
        with pytest.raises(StoreDown):
            await mine.take(key)
        store.deaf = False
        assert (await mine.take(key))[1] == 1
        await mine.hold()
        assert (await mine.take(key))[1] == 0
        await store.close()

    asyncio.run(main())
