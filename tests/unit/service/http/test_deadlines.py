"""
A connection that holds something up is closed in its time, and no other is. Seconds pass by sweeps alone.
"""

import asyncio
import socket
from contextlib import suppress

import pytest
from support.corpus import get
from support.inside import Place, door, everything, run
from support.patience import until

from service.http import sweep
from service.http.guarded import GuardedProtocol
from service.http.limits import DRAIN_IDLE_S, HEAD_S, IDLE_S, REQUEST_S
from service.http.sweep import sweep_once

ASK = get("/api/rate.json?number=441132456789")
POST = b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nnumber="
UPLOAD = POST.replace(b"/api/rate.json", b"/livez")


async def opened(place: Place, raw: bytes) -> asyncio.StreamReader:
    """
    A connection on which some bytes have been taken in.
    """
    taken, count = place.taken, len(place.connections)
    reader, writer = await place.connect()
    writer.write(raw)
    await until(lambda: place.taken == taken + len(raw) and len(place.connections) > count)
    return reader


async def slow_reader(place: Place) -> tuple[socket.socket, GuardedProtocol]:
    """
    A client that takes little at a time, and the connection it has.
    """
    client = socket.create_connection(("127.0.0.1", place.port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    client.setblocking(False)
    await until(lambda: place.connections)
    (connection,) = place.connections
    return client, connection


@pytest.mark.parametrize(
    ("raw", "limit_s"),
    [
        (b"", IDLE_S),
        (b"\r\n", IDLE_S),
        (b"G", HEAD_S),
        (ASK[:-1], HEAD_S),
        (b"GET /" + b"a" * 100, HEAD_S),
        (ASK, IDLE_S),
        (ASK + b"GET ", HEAD_S),
        (UPLOAD, REQUEST_S),
    ],
    ids=["silent", "blank line", "first byte", "head", "url", "idle", "second head", "body"],
)
def test_a_connection_is_closed_once_its_time_is_over_and_no_earlier(raw: bytes, limit_s: int) -> None:
    """
    Seen to fail for ``head`` with on_message_begin setting no limit: it was never closed.
    """

    async def main() -> None:
        async with door() as place:
            reader = await opened(place, raw)
            if raw.startswith(ASK) or raw == UPLOAD:
                await reader.readuntil(b"\r\n\r\n")
            place.sweep(limit_s)
            assert not any(c.transport.is_closing() for c in place.connections)
            place.sweep()
            assert (await everything(reader)).endswith(b"<closed>")

    run(main())


def test_a_client_that_does_not_read_is_cut_off_and_one_that_reads_slowly_is_not() -> None:
    """
    Seen to fail with :meth:`close` waiting for what is not yet sent.
    """

    async def main() -> None:
        async with door() as place:
            reader = await opened(place, b"")
            (connection,) = place.connections
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            while not connection.transport.get_write_buffer_size():
                connection.transport.write(b"x" * 2**20)
                await asyncio.sleep(0)
            connection.seconds = 0
            for _ in range(3):
                assert place.sweep(IDLE_S - 1).slow == 1
                unsent = connection.transport.get_write_buffer_size()
                reader._transport.resume_reading()  # type: ignore[attr-defined]
                await until(lambda: connection.transport.get_write_buffer_size() < unsent)  # noqa: B023
                reader._transport.pause_reading()  # type: ignore[attr-defined]
                while not connection.transport.get_write_buffer_size():
                    connection.transport.write(b"x" * 2**20)
                    await asyncio.sleep(0)
                connection.unsent = connection.transport.get_write_buffer_size() + 1
            connection.transport.write(b"x" * 2**25)  # more than any system takes off its hands
            place.sweep(IDLE_S + 2)
            await until(lambda: not place.connections)

    run(main())


def test_answers_of_the_application_that_nobody_takes_are_cut_off_as_well() -> None:
    """
    Seen to fail when whatever was being answered had all the time there is: of some large answers in a row the second
    waited for the first to be read, and the connection lived as long as its client liked. And with nothing counted as
    taken: a slow reader was cut off.
    """

    async def main() -> None:
        async with door() as place:
            client, connection = await slow_reader(place)
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            client.send(get("/openapi.json") * 30)
            await until(lambda: connection.flow.write_paused and connection.between)
            connection.seconds = 10 * IDLE_S  # which it took to make them
            for _ in range(3):
                place.sweep(IDLE_S - 1)
                unsent = connection.transport.get_write_buffer_size()
                while connection.transport.get_write_buffer_size() >= unsent:
                    with suppress(BlockingIOError):
                        client.recv(65_536)
                    await asyncio.sleep(0)
                await until(lambda: connection.flow.write_paused)
            place.sweep(2 * IDLE_S + 1)
            await until(lambda: not place.connections)
            client.close()

    run(main())


def test_a_head_that_is_not_let_in_before_earlier_answers_are_taken_is_not_late() -> None:
    """
    Seen to fail when it had the time of any head: of many requests sent at once, one is cut in two where a turn ends.
    """
    count = 60

    async def main() -> None:
        async with door() as place:
            client, connection = await slow_reader(place)
            client.send(get("/openapi.json") * count)
            await until(lambda: connection.flow.write_paused and connection.in_head)
            place.sweep(IDLE_S - 1)
            loop = asyncio.get_running_loop()
            came = bytearray()
            while came.count(b"HTTP/1.1 200 OK") < count and (more := await loop.sock_recv(client, 2**20)):
                came += more
            assert came.count(b"HTTP/1.1 200 OK") == count
            client.close()

    run(main())


FORM = b"number=441132456789"
ASKED = b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    ("raw", "count"),
    [(get("/changelog"), 2000), (ASKED + b"Content-Length: %d\r\n\r\n" % len(FORM) + FORM, 10_000)],
    ids=["without a body", "with a body"],
)
def test_however_many_requests_come_at_once_few_of_them_are_queued(raw: bytes, count: int) -> None:
    """
    Seen to fail with uvicorn's own way, which reads on after each answer: 4,877 of 5,000 were in memory at once. And,
    with bodies, when what follows a small one was read as if it were part of a large one: 508, or 431 for a large head.
    """
    most = most_bytes = 0

    async def main() -> None:
        nonlocal most, most_bytes
        async with door() as place:
            reader, writer = await place.connect()
            await until(lambda: place.connections)
            (connection,) = place.connections
            writer.write(raw * count)
            for _ in range(count):
                await reader.readuntil(b"HTTP/1.1 200 OK")
                most = max(most, len(connection.pipeline))
                most_bytes = max(most_bytes, len(connection.flow.waiting))

    run(main())
    assert 1 < most < 100
    assert most_bytes <= 2**19


def test_of_what_comes_while_requests_are_queued_one_piece_is_taken_and_no_more() -> None:
    """
    Seen to fail when reading went on: whoever reads the body of a request lets more come.
    """

    async def main() -> None:
        async with door() as place:
            await place.connect()
            await until(lambda: place.connections)
            (connection,) = place.connections
            connection.pipeline.append(None)  # type: ignore[arg-type] - nobody looks what it is
            connection.data_received(ASK)
            assert connection.flow.read_paused
            connection.flow.resume_reading()
            assert connection.flow.read_paused
            assert connection.flow.waiting == ASK

    run(main())


class Waiting:
    """
    A connection as the sweep sees it.
    """

    limit_s = 100

    def __init__(self, seconds: int, *, slow: bool = True) -> None:
        self.seconds, self.slow, self.closed = seconds, slow, False

    def is_answering(self) -> bool:
        return False

    def is_slow(self) -> bool:
        return self.slow

    def close(self) -> None:
        self.closed = True


def test_of_too_many_slow_connections_the_silent_go_first_and_then_the_oldest() -> None:
    """
    Seen to fail with ``_too_many`` empty.
    """
    silent, old, new = Waiting(-5), Waiting(50), Waiting(10)
    idle = [Waiting(90, slow=False) for _ in range(20)]
    crowd = sweep_once([silent, old, new, *idle], 1)
    assert (silent.closed, old.closed, new.closed) == (True, True, False)
    assert not any(connection.closed for connection in idle)
    assert (crowd.open, crowd.slow) == (23, 1)
    assert sweep.MAX_SLOW >= 1


def test_who_asks_is_not_slow_however_it_asks() -> None:
    async def main() -> None:
        async with door() as place:
            readers = [await opened(place, ASK) for _ in range(5)]
            for reader in readers:
                await reader.readuntil(b"}")
            assert place.sweep(5).slow == 0
            await opened(place, b"GET /")
            assert place.sweep(2).slow == 1

    run(main())


def test_a_draining_process_closes_with_the_next_answer_and_waits_for_idle_clients_only_shortly() -> None:
    """
    Seen to fail with :meth:`shutdown` closing idle connections at once, as uvicorn does.
    """

    async def main() -> None:
        async with door() as place:
            asking, idle = await opened(place, ASK), await opened(place, ASK)
            for reader in (asking, idle):
                await reader.readuntil(b"}")
            place.desk.draining = True
            for connection in list(place.connections):
                connection.shutdown()
            place.clients[0].write(ASK)
            answer = await everything(asking)
            assert answer.count(b"HTTP/1.1 200") == 1
            assert b"connection: close\r\n" in answer
            assert answer.endswith(b"<closed>")
            place.sweep(DRAIN_IDLE_S)
            assert len(place.connections) == 1
            place.sweep()
            assert await everything(idle) == b"<closed>"
            late = await place.ask(ASK)
            assert b"connection: close\r\n" in late
            assert b'"prefix":"44113"' in late

    run(main())
