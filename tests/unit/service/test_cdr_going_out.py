"""
An answer that goes out as it is made is whole, or shows that it is not, and lets go of what it held either way.
"""

import asyncio
import gzip
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from service.errors import ApiError, unavailable
from service.http import stream
from service.http.stream import Stream, Streamed

Sent = list[dict[str, Any]]


def pieces(*parts: bytes | Exception) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


def gone_out(
    *parts: bytes | Exception, accepted: str = "", stalls: bool = False, packed: bool = False
) -> tuple[Sent, bool]:
    """
    What was sent, and whether what was held has been let go of.
    """
    sent: Sent = []
    freed: list[bool] = []

    async def run() -> None:
        async with AsyncExitStack() as held:
            held.callback(freed.append, True)
            answer = Stream(b"text/csv", pieces(*parts), (), packed=packed)
            await answer.begin(accepted, held)
        assert not freed
        await Streamed(answer)({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if stalls:
            await asyncio.sleep(60)

    asyncio.run(run())
    return sent, bool(freed)


def body(sent: Sent) -> bytes:
    return b"".join(message.get("body", b"") for message in sent)


def is_whole(sent: Sent) -> bool:
    return sent[-1].get("more_body") is False


def test_it_is_whole_and_compressed_where_that_is_wanted() -> None:
    sent, freed = gone_out(b"a,", b"", b"b\r\n")
    assert (body(sent), is_whole(sent), freed) == (b"a,b\r\n", True, True)
    sent, _ = gone_out(b"a,", b"b\r\n", accepted="gzip")
    assert (gzip.decompress(body(sent)), (b"content-encoding", b"gzip") in sent[0]["headers"]) == (b"a,b\r\n", True)
    sent, _ = gone_out(b"PK", accepted="gzip", packed=True)
    assert body(sent) == b"PK"


def test_what_goes_wrong_at_once_is_an_answer() -> None:
    with pytest.raises(ApiError, match="Overloaded"):
        gone_out(unavailable("Overloaded", 1))


def test_what_goes_wrong_later_leaves_it_without_an_end() -> None:
    sent, freed = gone_out(b"a", unavailable("Overloaded", 1))
    assert (body(sent), is_whole(sent), freed) == (b"a", False, True)


def test_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "STREAM_S", 0.05)
    sent, freed = gone_out(b"a", stalls=True)
    assert (len(sent), freed) == (1, True)
