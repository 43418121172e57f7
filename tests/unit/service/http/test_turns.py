"""
Requests sent one behind the other are all answered, in their order, and hold up nobody else.
"""

import asyncio
import socket

import pytest
from support.corpus import get
from support.inside import Place, door, run
from support.patience import until
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from service.http.turns import BODY_TURN, HEAD_TURN, Turns

MANY = 3000
NUMBERS = [f"44113245{n:04d}" for n in range(MANY)]
PRICES = [get(f"/api/rate.json?number={number}") for number in NUMBERS]


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await reader.readexactly(length)


async def read_prices(reader: asyncio.StreamReader) -> list[str]:
    return [(await read_answer(reader)).split(b'"')[3].decode() for _ in range(MANY)]


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_thousands_sent_at_once_are_answered_in_their_order(cut: int) -> None:
    """
    Seen to fail when all that a read brought counted as the head that it broke off in: refused as too large.
    """

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            raw = b"".join(PRICES)
            for start in range(0, len(raw), len(raw) // cut + 1):
                writer.write(raw[start : start + len(raw) // cut + 1])
                await asyncio.sleep(0)
            assert await read_prices(reader) == NUMBERS

    run(main())


def test_who_asks_beside_them_does_not_wait_for_the_last() -> None:
    """
    Seen to fail when a read was answered whole: nobody's turn came before its end.
    """

    async def main() -> None:
        async with door() as place:
            together, asked = await _connected(place), await _connected(place)
            together.sendall(b"".join(PRICES))
            asked.sendall(PRICES[0])
            await asyncio.get_running_loop().sock_recv(asked, 9999)
            (busy,) = [c for c in place.connections if c.flow.waiting]
            assert len(busy.flow.waiting) > HEAD_TURN
            together.close()
            asked.close()

    run(main())


async def _connected(place: Place) -> socket.socket:
    count = len(place.connections)
    client = socket.create_connection(("127.0.0.1", place.port))
    await until(lambda: len(place.connections) > count)
    client.setblocking(False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
    return client


def test_no_more_is_answered_than_is_read() -> None:
    """
    Seen to fail when turns went on while answers waited: all of them were made at once.
    """

    async def main() -> None:
        async with door() as place:
            client = await _connected(place)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            (connection,) = place.connections
            connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(client, b"".join(PRICES))
            await until(lambda: connection.flow.write_paused)
            for _ in range(50):
                await asyncio.sleep(0)
            assert connection.flow.waiting
            assert connection.transport.get_write_buffer_size() < 2 * HIGH_WATER_LIMIT
            came = b""
            while came.count(b"HTTP/1.1 200 OK") < MANY or not came.endswith(b"}"):
                came += await loop.sock_recv(client, 2**20)
            client.close()

    run(main())


def test_whoever_wants_more_gets_none_while_some_waits() -> None:
    """
    Seen to fail without the condition: what waits would grow by a read for each part the application takes.
    """
    client, server = socket.socketpair()

    async def main() -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=server)
        turns = Turns(transport)
        turns.pause_reading()
        turns.waiting = b"a"
        turns.resume_reading()
        assert not transport.is_reading()
        turns.waiting = b""
        turns.resume_reading()
        assert transport.is_reading()
        transport.close()

    with client, server:
        run(main())


def test_a_body_of_many_turns_is_one_body() -> None:
    """
    Seen to fail when a turn began with what came last.
    """

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            numbers = [f"4411324{n % 10**5:05d}" for n in range(60_000)]
            body = "\n".join(numbers).encode()
            assert len(body) > 10 * BODY_TURN
            writer.write(
                b"POST /api/rate/bulk.ndjson HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body) + PRICES[0]
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            said = b""
            while not said.endswith(b"\r\n0\r\n\r\n"):
                said += await reader.readuntil(b"\r\n")
            found = [part.split(b'"')[0].decode() for part in said.split(b'"number":"')[1:]]
            assert found == numbers
            assert (await read_answer(reader)).split(b'"')[3].decode() == NUMBERS[0]

    run(main())
