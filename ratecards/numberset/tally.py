"""
How many numbers last answered with which code, by the hour, so that those too old drop out without being visited.
"""

from collections.abc import Iterable
from typing import Final

from ratecards.numberset.answer import CODES, NONE, answer_of

HOUR_S: Final = 3_600


def first_hour(now: int, keep_s: int) -> int:
    """
    The unix second at which the earliest hour begins that still has an answer in it to be kept.
    """
    return (now - keep_s + 1) // HOUR_S * HOUR_S


class Tally:
    """
    Numbers counted by the code and the hour of their last answer.
    """

    __slots__ = ("_counts",)

    def __init__(self, counts: Iterable[tuple[int, int]] = ()) -> None:
        """
        Take up what :meth:`as_json` wrote.
        """
        self._counts = dict(counts)

    def move(self, old: int, new: int) -> None:
        """
        A number's answer was one stamp, or none, and is another.
        """
        if old != NONE:
            self._add(old, -1)
        self._add(new, 1)

    def _add(self, stamp: int, number: int) -> None:
        hour = stamp // (CODES * HOUR_S) * (CODES * HOUR_S) + stamp % CODES
        self._counts[hour] = self._counts.get(hour, 0) + number

    def by_code(self, since: int) -> dict[int, int]:
        """
        Count by code, from a unix second at which an hour begins.
        """
        counts: dict[int, int] = {}
        for hour, count in self.as_json(since):
            code = answer_of(hour).code
            counts[code] = counts.get(code, 0) + count
        return dict(sorted(counts.items()))

    def as_json(self, since: int) -> list[tuple[int, int]]:
        """
        Write the hours from a unix second on.
        """
        floor = since * CODES
        return sorted((hour, count) for hour, count in tuple(self._counts.items()) if hour >= floor and count > 0)
