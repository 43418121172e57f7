"""
Too much work is refused at once, and who watches the service is not.
"""

import asyncio
import json

import pytest
from support.corpus import get
from support.inside import door, everything, run

from service.http import overload
from service.http.overload import Load

RATE, LIST = b"/api/rate.json", b"/api/ratecard/list.json"
FORM = b"number=441132456789"


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
            begun = sum(not load.is_full(RATE, loop) for _ in range(1000))
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
            assert not load.is_full(path, loop)
            load.note(task, path)
        assert load.is_full(RATE, loop)
        assert load.is_full(LIST, loop)
        assert not load.is_full(b"/readyz", loop)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not load.is_full(RATE, loop)
        assert not load.is_full(LIST, loop)

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
