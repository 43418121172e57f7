"""
By how much a daily limit is exceeded when Redis is lost or loses its memory: the figures of ``docs/quotas.md``.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
from support.quota_load import BLOCK, LIMIT, WORKERS, Load, load, until
from support.redis import redis_running

from service.quota.meter import Mode

pytestmark = [pytest.mark.fault, pytest.mark.long]
RUNS = 3
FORGOTTEN = LIMIT + WORKERS * BLOCK
_log = logging.getLogger("measured")


async def killed_for_good(running: Load) -> None:
    running.redis.kill()
    await until(lambda: running.is_in(Mode.SHARE), running)


async def killed_and_back_empty(running: Load) -> None:
    await killed_for_good(running)
    running.redis.start()
    await until(lambda: running.is_in(Mode.REDIS), running)


async def flushed(running: Load) -> None:
    running.redis.say("FLUSHALL")


@pytest.mark.parametrize(
    ("breakage", "bound"),
    [
        (killed_for_good, 1.1 * LIMIT),
        (killed_and_back_empty, LIMIT + WORKERS * BLOCK),
        (flushed, LIMIT + WORKERS * BLOCK),
    ],
)
@pytest.mark.parametrize("after_s", [0.5, 1.5])
def test_a_day_with_a_loss_in_it(breakage: Callable[[Load], Awaitable[None]], bound: float, after_s: float) -> None:
    async def day() -> int:
        with redis_running() as redis:
            async with load(redis.url, redis, per_day=LIMIT) as running:
                await running.ask(after_s)
                await breakage(running)
                while await running.ask(1.5):
                    pass
                return running.admitted

    counts = [asyncio.run(day()) for _ in range(RUNS)]
    _log.info("%s after %s s: let through %s of %d, bound %d", breakage.__name__, after_s, counts, LIMIT, bound)
    assert max(counts) <= bound
