"""
Numbers of bulk requests, in several processes with one Redis: as many as the plan says, and all of those.
"""

import asyncio
from collections.abc import Iterator

import pytest
from support.quota import Process, plan, process
from support.redis import redis_running

from service.http.bulk_answer import admit
from service.quota.meter import Meter, Mode
from service.snapshot import Desk

LIMIT = 50_000
AT_ONCE = 4096


@pytest.fixture
def url() -> Iterator[str]:
    with redis_running() as server:
        yield server.url


async def _ask(mine: Process, meter: Meter) -> int:
    """
    One bulk request after the other until not one number is let through.
    """
    count, desk = 0, Desk(lend=mine.lender.lend)
    while taken := await admit(meter, "rate", AT_ONCE, desk):
        count += taken
    return count


async def _all(url: str) -> list[int]:
    async with process(url, 2, 0) as one, process(url, 2, 1) as other:
        meters = [mine.meters.of("p:17", plan(per_day=LIMIT)) for mine in (one, other)]
        counts = await asyncio.gather(*map(_ask, (one, other), meters))
        assert {meter.mode for meter in meters} == {Mode.REDIS}
        return list(counts)


def test_processes_together_let_through_exactly_the_limit(url: str) -> None:
    assert sum(asyncio.run(_all(url))) == LIMIT
