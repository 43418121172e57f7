"""
Processes that share an account's limits, asked in turn while Redis is broken.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from service.quota.meter import Meter, Mode
from support.patience import FAIL_SAFE_S
from support.quota import Process, plan, process
from support.redis import RedisServer

WORKERS = 2
LIMIT = 600
SECOND = 100
PAUSE_S = 0.01
BLOCK = max(LIMIT / 10 / WORKERS, 0.6 / PAUSE_S)
"""What a process holds at most: a tenth of the limit over the processes, or its use of half a second and a fifth."""


@dataclass
class Load:
    """
    Processes that share an account's limits, and what they let through.
    """

    meters: list[tuple[Process, Meter]]
    redis: RedisServer
    times_s: list[float] = field(default_factory=list)
    slowest_s: float = 0.0

    @property
    def admitted(self) -> int:
        return len(self.times_s)

    async def ask(self, seconds: float, until: Callable[[], bool] = lambda: False, pause_s: float = PAUSE_S) -> int:
        """
        Ask of each process in turn.
        """
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end and not until():
            for mine, meter in self.meters:
                began = time.monotonic()
                if await mine.take(meter):
                    count += 1
                    self.times_s.append(time.monotonic())
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            await asyncio.sleep(pause_s)
        return count

    def is_in(self, mode: Mode) -> bool:
        words = {Mode.REDIS: "up", Mode.SHARE: "degraded"}
        return all(meter.mode is mode and mine.lender.state.word == words[mode] for mine, meter in self.meters)

    def is_told(self) -> bool:
        for _, meter in self.meters:
            meter.refresh(time.monotonic_ns())
        return not any(gauge.unreported for _, meter in self.meters for gauge in meter.gauges)

    def used(self) -> int:
        return int(self.redis.say("HGET", "ratedip:{p:17}:quota", "day:used").split("\r\n")[1])

    def most_in(self, window_s: float) -> int:
        """
        The most that was let through in any window of this length.
        """
        most = first = 0
        for last, end_s in enumerate(self.times_s):
            while end_s - self.times_s[first] > window_s:
                first += 1
            most = max(most, last - first + 1)
        return most


@asynccontextmanager
async def load(url: str, redis: RedisServer, *, quick: bool = False, **limits: int) -> AsyncIterator[Load]:
    """
    Args:
        quick: with the time-outs of the product, for a Redis that answers late or never.
    """
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(process(url, WORKERS, i, quick=quick)) for i in range(WORKERS)]
        yield Load([(mine, mine.meters.of("p:17", plan(**limits))) for mine in both], redis)


async def until(met: Callable[[], bool], running: Load | None = None) -> None:
    """
    Wait for something that must come to hold, asking meanwhile.
    """
    deadline = time.monotonic() + FAIL_SAFE_S
    while not met():
        assert time.monotonic() < deadline
        await (running.ask(0.1) if running else asyncio.sleep(0.05))
