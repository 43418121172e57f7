"""
Plans are kept by a service of several processes, whatever happens to the Redis they agree in.
"""

import asyncio
import json
import random
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.load import Load, load, wait_until
from support.people import account, bearer, key
from support.proxy import Proxy
from support.redis import RedisServer, redis_running
from support.server import Server, read_responses, serve

from service.quota.plan import Limits, Plan

ASK = "/api/rate.json?number=441132456789"
WORKERS = 2


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_running() as server:
        yield server


def people(data: Path, **limits: int) -> str:
    """
    A card, and a key to an account with a plan.
    """
    install(data, "retail", RETAIL)
    account(data, "acme", Plan(Limits(**limits)), card="retail")
    return bearer(key(data, "acme"))


def ready(server: Server) -> dict[str, object]:
    answer = server.ask(get("/readyz"))
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return dict(json.loads(answer.partition(b"\r\n\r\n")[2]))


def used(server: Server, header: str, per: str = "day") -> int:
    """
    What the account sees of its plan, of the process that knows most.
    """
    answers = [server.ask(get("/api/account.json", header)).partition(b"\r\n\r\n")[2] for _ in range(8)]
    limits = [limit for answer in answers for limit in json.loads(answer)["usage"]["limits"]]
    return max(limit["used"] for limit in limits if limit["per"] == per)


def is_used_up(seen: Load) -> bool:
    """
    For two seconds nobody was let through.
    """
    before = seen.admitted
    time.sleep(2)
    return seen.admitted == before


@pytest.mark.fault
@pytest.mark.parametrize("limit", [5, 1_000])
def test_exactly_as_many_are_let_through_as_the_plan_has_in_a_day(
    tmp_path: Path, redis: RedisServer, limit: int
) -> None:
    """
    Four processes, 100 connections at once.
    """
    header = people(tmp_path, per_day=limit)
    with serve(tmp_path, WORKERS="4", REDIS_URL=redis.url) as server:

        def ask(_: int) -> int:
            with server.connect() as client:
                admitted = 0
                for _ in range(max(2, limit // 60)):
                    client.sendall(get(ASK, header))
                    answer = read_responses(client)
                    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 429")), answer
                    admitted += answer.startswith(b"HTTP/1.1 200")
                return admitted

        admitted = 0
        with ThreadPoolExecutor(50) as pool:
            deadline = time.monotonic() + 30
            while admitted < limit and time.monotonic() < deadline:
                admitted += sum(pool.map(ask, range(100)))
            admitted += sum(pool.map(ask, range(100)))
        refusal = server.ask(get(ASK, header))
    assert admitted == limit
    assert f'"reason":"Rate Limiting Applied. {limit} requests per day exceeded."'.encode() in refusal
    assert f'ratelimit-policy: "day";q={limit};w=86400'.encode() in refusal


@pytest.mark.fault
def test_redis_killed_and_back_empty_costs_no_look_up_and_hardly_a_limit(tmp_path: Path, redis: RedisServer) -> None:
    limit = 3_000
    header = people(tmp_path, per_day=limit)
    with serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=redis.url) as server:
        with load(server, header) as seen:
            wait_until(lambda: seen.admitted > 500)
            redis.kill()
            wait_until(lambda: ready(server)["status"] == "degraded")
            time.sleep(1)
            redis.start()
            wait_until(lambda: ready(server)["status"] == "ready", 20)
            wait_until(lambda: is_used_up(seen), 60)
        assert seen.failed == []
        assert limit * 0.9 <= seen.admitted <= limit * 1.1
        assert "Traceback" not in server.log.read_text()


@pytest.mark.fault
def test_redis_that_forgets_gives_no_more_than_was_lent(tmp_path: Path, redis: RedisServer) -> None:
    """
    What is lent is what a process needs for half a second: with this load, less than a tenth of the limit.
    """
    limit = 3_000
    header = people(tmp_path, per_day=limit)
    with (
        serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=redis.url) as server,
        load(server, header, pause_s=0.02) as seen,
    ):
        wait_until(lambda: seen.admitted > limit // 2, 60)
        redis.say("FLUSHALL")
        wait_until(lambda: is_used_up(seen), 60)
    assert seen.failed == []
    assert seen.admitted <= limit * 1.1


@pytest.mark.fault
def test_redis_that_stands_still_holds_nobody_up_and_is_told_everything_after(
    tmp_path: Path, redis: RedisServer
) -> None:
    header = people(tmp_path, per_day=1_000_000)
    with serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=redis.url) as server:
        with load(server, header) as seen:
            wait_until(lambda: seen.admitted > 300)
            before = seen.admitted
            redis.stall()
            time.sleep(3)
            during = seen.admitted - before
            redis.wake()
            wait_until(lambda: ready(server)["status"] == "ready", 20)
            time.sleep(1)
        assert seen.failed == []
        assert during > 300
        assert set(seen.statuses) == {200}
        wait_until(lambda: used(server, header) == seen.admitted, 10)


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """
    A proxy in a thread of its own.
    """
    loop, proxy = asyncio.new_event_loop(), Proxy(port)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(5)
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.mark.fault
@pytest.mark.parametrize("harm", ["late by half a second", "swallowed"])
def test_a_way_to_redis_that_is_slow_or_a_hole_holds_nobody_up(tmp_path: Path, redis: RedisServer, harm: str) -> None:
    header = people(tmp_path, per_day=1_000_000)
    with (
        proxied(redis.port) as proxy,
        serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=f"redis://127.0.0.1:{proxy.port}") as server,
    ):
        with load(server, header) as seen:
            wait_until(lambda: seen.admitted > 300)
            proxy.delay_s, proxy.stalled = (0.5, False) if harm.startswith("late") else (0.0, True)
            wait_until(lambda: ready(server)["status"] == "degraded")
            before = seen.admitted
            time.sleep(2)
            during = seen.admitted - before
            proxy.delay_s, proxy.stalled = 0.0, False
            wait_until(lambda: ready(server)["status"] == "ready", 20)
            time.sleep(1)
        assert (seen.failed, set(seen.statuses)) == ([], {200})
        assert during > 200
        wait_until(lambda: used(server, header) == seen.admitted, 10)


@pytest.mark.fault
def test_redis_is_asked_twice_a_second_and_process_at_most_and_knows_no_secret(
    tmp_path: Path, redis: RedisServer
) -> None:
    header = people(tmp_path, per_second=10_000, burst=10_000, per_day=1_000_000)
    with serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=redis.url) as server:
        with load(server, header, connections=4) as seen:
            wait_until(lambda: seen.admitted > 100)
            calls, asked, start = redis.calls("evalsha"), seen.admitted, time.monotonic()
            time.sleep(4)
            seconds = time.monotonic() - start
            calls, asked = redis.calls("evalsha") - calls, seen.admitted - asked
        assert asked > 10 * calls
        assert calls <= 2 * WORKERS * seconds + 3 * WORKERS
        kept = redis.say("KEYS", "*") + redis.say("HGETALL", "ratedip:{p:1}:quota")
    secret = header.rsplit("_", 1)[1]
    assert "p:1" in kept
    assert secret not in kept + server.log.read_text()


@pytest.mark.fault
@pytest.mark.parametrize("wrong", ["password", "nobody there"])
def test_a_service_starts_and_answers_by_its_share_with_a_redis_that_is_of_no_use(tmp_path: Path, wrong: str) -> None:
    header = people(tmp_path, per_second=200, burst=200)
    with redis_running(password="right-one") as redis:
        url = redis.url.replace("right-one", "wrong-one") if wrong == "password" else "redis://127.0.0.1:1"
        with serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=url) as server:
            wait_until(lambda: ready(server)["status"] == "degraded")
            with load(server, header, pause_s=0.02) as seen:
                wait_until(lambda: seen.admitted > 200)
            assert seen.failed == []
            assert "wrong-one" not in server.log.read_text() + json.dumps(ready(server))


@pytest.mark.fault
def test_totals_are_kept_over_a_restart_without_redis(tmp_path: Path) -> None:
    header = people(tmp_path, per_day=300)
    admitted = 0
    for _ in range(3):
        with serve(tmp_path) as server, server.connect() as client:
            client.sendall(get(ASK, header) * 150)
            admitted += read_responses(client, count=150).count(b"HTTP/1.1 200")
            assert server.process.poll() is None
    assert admitted == 300
    shown = subprocess.run(
        [Path(server.process.args[0]), "account", "show", "acme", "--json"],
        env={"RATEDIP_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
        text=True,
    )
    (limit,) = json.loads(shown.stdout)["usage"]["limits"]
    assert (limit["per"], limit["used"], limit["left"]) == ("day", 300, 0)


@pytest.mark.fault
def test_clients_that_hang_up_at_any_point_disturb_nobody(tmp_path: Path, redis: RedisServer) -> None:
    """
    Ten thousand of them, while others go on asking.
    """
    header = people(tmp_path, per_day=10**9)
    raw, rng = get(ASK, header), random.Random(18)
    with serve(tmp_path, WORKERS=str(WORKERS), REDIS_URL=redis.url) as server:
        with load(server, header, connections=2, pause_s=0.01) as seen:

            def hang_up(part: int) -> None:
                with server.connect() as client:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.sendall(raw[:part])

            with ThreadPoolExecutor(16) as pool:
                list(pool.map(hang_up, (rng.randrange(len(raw) + 1) for _ in range(10_000))))
        assert seen.failed == []
        assert set(seen.statuses) == {200}
        assert ready(server)["status"] == "ready"
    assert "never retrieved" not in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


@pytest.mark.fault
def test_a_dry_run_counts_and_refuses_nobody(tmp_path: Path, redis: RedisServer) -> None:
    install(tmp_path, "retail", RETAIL)
    account(tmp_path, "acme", Plan(Limits(per_day=10), dry_run=True), card="retail")
    header = bearer(key(tmp_path, "acme"))
    with serve(tmp_path, REDIS_URL=redis.url) as server, server.connect() as client:
        client.sendall(get(ASK, header) * 50)
        assert read_responses(client, count=50).count(b"HTTP/1.1 200") == 50
        usage = json.loads(server.ask(get("/api/account.json", header)).partition(b"\r\n\r\n")[2])["usage"]
    assert (usage["dry_run"], usage["admitted"], usage["would_refuse"], usage["refused"]) == (True, 50, 40, 0)
