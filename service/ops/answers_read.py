"""
From call records and lists to what was last answered for each number.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Engine

from ratecards.numbers import NumberError
from ratecards.numberset import Answers
from service.ops.answers_file import Positions
from service.store.attempts import AT_ONCE, Attempt, attempts_after
from service.store.listed import Listed, listed_after

SOME = 100
"""Taken between two pauses, in which the loop that answers has the interpreter to itself."""
Numbers = Mapping[str, Answers]
"""By environment."""
Pause = Callable[[], None]
Seen = Callable[[Sequence[Attempt]], None]
Item = TypeVar("Item")


def take_attempts(numbers: Numbers, attempts: Iterable[Attempt]) -> None:
    """
    Learn from call records. One that no number can be made of, whoever wrote it, holds nobody up.
    """
    for one in attempts:
        answers = numbers.get(one.environment)
        if answers is None:
            continue
        try:
            answers.take(one.number, one.sip_code, one.start_ms // 1000, one.received, one.q850)
        except NumberError:
            continue


def take_listed(numbers: Numbers, lines: Iterable[Listed]) -> None:
    """
    Learn from lists.
    """
    for one in lines:
        answers = numbers.get(one.environment)
        if answers is None:
            continue
        try:
            answers.take(one.number, one.code, one.answered_at, one.received)
        except NumberError:
            continue


class Reader:
    """
    Reads on where it stopped, some records and lines at a time.

    Attributes:
        numbers: what is known, by environment.
        positions: up to where all has been taken.
    """

    def __init__(self, engine: Engine, numbers: Numbers, positions: Positions, pause: Pause | None = None) -> None:
        """
        Args:
            pause: called after every hundred that are taken.
        """
        self.numbers = numbers
        self.positions = positions
        self._engine = engine
        self._pause = pause

    def read(self, upto: Positions | None = None, seen: Seen | None = None, at_once: int = AT_ONCE) -> bool:
        """
        Read some.

        Args:
            upto: where to stop; None: at the end.
            seen: is shown the records too.

        Returns:
            Whether there is nothing left for now.
        """
        attempts = attempts_after(self._engine, self.positions.records, at_once, None if upto is None else upto.records)
        for some in self._pieces(attempts):
            take_attempts(self.numbers, some)
            if seen is not None:
                seen(some)
            self.positions = replace(self.positions, records=some[-1].position)
        lines = listed_after(self._engine, self.positions.listed, at_once, None if upto is None else upto.listed)
        for few in self._pieces(lines):
            take_listed(self.numbers, few)
            self.positions = replace(self.positions, listed=few[-1].position)
        return len(attempts) < at_once and len(lines) < at_once

    def _pieces(self, taken: Sequence[Item]) -> Iterator[Sequence[Item]]:
        for start in range(0, len(taken), SOME):
            yield taken[start : start + SOME]
            if self._pause is not None:
                self._pause()
