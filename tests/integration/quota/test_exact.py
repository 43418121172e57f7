"""
With Redis up exactly as many requests are let through as the plan says, whoever asks.
"""

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection

import pytest
from support.quota import plan, process
from support.redis import RedisServer, redis_running

PROCESSES, TASKS = 4, 25
SECONDS = 3


def customers(url: str, limits: dict[str, int], seconds: float, out: Connection) -> None:
    """
    One of the processes: its tasks ask until told to stop, and what was let through is sent back.
    """
    out.send(asyncio.run(_customers(url, limits, seconds)))


async def _customers(url: str, limits: dict[str, int], seconds: float) -> int:
    async with process(url, PROCESSES) as mine:
        meter = mine.meters.of("p:17", plan(**limits))
        until = time.monotonic() + seconds

        async def customer() -> int:
            count = 0
            while time.monotonic() < until:
                if await mine.take(meter):
                    count += 1
                else:
                    await asyncio.sleep(0.05)
            return count

        return sum(await asyncio.gather(*(customer() for _ in range(TASKS))))


def let_through(redis: RedisServer, limits: dict[str, int], seconds: float) -> list[int]:
    spawn = multiprocessing.get_context("spawn")
    running = []
    for _ in range(PROCESSES):
        mine, theirs = spawn.Pipe(duplex=False)
        child = spawn.Process(target=customers, args=(redis.url, limits, seconds, theirs))
        child.start()
        running.append((child, mine))
    counts = [mine.recv() for _, mine in running]
    for child, _ in running:
        child.join(10)
    return counts


@pytest.mark.parametrize("limit", [5, 1000])
def test_exactly_n_a_day_over_four_processes_of_25_tasks(limit: int) -> None:
    with redis_running() as redis:
        counts = let_through(redis, {"per_day": limit}, SECONDS)
        assert sum(counts) == limit, counts
        day = redis.say("HGET", "ratedip:{p:17}:quota", "day:used")
        assert day.split("\r\n")[1] == str(limit)


@pytest.mark.parametrize("burst", [5, 1000])
def test_exactly_the_burst_while_the_refill_is_slow(burst: int) -> None:
    began = time.monotonic()
    with redis_running() as redis:
        counts = let_through(redis, {"per_second": 1, "burst": burst}, SECONDS)
    assert burst <= sum(counts) <= burst + (time.monotonic() - began), counts
