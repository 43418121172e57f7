"""
Counts of the last seconds, in slots that are let go of one after the other.
"""

from collections.abc import Iterable

from service.quality.counts import Counts

SLOTS = 20
"""A window is so many slots: it slides by a twentieth of its length."""
AHEAD_S = 60
"""A call that ended so long after its record was received is of a wrong clock."""
Kept = list[int]
"""Counts that change in place; attempts grow first and shrink last, so that nobody who reads meanwhile sees fewer."""


class Window:
    """
    Counts of the last seconds, by anything.
    """

    def __init__(self, length_s: int) -> None:
        self.length_s = length_s
        self.totals: dict[tuple[str, ...], Kept] = {}
        self._slot_s = max(1, length_s // SLOTS)
        self._slots: dict[int, dict[tuple[str, ...], Kept]] = {}
        self._newest = 0

    def spans(self, ended_s: int) -> bool:
        """
        Whether an instant, unix seconds, is within it.
        """
        return self._newest - SLOTS < ended_s // self._slot_s <= self._newest + AHEAD_S // self._slot_s + 1

    def add(self, keys: Iterable[tuple[str, ...]], ended_s: int, counts: Counts) -> None:
        """
        Count an attempt that ended at an instant within it.
        """
        slot = self._slots.setdefault(ended_s // self._slot_s, {})
        for key in keys:
            for kept in (slot, self.totals):
                found = kept.get(key)
                if found is None:
                    kept[key] = list(counts)
                else:
                    _increase(found, counts)

    def roll(self, now: int) -> list[tuple[str, ...]]:
        """
        Let go of what is no longer within the window; what nothing is left of.

        Args:
            now: unix seconds.
        """
        self._newest = now // self._slot_s
        gone = []
        for place in [place for place in self._slots if place <= self._newest - SLOTS]:
            for key, counts in self._slots.pop(place).items():
                left = self.totals[key]
                for field in reversed(range(len(counts))):
                    left[field] -= counts[field]
                if not left[0]:
                    del self.totals[key]
                    gone.append(key)
        return gone


def _increase(kept: Kept, counts: Counts) -> None:
    for field, count in enumerate(counts):
        if count:
            kept[field] += count
