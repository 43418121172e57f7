"""
Too much work is refused at once, and who watches the service is not.
"""

import asyncio
import json

import pytest
from support.corpus import get
from support.inside import door, everything, run
from support.patience import until

from service.http import overload
from service.http.overload import Load
from service.http.protocol import HotProtocol

RATE, LIST = b"/api/rate.json", b"/api/ratecard/list.json"
FORM = b"number=441132456789"


def _begins(load: Load, path: bytes, loop: asyncio.AbstractEventLoop) -> bool:
    if load.is_full(path):
        return False
    load.begin(path, loop)
    return True


def post(path: str, *fields: str) -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: a", "Content-Type: application/x-www-form-urlencoded", *fields)
    return "\r\n".join((*head, f"Content-Length: {len(FORM)}", "", "")).encode() + FORM


@pytest.mark.parametrize(("each_s", "most"), [(0.0, overload.MANY), (0.001, 40), (1.0, overload.FEW)])
def test_in_one_turn_of_the_loop_no_more_is_begun_than_can_be_answered_soon(
    each_s: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    However long one takes. Seen to fail with the loop's clock taken for the turn, which on uvloop goes on meanwhile.
    """
    now = [0.0]
    monkeypatch.setattr(overload, "monotonic", lambda: now[0])

    async def main() -> None:
        load, loop = Load(), asyncio.get_running_loop()
        for turn in range(30):
            begun = sum(_begins(load, RATE, loop) for _ in range(1000))
            assert begun <= overload.MANY
            assert turn or begun == overload.MANY
            await asyncio.sleep(0)
            now[0] += each_s * begun
            await asyncio.sleep(0)
        assert begun == most

    run(main())


def test_waiting_look_ups_and_slow_services_do_not_take_each_other_s_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "MAX_LOOKUPS", 2)
    monkeypatch.setattr(overload, "MAX_SERVICES", 1)

    async def main() -> None:
        load, loop = Load(), asyncio.get_running_loop()
        waiting = [asyncio.create_task(asyncio.sleep(60)) for _ in range(3)]
        for task, path in zip(waiting, (RATE, RATE, LIST), strict=True):
            assert _begins(load, path, loop)
            load.note(task, path)
        assert not _begins(load, RATE, loop)
        assert not _begins(load, LIST, loop)
        assert _begins(load, b"/readyz", loop)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert _begins(load, RATE, loop)
        assert _begins(load, LIST, loop)

    run(main())


@pytest.mark.parametrize(
    ("path", "start"),
    [
        ("/api/rate.json", b'{"error":{"code":503,"reason":"Overloaded","retry_after":1}}'),
        ("/api/rate.xml", b'<?xml version="1.0"?><rate><error><code>503</code><reason>Overloaded</reason>'),
        ("/api/rate", b"<!doctype html>"),
        ("/api/ratecard/list.json", b'{"error":{"code":503,"reason":"Overloaded","retry_after":1}}'),
        ("/nothing", b'{"error":{"code":503,"reason":"Overloaded","retry_after":1}}'),
    ],
)
def test_the_refusal_says_when_to_come_again_and_leaves_the_connection(
    path: str, start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Look-ups by GET go on meanwhile. Seen to fail with ``is_full`` always false.
    """
    monkeypatch.setattr(overload, "MANY", 0)

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            for _ in range(2):
                writer.write(post(path)[:-3])
                await asyncio.sleep(0.01)
                writer.write(FORM[-3:])
                answer = await everything(reader)
                assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
                assert b"\r\nretry-after: 1\r\n" in answer
                assert answer.partition(b"\r\n\r\n")[2].startswith(start)
            writer.write(get("/api/rate.json?number=441132456789") + get("/livez"))
            answers = await everything(reader)
            assert (answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 ")) == (2, 2)

    run(main())


def test_a_request_like_one_refused_before_is_refused_alike_unparsed_and_answered_once_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Seen to fail with the room not looked at: it was refused for ever. And without the length of the body looked at.
    """
    monkeypatch.setattr(overload, "MANY", 0)

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            writer.write(post("/api/rate.json"))
            first = await everything(reader)
            (connection,) = place.connections
            assert isinstance(connection, HotProtocol)
            assert list(connection.refused_blocks.values()) == [len(FORM)]
            parser, connection.parser = connection.parser, None
            writer.write(post("/api/rate.json?card=a"))
            assert await everything(reader) == first
            assert connection.load.refused == 2
            connection.parser = parser
            for raw in (post("/api/rate.json")[:-1], post("/api/rate.json") + get("/livez")):
                assert not connection._refuse_block(raw)
                assert not connection._refuse_block(raw.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
            monkeypatch.setattr(overload, "MANY", 400)
            connection.load._most = 400
            assert not connection._refuse_block(post("/api/rate.json"))

    run(main())


CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(FORM), FORM)
INNER = post("/api/rate.json")


@pytest.mark.parametrize(
    ("fields", "length", "parts"),
    [
        (("Connection: close",), b"Content-Length: %d" % len(FORM), (FORM,)),
        (("Transfer-Encoding: chunked",), b"X: a", (CHUNKED,)),
        ((), b"Content-Length: %d" % len(INNER), (b"", INNER)),
    ],
    ids=["closes", "chunked", "in two"],
)
def test_only_of_whole_requests_that_leave_the_connection_is_the_head_remembered(
    fields: tuple[str, ...], length: bytes, parts: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A body that looks like a request, behind a head that came before, would teach a length that is not its head's. Seen
    to fail, for the one that closes, with no field looked at.
    """
    monkeypatch.setattr(overload, "MANY", 0)
    head = post("/api/rate.json", *fields).removesuffix(FORM).replace(b"Content-Length: %d" % len(FORM), length)

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            await until(lambda: place.connections)
            learned = next(iter(place.connections)).refused_blocks  # type: ignore[attr-defined]
            writer.write(head + parts[0])
            for part in parts[1:]:
                await until(lambda: place.taken == len(head))
                writer.write(part)
            assert b" 503 " in await everything(reader)
            assert learned == {}

    run(main())


def test_a_refused_request_whose_connection_does_not_stay_is_answered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overload, "MANY", 0)

    async def main() -> None:
        async with door() as place:
            for raw in (
                post("/api/rate.json", "Connection: close"),
                post("/api/rate.json", "Expect: 100-continue"),
                post("/api/rate.json", "Connection: close") + get("/livez"),
            ):
                answer = await place.ask(raw)
                assert answer.count(b"HTTP/1.1 ") == 1
                assert b"connection: close\r\n" in answer
                assert answer.endswith(b"<closed>")
                body = answer.partition(b"\r\n\r\n")[2].removesuffix(b"<closed>")
                assert json.loads(body)["error"]["reason"] == "Overloaded"

    run(main())
