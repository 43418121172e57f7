"""
Redis broken on purpose: requests never wait for it, what is let through stays within its bounds, and what was counted
meanwhile is told when it is back.
"""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack

import pytest
from support.patience import FAIL_SAFE_S, promised
from support.proxy import Proxy, proxy_to
from support.quota_load import BLOCK, LIMIT, SECOND, WORKERS, load, until
from support.redis import RedisServer, redis_running

from service.quota.meter import Mode

pytestmark = pytest.mark.fault
WAIT_S = 1.0
"""No request may take so long."""
FAST_S = 0.001
"""Between two requests, for several times what a second may have."""


@pytest.fixture(autouse=True)
def nothing_left_behind(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """
    No task's error is found by the collector.
    """
    with caplog.at_level(logging.WARNING):
        yield
    gc.collect()
    assert not [r for r in caplog.records if r.name == "asyncio"]


def test_killed_under_load_and_back_empty() -> None:
    async def main(redis: RedisServer) -> None:
        async with load(redis.url, redis, per_day=LIMIT) as running:
            await until(lambda: running.admitted > 200, running)
            redis.kill()
            lost = await running.ask(FAIL_SAFE_S, lambda: running.is_in(Mode.SHARE))
            redis.start()
            await until(lambda: running.is_in(Mode.REDIS), running)
            await running.ask(FAIL_SAFE_S, lambda: running.used() >= LIMIT)
            await until(running.is_told)
            assert lost > 0
            assert LIMIT - WORKERS <= running.admitted <= LIMIT + WORKERS * BLOCK
            assert running.slowest_s < promised(WAIT_S)

    with redis_running() as redis:
        asyncio.run(main(redis))


def test_killed_and_not_coming_back_each_goes_on_by_its_share() -> None:
    async def main(redis: RedisServer) -> None:
        async with load(redis.url, redis, per_day=LIMIT) as running:
            await until(lambda: running.admitted > 100, running)
            redis.kill()
            await until(lambda: running.is_in(Mode.SHARE), running)
            while await running.ask(0.5):
                pass
            assert 0.9 * LIMIT <= running.admitted <= 1.1 * LIMIT

    with redis_running() as redis:
        asyncio.run(main(redis))


def test_throughput_stays_within_its_bound_in_the_second_of_the_loss() -> None:
    async def main(redis: RedisServer) -> None:
        async with load(redis.url, redis, per_second=SECOND) as running:
            await running.ask(FAIL_SAFE_S, lambda: running.admitted >= 2 * SECOND, FAST_S)
            redis.kill()
            await running.ask(FAIL_SAFE_S, lambda: running.is_in(Mode.SHARE), FAST_S)
            lost = running.admitted
            await running.ask(FAIL_SAFE_S, lambda: running.admitted >= lost + 2 * SECOND, FAST_S)
            assert running.most_in(1.0) <= 1.1 * (SECOND + SECOND)
            assert running.slowest_s < promised(WAIT_S)

    with redis_running() as redis:
        asyncio.run(main(redis))


def test_stalled_and_awake_again_everything_is_counted_once() -> None:
    async def main(redis: RedisServer) -> None:
        async with load(redis.url, redis, quick=True, per_day=10**6) as running:
            await until(lambda: running.admitted > 100, running)
            redis.stall()
            await until(lambda: running.is_in(Mode.SHARE), running)
            await running.ask(0.5)
            redis.wake()
            await until(lambda: running.is_in(Mode.REDIS), running)
            await until(running.is_told)
            assert running.used() == running.admitted
            assert running.slowest_s < promised(WAIT_S)

    with redis_running() as redis:
        asyncio.run(main(redis))


async def _slow(proxy: Proxy) -> None:
    proxy.delay_s = 0.5


async def _black_hole(proxy: Proxy) -> None:
    proxy.stalled = True


async def _loading(proxy: Proxy) -> None:
    proxy.lie = b"-LOADING Redis is loading the dataset in memory\r\n" * 4


async def _garbage(proxy: Proxy) -> None:
    proxy.lie = b"HTTP/1.1 400 Bad Request\r\n\r\n"


async def _integers(proxy: Proxy) -> None:
    proxy.lie = b":999999999999\r\n" * 4


FAULTS: dict[str, Callable[[Proxy], Awaitable[None]]] = {
    "late": _slow,
    "never": _black_hole,
    "loading": _loading,
    "no Redis": _garbage,
    "other answers": _integers,
}


def test_answers_late_never_or_wrong_and_right_again() -> None:
    """
    Each to processes and a Redis of its own, all at the same time.
    """

    async def main(redis: RedisServer, fault: Callable[[Proxy], Awaitable[None]]) -> tuple[bool, bool]:
        async with (
            proxy_to(redis.port) as proxy,
            load(f"redis://127.0.0.1:{proxy.port}", redis, quick=True, per_day=10**6) as running,
        ):
            await running.ask(0.3)
            await fault(proxy)
            await until(lambda: running.is_in(Mode.SHARE), running)
            proxy.delay_s, proxy.stalled, proxy.lie = 0.0, False, None
            await until(lambda: running.is_in(Mode.REDIS), running)
            await until(running.is_told)
            return running.used() == running.admitted, running.slowest_s < promised(WAIT_S)

    async def everything(stack: ExitStack) -> list[tuple[bool, bool]]:
        return await asyncio.gather(*(main(stack.enter_context(redis_running()), fault) for fault in FAULTS.values()))

    with ExitStack() as stack:
        seen = dict(zip(FAULTS, asyncio.run(everything(stack)), strict=True))
    assert seen == dict.fromkeys(FAULTS, (True, True)), "what was counted is told, and nobody waited"


def test_connections_reset_again_and_again() -> None:
    async def main(redis: RedisServer) -> None:
        async with (
            proxy_to(redis.port) as proxy,
            load(f"redis://127.0.0.1:{proxy.port}", redis, quick=True, per_day=10**6) as running,
        ):
            for _ in range(15):
                await running.ask(0.1)
                proxy.reset()
            await until(lambda: running.is_in(Mode.REDIS), running)
            await until(running.is_told)
            assert running.used() == running.admitted

    with redis_running() as redis:
        asyncio.run(main(redis))


@pytest.mark.parametrize(
    ("options", "password", "reason"),
    [
        (("--replicaof", "127.0.0.1", "1"), "", "read-only replica"),
        (("--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "no"), "", "replica without its primary"),
        ((), "other", "wrong or missing password"),
    ],
)
def test_started_against_a_redis_that_will_not_serve(options: tuple[str, ...], password: str, reason: str) -> None:
    async def main(redis: RedisServer) -> None:
        url = f"redis://:secret-of-mine@127.0.0.1:{redis.port}" if password else redis.url
        async with load(url, redis, per_day=100) as running:
            await until(lambda: running.is_in(Mode.SHARE), running)
            assert {mine.lender.state.reason for mine, _ in running.meters} == {reason}
            await running.ask(0.7)
            assert running.admitted <= 100

    with redis_running(*options, password=password) as redis:
        asyncio.run(main(redis))


def test_not_there_at_the_start_and_there_later() -> None:
    async def main(redis: RedisServer) -> None:
        redis.kill()
        async with load(redis.url, redis, per_day=LIMIT) as running:
            assert await running.ask(0.5) > 0
            redis.start()
            await until(lambda: running.is_in(Mode.REDIS), running)
            await until(running.is_told)
            assert running.used() == running.admitted

    with redis_running() as redis:
        asyncio.run(main(redis))


def test_the_password_is_in_no_log_line(caplog: pytest.LogCaptureFixture) -> None:
    async def main(redis: RedisServer) -> None:
        async with load(f"redis://:secret-of-mine@127.0.0.1:{redis.port}", redis, per_day=100) as running:
            await until(lambda: running.is_in(Mode.SHARE), running)

    with redis_running(password="other") as redis, caplog.at_level(logging.DEBUG):
        asyncio.run(main(redis))
    assert "Redis is lost" in caplog.text
    assert "secret-of-mine" not in caplog.text
