"""
Sockets that hold something up go in their time, and nobody else notices them.
"""

import asyncio
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.load import load
from support.patience import FAIL_SAFE_S, promised, seconds_until
from support.server import Server, serve

from service.http.limits import HEAD_S, IDLE_S, REQUEST_S

pytestmark = pytest.mark.fault
SEEN_S = 1.5
"""The sweep's second, and a moment for the client of a busy machine to see it."""
BODY = b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"
ASK = get("/api/rate.json?number=441132456789")


@dataclass(frozen=True)
class Kind:
    """
    Attributes:
        start: what is sent at first.
        drip: what is sent again and again.
        limit_s: its deadline.
    """

    start: bytes
    drip: bytes
    limit_s: float


KINDS = {
    "head": Kind(b"GET /api/rate.json?number=44 HTTP/1.1\r\n", b"X: a\r\n", HEAD_S),
    "body": Kind(BODY, b"a", REQUEST_S),
    "silent": Kind(b"", b"", IDLE_S),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("slow")
    install(folder, "retail", RETAIL)
    with serve(folder, WORKERS="2", DEMO="1", DEMO_RPS="1000000", DEMO_CARD="retail") as server:
        yield server


@contextmanager
def many_sockets() -> Iterator[None]:
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))


async def hold(server: Server, kind: Kind, pause_s: float) -> float:
    """
    Seconds until the server closes a connection on which too little comes.
    """
    reader, writer = await asyncio.open_connection(server.host, server.port)
    began = time.monotonic()
    writer.write(kind.start)
    dripping = asyncio.create_task(_drip(writer, kind.drip, pause_s))
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(-1), 2 * FAIL_SAFE_S)
    took_s = time.monotonic() - began
    dripping.cancel()
    writer.transport.abort()
    return took_s


async def _drip(writer: asyncio.StreamWriter, part: bytes, pause_s: float) -> None:
    with suppress(ConnectionError):
        while part and not writer.is_closing():
            await asyncio.sleep(pause_s)
            writer.write(part)


async def ignore(server: Server) -> float:
    """
    Seconds until the server cuts off a client that asks on and on and reads nothing.
    """
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (server.host, server.port))
        began, deadline = time.monotonic(), time.monotonic() + 2 * FAIL_SAFE_S
        while time.monotonic() < deadline:
            try:
                client.send(ASK * 200)
                began = time.monotonic()
            except BlockingIOError:
                await asyncio.sleep(0.2)
            except OSError:
                break
        return time.monotonic() - began


def held(server: Server, names: list[str], count: int, readers: int) -> dict[str, list[float]]:
    """
    How long each socket of each kind lived, look-ups going on beside them.
    """

    async def main() -> dict[str, list[float]]:
        loop = asyncio.get_running_loop()
        tasks = {
            name: [loop.create_task(hold(server, KINDS[name], 0.3 + i % 10 / 10)) for i in range(count)]
            for name in names
        }
        tasks["reader"] = [loop.create_task(ignore(server)) for _ in range(readers)]
        return {name: [await task for task in each] for name, each in tasks.items()}

    with many_sockets(), load(server, "X-A: b", connections=4, pause_s=0.01) as seen:
        seconds_until(lambda: seen.admitted > 20)
        lived = asyncio.run(main())
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    return lived


def test_heads_and_bodies_that_come_in_drops_are_given_up_in_time(server: Server) -> None:
    """
    Meant to fail without the sweep: they lived as long as they liked.
    """
    _judge(held(server, ["head", "body"], 60, 0))


@pytest.mark.long
def test_thirteen_hundred_slow_sockets_of_four_kinds_cost_nobody_a_look_up(server: Server) -> None:
    lived = held(server, ["head", "body", "silent"], 325, 325)
    assert sum(map(len, lived.values())) == 1300
    _judge(lived)


def _judge(lived: dict[str, list[float]]) -> None:
    for name, seconds in lived.items():
        limit_s = KINDS[name].limit_s if name in KINDS else IDLE_S
        for took_s in seconds:
            assert took_s <= promised(limit_s + SEEN_S), name
    for name, kind in KINDS.items():
        assert all(took_s >= kind.limit_s - 0.1 for took_s in lived.get(name, ())), name
