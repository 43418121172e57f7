"""
A load of so many look-ups a second on a real server, from a process of its own.
"""

import asyncio
import multiprocessing
import time
from dataclasses import dataclass, field

from support.patience import FAIL_SAFE_S
from support.server import Server

FORM = b"number=441132456789&card=retail&duration=37"
POST = (
    b"POST /api/rate.html HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: %d\r\n\r\n" % len(FORM)
) + FORM
"""A look-up that goes through the application, and whose answer is a page: some tenths of a millisecond."""


@dataclass
class Seen:
    """
    Attributes:
        good: seconds each answer took; ``good_at``: when it came, from the start.
        refused: seconds each refusal took; ``refused_at`` likewise.
        wrong: what else came.
    """

    good: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    good_at: list[float] = field(default_factory=list)
    refused_at: list[float] = field(default_factory=list)
    wrong: list[bytes] = field(default_factory=list)
    start: float = 0.0
    lasted_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.good) / self.lasted_s


class Client(asyncio.Protocol):
    """
    A connection that asks again as soon as it is answered, or at its next moment.
    """

    def __init__(self, seen: Seen, pause_s: float) -> None:
        self.seen, self.pause_s, self.until = seen, pause_s, 0.0
        self.came, self.began, self.due = b"", 0.0, 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def start(self, due: float) -> None:
        self.due = due
        asyncio.get_running_loop().call_at(due, self.ask)

    def ask(self) -> None:
        self.began = time.monotonic()
        self.transport.write(POST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, blank, body = self.came.partition(b"\r\n\r\n")
        length = head.rpartition(b"content-length: ")[2].partition(b"\r\n")[0]
        if blank and len(body) >= int(length):
            self.note(head)
            self.came = b""
            self.go_on()

    def note(self, head: bytes) -> None:
        now = time.monotonic()
        took_s = now - self.began
        if head.startswith(b"HTTP/1.1 200"):
            self.seen.good.append(took_s)
            self.seen.good_at.append(now - self.seen.start)
        elif head.startswith(b"HTTP/1.1 503") and b"retry-after: " in head:
            self.seen.refused.append(took_s)
            self.seen.refused_at.append(now - self.seen.start)
        else:
            self.seen.wrong.append(head)

    def go_on(self) -> None:
        now = time.monotonic()
        if now >= self.until:
            self.transport.close()
            return
        self.due = max(self.due + self.pause_s, now - self.pause_s)
        asyncio.get_running_loop().call_at(self.due, self.ask)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.seen.wrong.append(repr(exc).encode())
        self.done.set_result(None)


async def _load(port: int, connections: int, per_s: float, seconds: float) -> Seen:
    """
    So many look-ups a second, spread over so many connections; 0: as many as they can.
    """
    seen, pause_s = Seen(), connections / per_s if per_s else 0.0
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(seen, pause_s), "127.0.0.1", port))[1] for _ in range(connections)
    ]
    start = seen.start = time.monotonic()
    for place, client in enumerate(clients):
        client.until = start + seconds
        client.start(start + pause_s * place / connections)
    await asyncio.wait_for(asyncio.gather(*(client.done for client in clients)), FAIL_SAFE_S + seconds)
    seen.lasted_s = time.monotonic() - start
    return seen


def _run(port: int, connections: int, per_s: float, seconds: float) -> Seen:
    import uvloop  # noqa: PLC0415 - in the process that asks

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(port, connections, per_s, seconds))


def load(server: Server, connections: int, per_s: float, seconds: float) -> Seen:
    """
    From a process of its own, so that asking does not hold up the clock.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_run, (server.port, connections, per_s, seconds))
