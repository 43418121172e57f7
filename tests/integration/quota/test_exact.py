"""
With Redis up exactly as many requests are let through as the plan says, whoever asks.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event

import pytest
from support.patience import FAIL_SAFE_S, seconds_until
from support.quota import plan, process
from support.redis import RedisServer, redis_running

PROCESSES, TASKS = 4, 25
MORE_S = 1.0
"""All are let go on for so long after as much as may be was let through."""


def customers(me: int, orders: Connection, counts: "SynchronizedArray[int]", stop: Event) -> None:
    """
    One of the processes: for each order its tasks ask until told to stop, and count what was let through.
    """
    with suppress(EOFError):
        while True:
            url, limits = orders.recv()
            asyncio.run(_customers(url, limits, me, counts, stop))
            orders.send(me)


async def _customers(url: str, limits: dict[str, int], me: int, counts: "SynchronizedArray[int]", stop: Event) -> None:
    async with process(url, PROCESSES) as mine:
        meter = mine.meters.of("p:17", plan(**limits))

        async def customer() -> None:
            while not stop.is_set():
                if await mine.take(meter):
                    counts[me] += 1
                else:
                    await asyncio.sleep(0.05)

        await asyncio.gather(*(customer() for _ in range(TASKS)))


class Crowd:
    """
    Processes that wait for what to ask for.
    """

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._counts, self._stop = spawn.Array("q", PROCESSES), spawn.Event()
        self._orders = []
        for me in range(PROCESSES):
            ours, theirs = spawn.Pipe()
            child = spawn.Process(target=customers, args=(me, theirs, self._counts, self._stop), daemon=True)
            child.start()
            theirs.close()
            self._orders.append(ours)

    def let_through(self, redis: RedisServer, limits: dict[str, int], expected: int) -> tuple[list[int], float]:
        """
        Ask until as many as expected were let through, and for a while more.

        Returns:
            How many were, by process, and in how many seconds.
        """
        self._stop.clear()
        self._counts[:] = [0] * PROCESSES
        began = time.monotonic()
        for orders in self._orders:
            orders.send((redis.url, limits))
        seconds_until(lambda: sum(self._counts) >= expected)
        time.sleep(MORE_S)
        self._stop.set()
        for orders in self._orders:
            assert orders.poll(FAIL_SAFE_S)
            orders.recv()
        return [*self._counts], time.monotonic() - began


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_running() as server:
        yield server


@pytest.mark.parametrize("limit", [5, 1000])
def test_exactly_n_a_day_over_four_processes_of_25_tasks(crowd: Crowd, redis: RedisServer, limit: int) -> None:
    counts, _ = crowd.let_through(redis, {"per_day": limit}, limit)
    assert sum(counts) == limit, counts
    day = redis.say("HGET", "ratedip:{p:17}:quota", "day:used")
    assert day.split("\r\n")[1] == str(limit)


@pytest.mark.parametrize("burst", [5, 1000])
def test_exactly_the_burst_while_the_refill_is_slow(crowd: Crowd, redis: RedisServer, burst: int) -> None:
    counts, took_s = crowd.let_through(redis, {"per_second": 1, "burst": burst}, burst)
    assert burst <= sum(counts) <= burst + took_s, counts
