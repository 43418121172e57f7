"""
What the simulation of quotas rests on: the limit holds, and where it cannot the error is within its bound.
"""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from redis import Redis
from support.redis import redis_running

from bench.quota_error import FORGETS, LOST, UP, simulate

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    logging.getLogger("ratedip.quota").setLevel(logging.ERROR)
    with redis_running() as server, Redis(port=server.port) as client:
        yield client


@pytest.mark.parametrize("fraction", [0.02, 0.5])
def test_never_a_request_too_many_is_let_through_and_none_of_the_limit_is_lost(redis: Redis, fraction: float) -> None:
    assert asyncio.run(simulate(redis, UP, 4, fraction, seed=1)).over_percent == 0


@pytest.mark.parametrize("what", [FORGETS, LOST])
def test_a_redis_that_goes_costs_at_most_a_tenth(redis: Redis, what: str) -> None:
    assert 0 <= asyncio.run(simulate(redis, what, 4, 0.1, seed=1)).over_percent <= 10


def test_the_same_seed_errs_alike(redis: Redis) -> None:
    once, again = (asyncio.run(simulate(redis, LOST, 2, 0.1, seed=7)) for _ in range(2))
    assert once == again
