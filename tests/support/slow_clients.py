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


def hold_sockets(server: Server, kinds: dict[str, Slow], count: int, readers: int) -> dict[str, list[float]]:
    """
    So many sockets of each kind, and so many that ask and do not read: seconds that each lived, by kind.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_hold_all, server.host, server.port, kinds, count, readers).result()


def _hold_all(host: str, port: int, kinds: dict[str, Slow], count: int, readers: int) -> dict[str, list[float]]:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    async def main() -> dict[str, list[float]]:
        loop = asyncio.get_running_loop()
        tasks = {
            name: [loop.create_task(_hold(host, port, kind, 0.3 + i % 10 / 10)) for i in range(count)]
            for name, kind in kinds.items()
        }
        if readers:
            tasks["reader"] = [loop.create_task(_ignore(host, port, ASKED[i % 10 == 0])) for i in range(readers)]
        return {name: [await task for task in each] for name, each in tasks.items()}

    return asyncio.run(main())


async def _hold(host: str, port: int, kind: Slow, pause_s: float) -> float:
    """
    Seconds until the server closes a connection on which too little comes.
    """
    reader, writer = await asyncio.open_connection(host, port)
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


async def _ignore(host: str, port: int, asked: bytes) -> float:
    """
    Seconds until the server cuts off a client that asks on and on and reads nothing.
    """
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (host, port))
        began, deadline = time.monotonic(), time.monotonic() + 2 * FAIL_SAFE_S
        while time.monotonic() < deadline:
            try:
                client.send(asked)
                began = time.monotonic()
            except BlockingIOError:
                await asyncio.sleep(0.2)
            except OSError:
                break
        return time.monotonic() - began
