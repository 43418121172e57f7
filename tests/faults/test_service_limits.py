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
from support.load import Load, load
from support.patience import FAIL_SAFE_S, PATIENCE, seconds_until
from support.people import account, bearer, key
from support.proxy import Proxy
from support.redis import RedisServer, redis_running
from support.server import Server, read_responses, serve

from service.quota.plan import Limits, Plan

ASK = "/api/rate.json?number=441132456789"
WORKERS, CONNECTIONS = 4, 8


pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_running() as server:
        yield server


TURNS = 3 if PATIENCE > 1 else 1
PLANS = {
    **{f"exact {limit} {turn}": {"per_day": limit} for limit in (5, 1_000) for turn in range(TURNS)},
    "killed": {"per_day": 2_000},
    "forgotten": {"per_day": 1_500},
    "still": {"per_day": 1_000_000},
    "late": {"per_day": 1_000_000},
    "swallowed": {"per_day": 1_000_000},
    "asking": {"per_second": 10_000, "burst": 10_000, "per_day": 1_000_000},
    "useless": {"per_second": 200, "burst": 200},
    "hanging": {"per_day": 10**9},
}
"""Of the customers, one a test: what one has used is no other's matter."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    install(folder, "retail", RETAIL)
    return folder


@pytest.fixture(scope="module")
def customers(data: Path) -> dict[str, str]:
    """
    What each of them shows, known to every process from its start.
    """
    return {name: customer(data, name.replace(" ", "-"), **limits) for name, limits in PLANS.items()}


@pytest.fixture(scope="module")
def service(data: Path, customers: dict[str, str], redis: RedisServer) -> Iterator[Server]:
    with serve(data, WORKERS=str(WORKERS), REDIS_URL=redis.url) as server:
        yield server


@pytest.fixture
def server(service: Server) -> Iterator[Server]:
    """
    A service of four processes that agree in a Redis, which is well again after each test.
    """
    yield service
    seconds_until(lambda: is_ready(service))
    assert "Traceback" not in service.log.read_text()


def customer(data: Path, name: str, **limits: int) -> str:
    """
    What a new account with a plan shows.
    """
    account(data, name, Plan(Limits(**limits)), card="retail")
    return bearer(key(data, name))


def is_ready(server: Server) -> bool:
    """
    Whichever process is asked.
    """
    return all(ready(server)["status"] == "ready" for _ in range(8))


def is_degraded(server: Server) -> bool:
    return all(ready(server)["status"] == "degraded" for _ in range(8))


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
    For two seconds nobody was let through, and every connection was refused again and again.
    """
    before = seen.admitted
    time.sleep(2)
    return seen.admitted == before and min(seen.refused[i] for i in range(CONNECTIONS)) > 30


def at_most(server: Server, limit: int, pause_s: float) -> float:
    """
    What may be let through of a limit around a loss: what each process may hold is said in ``docs/quotas.md``, a tenth
    of its part, or its use of half a second and a fifth more.

    A process that is held up loses Redis by itself, and then goes on by its share of what the others go on to use.
    """
    lent = max(0.1 * limit, WORKERS * 64) + 0.6 * CONNECTIONS / pause_s
    alone = PATIENCE > 1 and "Redis is lost" in server.log.read_text()
    return limit * (2 if alone else 1) + lent


@pytest.mark.parametrize("limit", [5, 1_000])
def test_exactly_as_many_are_let_through_as_the_plan_has_in_a_day(
    server: Server, customers: dict[str, str], limit: int
) -> None:
    """
    Four processes, 100 connections at once. One that is held up for longer than Redis is waited for goes on by its
    share; where that happens, one of three accounts must see none of it, and none more than twice its plan.
    """
    admitted = 0
    for turn in range(TURNS):
        admitted = _use_up(server, customers[f"exact {limit} {turn}"], limit)
        assert limit <= admitted <= 2 * limit
        if admitted == limit:
            break
    assert admitted == limit


def _use_up(server: Server, header: str, limit: int) -> int:
    """
    Ask until all are refused; how many were let through.
    """

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
        deadline = time.monotonic() + FAIL_SAFE_S
        while admitted < limit and time.monotonic() < deadline:
            admitted += sum(pool.map(ask, range(100)))
        admitted += sum(pool.map(ask, range(100)))
    refusal = server.ask(get(ASK, header))
    assert f'"reason":"Rate Limiting Applied. {limit} requests per day exceeded."'.encode() in refusal
    assert f'ratelimit-policy: "day";q={limit};w=86400'.encode() in refusal
    return admitted


def test_redis_killed_and_back_empty_costs_no_look_up_and_hardly_a_limit(
    customers: dict[str, str], server: Server, redis: RedisServer
) -> None:
    header, limit = customers["killed"], PLANS["killed"]["per_day"]
    with load(server, header, connections=CONNECTIONS, pause_s=0.01) as seen:
        seconds_until(lambda: seen.admitted > 500)
        redis.kill()
        seconds_until(lambda: is_degraded(server))
        redis.start()
        seconds_until(lambda: seen.admitted >= limit * 0.9)
        seconds_until(lambda: is_used_up(seen))
    assert seen.failed == []
    assert seen.admitted <= at_most(server, limit, 0.01)


def test_redis_that_forgets_gives_no_more_than_was_lent(
    customers: dict[str, str], server: Server, redis: RedisServer
) -> None:
    """
    What is lent is what a process needs for half a second, or a tenth of its part of the limit.
    """
    header, limit = customers["forgotten"], PLANS["forgotten"]["per_day"]
    with load(server, header, connections=CONNECTIONS, pause_s=0.03) as seen:
        seconds_until(lambda: seen.admitted > limit // 2)
        redis.say("FLUSHALL")
        seconds_until(lambda: is_used_up(seen))
    assert seen.failed == []
    assert seen.admitted <= at_most(server, limit, 0.03)


def test_redis_that_stands_still_holds_nobody_up_and_is_told_everything_after(
    customers: dict[str, str], server: Server, redis: RedisServer
) -> None:
    header = customers["still"]
    with load(server, header, connections=CONNECTIONS) as seen:
        seconds_until(lambda: seen.admitted > 300)
        redis.stall()
        try:
            seconds_until(lambda: is_degraded(server))
            before = seen.admitted
            seconds_until(lambda: seen.admitted > before + 300)
        finally:
            redis.wake()
        seconds_until(lambda: is_ready(server))
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    seconds_until(lambda: used(server, header) == seen.admitted)


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """
    A proxy in a thread of its own.
    """
    loop, proxy = asyncio.new_event_loop(), Proxy(port)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(FAIL_SAFE_S)
    try:
        yield proxy
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(FAIL_SAFE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(FAIL_SAFE_S)
        loop.close()


@pytest.fixture(scope="module")
def behind(data: Path, customers: dict[str, str], redis: RedisServer) -> Iterator[tuple[Server, Proxy]]:
    """
    A service and what lies between it and its Redis.
    """
    with (
        proxied(redis.port) as proxy,
        serve(data, WORKERS="2", REDIS_URL=f"redis://127.0.0.1:{proxy.port}") as server,
    ):
        yield server, proxy


@pytest.mark.parametrize("harm", ["late by half a second", "swallowed"])
def test_a_way_to_redis_that_is_slow_or_a_hole_holds_nobody_up(
    customers: dict[str, str], behind: tuple[Server, Proxy], harm: str
) -> None:
    server, proxy = behind
    header = customers[harm.partition(" ")[0]]
    with load(server, header, connections=CONNECTIONS) as seen:
        seconds_until(lambda: seen.admitted > 300)
        proxy.delay_s, proxy.stalled = (0.5, False) if harm.startswith("late") else (0.0, True)
        seconds_until(lambda: is_degraded(server))
        before = seen.admitted
        seconds_until(lambda: seen.admitted > before + 200)
        proxy.delay_s, proxy.stalled = 0.0, False
        seconds_until(lambda: is_ready(server))
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    seconds_until(lambda: used(server, header) == seen.admitted)


def test_redis_is_asked_twice_a_second_and_process_at_most_and_knows_no_secret(
    customers: dict[str, str], server: Server, redis: RedisServer
) -> None:
    header = customers["asking"]
    with load(server, header, connections=4) as seen:
        seconds_until(lambda: seen.admitted > 100)
        start, calls, asked = time.monotonic(), redis.calls("evalsha"), seen.admitted
        seconds_until(lambda: seen.admitted > asked + 2_000)
        calls = redis.calls("evalsha") - calls
        took_s = time.monotonic() - start
    assert calls <= 2 * WORKERS * took_s + 3 * WORKERS
    kept = redis.say("KEYS", "*")
    kept += "".join(redis.say("HGETALL", name) for name in kept.split("\r\n") if name.endswith(":quota"))
    secret = header.rsplit("_", 1)[1]
    assert "p:" in kept
    assert secret not in kept + server.log.read_text()


@pytest.mark.parametrize("wrong", ["password", pytest.param("nobody there", marks=pytest.mark.long)])
def test_a_service_starts_and_answers_by_its_share_with_a_redis_that_is_of_no_use(
    data: Path, customers: dict[str, str], wrong: str
) -> None:
    header = customers["useless"]
    with redis_running(password="right-one") as redis:
        url = redis.url.replace("right-one", "wrong-one") if wrong == "password" else "redis://127.0.0.1:1"
        with serve(data, WORKERS="2", REDIS_URL=url) as server:
            seconds_until(lambda: is_degraded(server))
            with load(server, header, pause_s=0.02) as seen:
                seconds_until(lambda: seen.admitted > 200)
            assert seen.failed == []
            assert "wrong-one" not in server.log.read_text() + json.dumps(ready(server))


def test_totals_are_kept_over_a_restart_without_redis(tmp_path: Path) -> None:
    install(tmp_path, "retail", RETAIL)
    header = customer(tmp_path, "acme", per_day=300)
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


def test_clients_that_hang_up_at_any_point_disturb_nobody(customers: dict[str, str], server: Server) -> None:
    """
    Ten thousand of them, while others go on asking.
    """
    header = customers["hanging"]
    raw, rng = get(ASK, header), random.Random(18)

    def hang_up(part: int) -> None:
        with server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(raw[:part])

    with load(server, header, connections=2, pause_s=0.01) as seen, ThreadPoolExecutor(16) as pool:
        list(pool.map(hang_up, (rng.randrange(len(raw) + 1) for _ in range(10_000))))
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    seconds_until(lambda: is_ready(server))
    assert "never retrieved" not in server.log.read_text()


def test_a_dry_run_counts_and_refuses_nobody(tmp_path: Path) -> None:
    install(tmp_path, "retail", RETAIL)
    account(tmp_path, "acme", Plan(Limits(per_day=10), dry_run=True), card="retail")
    header = bearer(key(tmp_path, "acme"))
    with serve(tmp_path) as server, server.connect() as client:
        client.sendall(get(ASK, header) * 50)
        assert read_responses(client, count=50).count(b"HTTP/1.1 200") == 50
        usage = json.loads(server.ask(get("/api/account.json", header)).partition(b"\r\n\r\n")[2])["usage"]
    assert (usage["dry_run"], usage["admitted"], usage["would_refuse"], usage["refused"]) == (True, 50, 40, 0)
