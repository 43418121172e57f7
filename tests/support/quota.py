"""
A process's quotas in a test: meters, lender and store, in a loop of their own or on a fake clock.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.ops.limits import stop
from service.quota.gcra import NS
from service.quota.lender import Lender
from service.quota.meter import ADMITTED, ASK, Meter
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.quota.redis_store import RedisStore
from service.quota.slots import Slots
from service.quota.worker import Backing

SLOW_S = 5.0
"""Patience of tests of what is counted, which a busy machine must not disturb."""


class Clock:
    """
    Both clocks, moved by hand: one that never goes back, and the calendar's.
    """

    def __init__(self, now_s: float = 1_800_000_000.0) -> None:
        self.now_ns = 10**15
        self.now_s = now_s

    def pass_s(self, seconds: float) -> None:
        self.now_ns += round(seconds * NS)
        self.now_s += seconds

    def wall(self) -> float:
        return self.now_s


@dataclass
class Process:
    """
    What one serving process has of quotas.
    """

    meters: Meters
    lender: Lender
    store: RedisStore

    async def take(self, meter: Meter, service: str = "rate") -> bool:
        """
        As a request does it.
        """
        now_ns = asyncio.get_running_loop().time
        taken = meter.take(service, int(now_ns() * NS))
        if taken == ASK:
            await self.lender.lend(meter)
            taken = meter.take(service, int(now_ns() * NS))
        return taken == ADMITTED


@asynccontextmanager
async def process(
    url: str, workers: int = 1, index: int | None = None, *, quick: bool = False
) -> AsyncIterator[Process]:
    """
    Quotas of a process with its lender running.

    Args:
        quick: with the time-outs of the product; otherwise with such as nothing on a busy machine runs into.
    """
    meters = Meters(workers, index, Backing.REDIS)
    store = RedisStore(url) if quick else RedisStore(url, timeout_s=SLOW_S)
    lender = Lender(store, meters.worker) if quick else Lender(store, meters.worker, patience_s=SLOW_S)
    meters.worker.slots = Slots(store)
    task = asyncio.create_task(lender.run())
    try:
        yield Process(meters, lender, store)
    finally:
        await stop([task])
        await lender.close()


def plan(**limits: int) -> Plan:
    """
    A plan with limits of the account's own.
    """
    return Plan(Limits(**limits))
