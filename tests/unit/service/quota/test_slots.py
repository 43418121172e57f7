"""
As many slow requests run at one time as the plan says.
"""

import asyncio
from contextlib import AsyncExitStack

import pytest
from support.quota import plan

from service.errors import ApiError
from service.quota.meter import Meter
from service.quota.plan import Limits, Plan
from service.quota.slots import slot
from service.quota.worker import Worker


async def started(meter: Meter, tries: int, service: str = "") -> int:
    async with AsyncExitStack() as stack:
        count = 0
        for _ in range(tries):
            try:
                await stack.enter_async_context(slot(meter, service))
            except ApiError:
                continue
            count += 1
        return count


def test_a_process_by_itself_runs_its_share_and_then_is_free_again() -> None:
    meter = Meter("p:1", plan(concurrent=8), Worker(2))
    for _ in range(2):
        assert asyncio.run(started(meter, 9)) == 4


def test_every_process_runs_at_least_one() -> None:
    assert asyncio.run(started(Meter("p:1", plan(concurrent=1), Worker(4)), 5)) == 1


def test_without_a_limit_any_number_runs() -> None:
    assert asyncio.run(started(Meter("p:1", Plan()), 50)) == 50


def test_the_limit_of_a_service_holds_besides_the_accounts_own() -> None:
    meter = Meter("p:1", Plan(Limits(concurrent=8), {"cdr": Limits(concurrent=2)}))
    assert asyncio.run(started(meter, 9, "cdr")) == 2
    assert asyncio.run(started(meter, 9, "log")) == 8


def test_the_refusal_is_the_sentence_with_the_limit_in_it() -> None:
    async def story() -> None:
        meter = Meter("p:1", plan(concurrent=1))
        async with slot(meter):
            with pytest.raises(ApiError) as refused:
                async with slot(meter):
                    raise AssertionError
        assert refused.value.status == 429
        assert refused.value.reason == "Rate Limiting Applied. 1 active requests are already in progress."
        assert dict(refused.value.headers)[b"retry-after"] == b"1"
        assert refused.value.more["retry_after"] == 1

    asyncio.run(story())


def test_a_dry_run_counts_and_refuses_nothing() -> None:
    meter = Meter("p:1", Plan(Limits(concurrent=1), dry_run=True))
    assert asyncio.run(started(meter, 5)) == 5
    assert meter.would_refuse == 4
