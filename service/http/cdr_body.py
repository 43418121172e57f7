"""
Call records as they come in over HTTP: kept as they come, never whole in memory.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import orjson
from starlette.requests import Request

from service.errors import ApiError, invalid, missing, standard, unavailable
from service.http.body import read_body
from service.http.cdr_ask import told
from service.http.query import parse_query
from service.manage.cdr_columns import Batch
from service.manage.cdr_intake import CSV, JSON, NDJSON, Intake
from service.manage.cdr_load import PIECE
from service.manage.cdr_stack import Load, Stack
from service.manage.cdr_store import WRITER, aside
from service.manage.cdr_tally import Tally
from service.store.records_keep import Kept

MAX_RECORDS = 256 * 1024 * 1024
"""Bytes of a body: a million records or two."""
BODY_S = 600.0
LARGE_AT_ONCE = 16
"""Bodies of more than one piece that one process takes in at a time: some ten MiB of memory each."""
_large: set[ExitStack] = set()
FORM, PACKED_FORM = "application/x-www-form-urlencoded", "application/x-www-form-base64-encoded"
KINDS: dict[str, str | None] = {
    "application/json": JSON,
    "application/x-ndjson": NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "text/csv": CSV,
    "text/plain": None,
    "application/octet-stream": None,
    "": None,
}
"""Content types, and what is in them; None: as it looks."""
_CDR = "cdr"
"""The field of a form that FreeSWITCH puts its document into."""


def content_type(request: Request) -> str:
    """
    Raises:
        ApiError: 415.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in KINDS and kind not in {FORM, PACKED_FORM}:
        raise standard(415, "send a form, application/json, application/x-ndjson or text/csv")
    return kind


class Keeping:
    """
    Keeps records while the next ones are read; at most one load at a time.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._running: tuple[Load, asyncio.Task[Kept]] | None = None

    async def begin(self, load: Load | None) -> None:
        await self.end()
        if load is not None:
            self._running = load, asyncio.create_task(WRITER.add(load.rows), name="call records kept")

    async def end(self) -> None:
        """
        Wait for what was begun.

        Raises:
            ApiError: 503, it was not kept.
        """
        if self._running is not None:
            (load, done), self._running = self._running, None
            with told():
                self._tally.add(load.places, await done)


async def take_in(request: Request, intake: Intake, stack: Stack) -> None:
    """
    Read a body of records and keep them.

    Raises:
        ApiError: 400, 408 or 413; records that came before stand, and to send all of them again is right. 503 where
            the store does not answer.
    """
    kind, keeping = content_type(request), Keeping(stack.tally)
    try:
        if kind in (FORM, PACKED_FORM):
            event = _event(kind, await read_body(request))
            with told():
                stack.put(await aside(intake.event, event))
        else:
            intake.kind = KINDS[kind]
            await _in_time(request, intake, stack, keeping)
    finally:
        await keeping.begin(stack.take())
        await keeping.end()


async def _in_time(request: Request, intake: Intake, stack: Stack, keeping: Keeping) -> None:
    try:
        async with asyncio.timeout(BODY_S):
            with ExitStack() as held:
                async for piece, is_last in _pieces(request):
                    if not is_last:
                        _is_large(held)
                    await _read(intake, stack, keeping, piece, is_last=is_last)
    except TimeoutError:
        raise standard(408, f"the records did not come in within {BODY_S:g} seconds") from None


def _is_large(held: ExitStack) -> None:
    """
    Count a body that comes in several pieces among those that are, until what is held is let go of.

    Raises:
        ApiError: 503, there are as many as memory is set aside for.
    """
    if held in _large:
        return
    if len(_large) >= LARGE_AT_ONCE:
        raise unavailable("Overloaded", 1, f"{LARGE_AT_ONCE} large bodies of records are being taken in already")
    _large.add(held)
    held.callback(_large.discard, held)


async def _read(intake: Intake, stack: Stack, keeping: Keeping, piece: bytes, *, is_last: bool) -> None:
    batches = intake.feed(piece, is_last=is_last)
    while True:
        with told():
            batch: Batch | None = await aside(next, batches, None)
        if batch is None:
            return
        stack.put(batch)
        if stack.is_full:
            await keeping.begin(stack.take())


async def _pieces(request: Request) -> AsyncIterator[tuple[bytes, bool]]:
    """
    The body in pieces of some size, each with whether it is the last.
    """
    count, piece = 0, bytearray()
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_RECORDS:
        raise _too_long()
    async for part in request.stream():
        count += len(part)
        if count > MAX_RECORDS:
            raise _too_long()
        piece += part
        if len(piece) >= PIECE:
            yield bytes(piece), False
            piece.clear()
    yield bytes(piece), True


def _too_long() -> ApiError:
    return standard(413, f"a body of records may have {MAX_RECORDS} bytes")


def _event(kind: str, body: bytes) -> dict[str, Any]:
    """
    A form as a record: its fields, or the document that FreeSWITCH puts into one of them.
    """
    if kind == PACKED_FORM:
        name, _, value = body.partition(b"=")
        if name.decode(errors="replace") != _CDR:
            raise missing(_CDR)
        return _document(_unpacked(value))
    fields = parse_query(body)
    return _document(fields[_CDR].encode()) if _CDR in fields else dict(fields)


def _unpacked(value: bytes) -> bytes:
    try:
        return base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        raise invalid(_CDR, "is not base64") from None


def _document(text: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(text.rstrip(b"\0"))
    except orjson.JSONDecodeError:
        raise invalid(_CDR, "is not JSON") from None
    if not isinstance(document, dict):
        raise invalid(_CDR, "is not a JSON object")
    return document
