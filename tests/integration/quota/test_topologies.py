"""
Redis as operators run it: alone, behind a password, as a cluster, behind Sentinel.
"""

import asyncio
import logging

import pytest
from support.quota import SLOW_S, plan, process
from support.redis import cluster_running, redis_running, sentinel_running

from service.quota.lender import State
from service.quota.plan import Limits, Plan
from service.quota.redis_store import RedisStore
from service.quota.remote import StoreDown
from service.quota.slots import slot

SECRET = "correct-horse:battery/staple@"
ESCAPED = "correct-horse%3Abattery%2Fstaple%40"


async def spent(url: str) -> tuple[int, int, State]:
    """
    What two accounts with a daily limit and a service's own get of it, and the state after it.
    """
    async with process(url) as mine:
        one = mine.meters.of("p:1", Plan(Limits(per_day=20, concurrent=2), {"lcr": Limits(per_day=5)}))
        other = mine.meters.of("s:2", plan(per_second=30, per_month=10))
        async with slot(one):
            counts = [
                sum([await mine.take(one, "lcr") for _ in range(9)]),
                sum([await mine.take(other) for _ in range(15)]),
            ]
        return counts[0], counts[1], mine.lender.state


def test_alone_with_a_password() -> None:
    with redis_running(password=SECRET) as redis:
        url = f"redis://:{ESCAPED}@127.0.0.1:{redis.port}/0"
        lcr, other, state = asyncio.run(spent(url))
    assert (lcr, other, state.word) == (5, 10, "up")


def test_a_cluster() -> None:
    with cluster_running() as redis:
        lcr, other, state = asyncio.run(spent(f"redis+cluster://127.0.0.1:{redis.port}"))
        assert redis.calls("evalsha") > 0
    assert (lcr, other, state.word) == (5, 10, "up")


def test_behind_sentinel() -> None:
    with redis_running() as redis, sentinel_running(redis) as sentinel:
        url = f"redis+sentinel://127.0.0.1:{sentinel.port}/main/0"
        lcr, other, state = asyncio.run(spent(url))
        assert redis.calls("evalsha") > 0
    assert (lcr, other, state.word) == (5, 10, "up")


def test_a_sentinel_that_knows_no_such_service_is_a_store_that_is_down() -> None:
    with redis_running() as redis, sentinel_running(redis) as sentinel:
        assert reason_of(f"redis+sentinel://127.0.0.1:{sentinel.port}/other") == "cannot be reached"


@pytest.mark.parametrize(
    "url",
    [
        f"memcached://:{ESCAPED}@h:1",
        f"redis+sentinel://:{ESCAPED}@h:1",
        f"redis+sentinel://:{ESCAPED}@h:port/main",
        f"redis://:{ESCAPED}@h:port",
        f":{ESCAPED}",
        "",
    ],
)
def test_a_url_that_cannot_be_read_is_said_so_without_what_is_in_it(url: str) -> None:
    with pytest.raises(ValueError, match="the Redis URL") as refused:
        RedisStore(url)
    assert "horse" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_a_wrong_password_is_said_without_showing_it(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    with redis_running(password="another") as redis, caplog.at_level(logging.DEBUG):
        why = reason_of(f"{scheme}://:{ESCAPED}@127.0.0.1:{redis.port}")
    assert why in {"wrong or missing password", "cluster is not whole"}
    assert "horse" not in caplog.text


def reason_of(url: str) -> str:
    async def main() -> str:
        store = RedisStore(url, timeout_s=SLOW_S)
        try:
            with pytest.raises(StoreDown) as down:
                await store.exchange([("p:1", b"{}")])
            assert "horse" not in repr(down.value)
            return down.value.reason
        finally:
            await store.close()

    return asyncio.run(main())
