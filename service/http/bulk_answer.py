"""
The lines of a bulk request answered: each as the service itself answers it, very many of them at once where they are
plain, and never so many in a row that other requests wait for them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from time import monotonic_ns, perf_counter
from typing import Any, Protocol

import polars as pl

from service.access.account import Identity
from service.errors import ApiError
from service.http import ask
from service.http.bulk_ask import Read, text_of
from service.http.bulk_lines import Block
from service.http.query import Names, Parameters
from service.http.smart import Waiting
from service.lookups.rate_many import written
from service.quota.meter import Meter, Mode
from service.render.plain import to_json
from service.snapshot import Desk

SLICE_S = 0.001
"""That the loop is held for bulk requests at a time, all of them together."""
PART = 128
"""Lines answered one by one before their answers go out."""
DIPS = 64
"""Lines whose answers others are asked for at one time."""
PATIENCE_NS = 3_000_000_000
"""How long numbers wait for what the lender may still have of a limit."""
Answer = Callable[[Parameters, Identity, Desk, bool], dict[str, Any] | bytes | Waiting]
Row = Callable[[dict[str, Any]], bytes]


class Quick(Protocol):
    """
    Answers lines that are nothing but a number.
    """

    def one(self, raw: bytes) -> bytes | None:
        """
        The answer to a line; None: the general way must tell.
        """

    async def many(self, block: Block) -> tuple[bytes, pl.Series] | None:
        """
        The answers to all lines where there is one to each, else nothing; and each, null as above. None: there are
        too few to ask them all at once.
        """


@dataclass(frozen=True)
class Asked:
    """
    A bulk request, checked.

    Attributes:
        service: whose questions these are, such as ``rate``.
        answer: that service.
        known: names that a line may say.
        defaults: what lines need not say.
        desk: with the snapshot and the time that every line is answered from.
        row: writes the fields of an answer; None: as JSON.
    """

    service: str
    answer: Answer
    known: Names
    defaults: Parameters
    identity: Identity
    desk: Desk
    row: Row | None = None


class Answering:
    """
    One bulk request at work.
    """

    open = 0
    """How many there are in this process."""

    def __init__(self, asked: Asked, read: Read, quick: Quick | None) -> None:
        """
        Args:
            quick: for plain lines; None: there is no such way here.
        """
        self._asked = asked
        self._read = read
        self._quick = quick
        self._admitted = 0
        self._are_plain = True
        self._until = perf_counter()

    async def answer(self, block: Block) -> AsyncIterator[bytes]:
        """
        The answers to the lines of a block, charged to the account's plan.

        Raises:
            ApiError: 429, where not one line was let through so far.
        """
        meter = self._asked.identity.meter
        while block.count:
            lines = _not_blank(block.text)
            taken = await admit(meter, self._asked.service, lines, self._asked.desk)
            self._admitted += taken
            if taken == lines:
                async for piece in self._let_through(block):
                    yield piece
                return
            first, block = block.split(_lines_of(block.text, taken))
            if not taken:
                error = meter.refusal(self._asked.service, monotonic_ns(), int(self._asked.desk.clock()))
                if not self._admitted:
                    raise error
                yield b"".join(self._refused(error, line) for line, raw in _lines(block) if raw.strip())
                return
            async for piece in self._let_through(first):
                yield piece

    async def _let_through(self, block: Block) -> AsyncIterator[bytes]:
        found = await self._quick.many(block) if self._quick is not None and self._are_plain else None
        if found is not None:
            answered, each = found
            yield answered or await self._fill(block, each)
            return
        lines = _lines(block)
        while part := list(islice(lines, PART)):
            yield b"".join(await self._one_by_one(part))

    async def _fill(self, block: Block, each: pl.Series) -> bytes:
        """
        Answers to a block of which some lines are not plain.
        """
        lines = block.text.split(b"\n")
        places = each.is_null().arg_true()
        if len(places) * 2 > block.count:
            self._are_plain = False
        rest = await self._one_by_one((block.line + at, lines[at]) for at in places)
        texts = [answer.decode().removesuffix("\n") or None for answer in rest]
        return written(each.scatter(places, pl.Series(texts, dtype=pl.String)))

    async def _one_by_one(self, lines: Iterable[tuple[int, bytes]]) -> list[bytes]:
        """
        Line by line on the loop, which gets its turn now and then.
        """
        out: list[bytes] = []
        waiting: dict[int, Awaitable[bytes]] = {}
        plain = _never if self._quick is None else self._quick.one
        for line, raw in lines:
            answer = plain(raw) or self.one(raw, line)
            if isinstance(answer, bytes):
                out.append(answer)
            else:
                waiting[len(out)] = self._later(answer, line)
                out.append(b"")
            if len(waiting) >= DIPS:
                await _fill_in(out, waiting)
            if perf_counter() > self._until:
                await asyncio.sleep(0)
                self._until = perf_counter() + SLICE_S / max(1, self.open)
        await _fill_in(out, waiting)
        return out

    def one(self, raw: bytes, line: int) -> bytes | Waiting:
        """
        Answer a line; nothing, where it is blank.
        """
        asked = self._asked
        try:
            text = text_of(raw)
            if not text:
                return b""
            parameters = {**asked.defaults, **self._read(text)}
            ask.check_names(parameters, asked.known)
            answer = asked.answer(parameters, asked.identity, asked.desk, asked.row is None)
        except ApiError as error:
            return self._refused(error, line)
        return answer if isinstance(answer, Waiting) else self._line(answer)

    async def _later(self, waiting: Waiting, line: int) -> bytes:
        try:
            return self._line(waiting.tell(await waiting.dip()))
        except ApiError as error:
            return self._refused(error, line)

    def _line(self, answer: dict[str, Any] | bytes) -> bytes:
        row = self._asked.row
        if row is not None and isinstance(answer, dict):
            return row(answer)
        return (answer if isinstance(answer, bytes) else to_json(answer)) + b"\n"

    def _refused(self, error: ApiError, line: int) -> bytes:
        told = error.body()
        told["error"]["line"] = line
        return self._line(told)


async def _fill_in(out: list[bytes], waiting: dict[int, Awaitable[bytes]]) -> None:
    """
    Put answers that others were asked for into their places.
    """
    for place, answer in zip(waiting, await asyncio.gather(*waiting.values()), strict=True):
        out[place] = answer
    waiting.clear()


async def admit(meter: Meter, service: str, count: int, desk: Desk) -> int:
    """
    Charge so many questions, and wait for the lender where it may have more.

    Returns:
        How many were let through; fewer only where no more are left.
    """
    taken = meter.take_many(service, count, monotonic_ns())
    began = monotonic_ns()
    while taken < count and meter.mode is Mode.REDIS and monotonic_ns() - began < PATIENCE_NS:
        await desk.lend(meter)
        more = meter.take_many(service, count - taken, monotonic_ns())
        taken += more
        began = monotonic_ns() if more else began
        if not more and not meter.may_have_more(service, monotonic_ns()):
            break
    return taken


def frozen(desk: Desk) -> Desk:
    """
    A desk whose snapshot and time stay what they are.
    """
    now = desk.clock()
    return replace(desk, clock=lambda: now)


def _never(_raw: bytes) -> None:
    """
    Where there is no quick way.
    """


def _lines(block: Block) -> Iterator[tuple[int, bytes]]:
    return enumerate(block.text.split(b"\n")[:-1], block.line)


def _not_blank(text: bytes) -> int:
    """
    Lines with something in them.
    """
    count = text.count(b"\n")
    if b"\n\n" in text or text[:1].isspace() or b" \n" in text or b"\t\n" in text:
        count -= sum(not line.strip() for line in text.split(b"\n")[:-1])
    return count


def _lines_of(text: bytes, count: int) -> int:
    """
    How many lines there are up to so many that have something in them.
    """
    lines = 0
    for line in text.split(b"\n")[:-1]:
        if count == 0:
            break
        lines += 1
        count -= bool(line.strip())
    return lines
