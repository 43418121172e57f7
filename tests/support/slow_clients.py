"""
Clients that hold something up, in a process of their own: they take no time from whoever measures beside them.
"""

import asyncio
import multiprocessing
import resource
import socket
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from support.corpus import get
from support.patience import FAIL_SAFE_S
from support.server import Server

ASKED = (get("/openapi.json") * 60, get("/api/rate.json?number=441132456789") * 1000)
"""What those ask who do not read: much at once, and, one of ten, many small things."""


@dataclass(frozen=True)
class Slow:
    """
    Attributes:
        start: what is sent at first.
        drip: what is sent again and again.
    """

    start: bytes
    drip: bytes


@dataclass(frozen=True)
class Lived:
    """
    How long one of them lived, in seconds. A busy client learns late that it is connected, so there are two of them.

    Attributes:
        since_asked: from before it asked to be connected.
        since_known: from when it knew that it was; of those that do not read, from the last byte that moved.
    """

    since_asked: float
    since_known: float


def hold_sockets(server: Server, kinds: dict[str, Slow], count: int, readers: int) -> dict[str, list[Lived]]:
    """
    So many sockets of each kind, and so many that ask and do not read: how long each lived, by kind.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_hold_all, server.host, server.port, kinds, count, readers).result()


def _hold_all(host: str, port: int, kinds: dict[str, Slow], count: int, readers: int) -> dict[str, list[Lived]]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    async def main() -> dict[str, list[Lived]]:
        loop = asyncio.get_running_loop()
        tasks = {
            name: [loop.create_task(_hold(host, port, kind, 0.3 + i % 10 / 10)) for i in range(count)]
            for name, kind in kinds.items()
        }
        if readers:
            queues = Queues(port)
            asks = [_ignore(host, port, ASKED[i % 10 == 0], queues) for i in range(readers)]
            tasks["reader"] = [loop.create_task(ask) for ask in asks]
        return {name: [await task for task in each] for name, each in tasks.items()}

    return asyncio.run(main())


async def _hold(host: str, port: int, kind: Slow, pause_s: float) -> Lived:
    """
    Wait until the server closes a connection on which too little comes.
    """
    asked = time.monotonic()
    reader, writer = await asyncio.open_connection(host, port)
    known = time.monotonic()
    writer.write(kind.start)
    dripping = asyncio.create_task(_drip(writer, kind.drip, pause_s))
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(-1), 2 * FAIL_SAFE_S)
    ended = time.monotonic()
    dripping.cancel()
    writer.transport.abort()
    return Lived(ended - asked, ended - known)


async def _drip(writer: asyncio.StreamWriter, part: bytes, pause_s: float) -> None:
    with suppress(ConnectionError):
        while part and not writer.is_closing():
            await asyncio.sleep(pause_s)
            writer.write(part)


async def _ignore(host: str, port: int, asked: bytes, queues: "Queues") -> Lived:
    """
    Wait until the server cuts off a client that asks on and on and reads nothing.
    """
    since = time.monotonic()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, (host, port))
        moved, deadline = time.monotonic(), time.monotonic() + 2 * FAIL_SAFE_S
        held = ""
        while time.monotonic() < deadline:
            try:
                client.send(asked)
                moved = time.monotonic()
            except BlockingIOError:
                await asyncio.sleep(0.2)
            except OSError:
                break
            now = queues.of(client.getsockname()[1]) or held
            if now != held:
                moved, held = time.monotonic(), now
        return Lived(time.monotonic() - since, time.monotonic() - moved)


class Queues:
    """
    What the server's end of each connection has still to read and to send, as the system counts it.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.read_at = 0.0
        self.known: dict[int, str] = {}

    def of(self, client_port: int) -> str:
        """
        Both counts, at most a tenth of a second old; empty without a connection from this port.
        """
        if time.monotonic() - self.read_at > 0.1:
            lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
            ends = ((local, far, queues) for _, local, far, _, queues, *_ in lines)
            self.known = {_port(far): queues for local, far, queues in ends if _port(local) == self.port}
            self.read_at = time.monotonic()
        return self.known.get(client_port, "")


def _port(address: str) -> int:
    return int(address.partition(":")[2], 16)
