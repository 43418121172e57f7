"""
What somebody else says of numbers: asked, kept for a while, and given up on in time.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_KEPT = 100_000
"""Answers kept, some 500 bytes each; full, the oldest go."""
Fields = dict[str, str]


class SourceError(Exception):
    """
    No answer, or none that can be used; the message says why, without address or number.
    """


class Source(Protocol):
    """
    Somebody who can be asked.

    Attributes:
        name: as answers tell it.
        deadline_s: seconds after which an answer comes too late.
    """

    @property
    def name(self) -> str: ...

    @property
    def deadline_s(self) -> float: ...

    async def ask(self, number: str) -> Fields | None:
        """
        What is known of a number; None: nothing is.

        Raises:
            SourceError: there is no answer.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Dipped:
    """
    What came of a dip.

    Attributes:
        fields: what is known of the number; None: nothing is, or nobody answered.
        source: who said so; empty: nobody answered.
        at: unix seconds of the answer.
        errors: why those did not answer who did not, in the order in which they were asked.
    """

    fields: Fields | None
    source: str = ""
    at: float = 0.0
    errors: tuple[str, ...] = ()


class Dips:
    """
    Sources for one kind of question, asked one after the other until one answers.
    """

    __slots__ = ("_asking", "_clock", "_keep_s", "_kept", "sources")

    def __init__(self, sources: Sequence[Source], keep_s: float, clock: Callable[[], float] = time.time) -> None:
        """
        Take the sources in the order in which they are asked.

        Args:
            keep_s: seconds for which an answer is told again; 0: it is not.
            clock: unix seconds.
        """
        self.sources = tuple(sources)
        self._keep_s = keep_s
        self._clock = clock
        self._kept: dict[str, Dipped] = {}
        self._asking: dict[str, asyncio.Task[Dipped]] = {}

    async def find(self, numbers: Iterable[str]) -> dict[str, Dipped]:
        """
        Ask about numbers, all at once: each as long as its sources may take together, and no longer.

        A number that is being asked about already is not asked about again.
        """
        found: dict[str, Dipped] = {}
        tasks: dict[str, asyncio.Task[Dipped]] = {}
        for number in dict.fromkeys(numbers):
            kept = self._recall(number)
            if kept is not None:
                found[number] = kept
            else:
                tasks[number] = self._begin(number)
        if tasks:
            await asyncio.wait(tasks.values())
        return found | {number: task.result() for number, task in tasks.items()}

    async def close(self) -> None:
        """
        Give up what is being asked.
        """
        for task in list(self._asking.values()):
            task.cancel()
        for source in self.sources:
            await source.close()

    def _recall(self, number: str) -> Dipped | None:
        kept = self._kept.get(number)
        if kept is None or self._clock() - kept.at >= self._keep_s:
            return None
        return kept

    def _begin(self, number: str) -> asyncio.Task[Dipped]:
        task = self._asking.get(number)
        if task is None:
            task = self._asking[number] = asyncio.create_task(self._ask(number), name="dip")
            task.add_done_callback(lambda _: self._asking.pop(number, None))
        return task

    async def _ask(self, number: str) -> Dipped:
        errors: list[str] = []
        for source in self.sources:
            try:
                async with asyncio.timeout(source.deadline_s):
                    fields = await source.ask(number)
            except SourceError as error:
                errors.append(f"{source.name}: {error}")
            except TimeoutError:
                errors.append(f"{source.name}: no answer within {source.deadline_s * 1000:.0f} ms")
            else:
                return self._keep(number, Dipped(fields, source.name, self._clock(), tuple(errors)))
        return Dipped(None, errors=tuple(errors))

    def _keep(self, number: str, dipped: Dipped) -> Dipped:
        if self._keep_s > 0:
            self._kept.pop(number, None)
            while len(self._kept) >= MAX_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[number] = dipped
        return dipped
