"""
How carriers did of late: attempts counted as their records come, in windows that slide, so that no question counts.
"""

from collections.abc import Iterable, Iterator

from service.quality.counts import Counts, Key, Wanted, add_up, counts_of
from service.quality.window import AHEAD_S, Window
from service.store.attempts import Attempt

WINDOWS_S = (300, 3_600, 86_400)
MIN_CALLS = 20
MAX_KEYS = 2_048
"""Combinations of card, carrier and destination counted for an account; more are counted together."""
OTHER = "other"
"""Stands for what is counted together."""
_MAX_TOLD = 10_000
"""Answers about carriers kept until the windows slide."""


class Quality:
    """
    Windows of several lengths over the same attempts.

    One thread counts; any may ask meanwhile. An attempt is counted when its call ended, for that is when its record
    comes: counted by its start, a window would know of the long calls in it last.

    Attributes:
        windows_s: lengths of the windows, ascending.
        min_calls: attempts below which nothing is said.
        is_whole: the attempts of all of the longest window have been read.
    """

    def __init__(self, windows_s: Iterable[int] = WINDOWS_S, min_calls: int = MIN_CALLS) -> None:
        self.windows_s = tuple(sorted(windows_s))
        self.min_calls = min_calls
        self.is_whole = False
        self._windows = {length_s: Window(length_s) for length_s in self.windows_s}
        self._longest = self._windows[self.windows_s[-1]]
        self._keys: dict[tuple[str, str], set[Key]] = {}
        self._told: dict[tuple[str, frozenset[str], str, str], Counts | None] = {}

    def add(self, attempt: Attempt, destination: str) -> None:
        """
        Count an attempt.

        Args:
            destination: name of where the call went.
        """
        counts = counts_of(attempt)
        ended_s = (attempt.start_ms + (attempt.duration_ms or 0)) // 1000
        if counts is None or ended_s > attempt.received + AHEAD_S or not self._longest.spans(ended_s):
            return
        key = self._known(Key(attempt.environment, attempt.account, attempt.card, attempt.carrier, destination))
        together = (key.environment, key.carrier)
        keys = (key, together, (*together, key.card, key.destination))
        for window in self._windows.values():
            if window.spans(ended_s):
                window.add(keys, ended_s, counts)

    def roll(self, now: int) -> None:
        """
        Let the windows slide.

        Args:
            now: unix seconds.
        """
        for window in self._windows.values():
            gone = window.roll(now)
            if window is self._longest:
                self._forget(gone)
        self._told = {}

    def rows(self, wanted: Wanted, window_s: int) -> Iterator[tuple[Key, Counts]]:
        """
        What was counted in a window, in no order.
        """
        for key, counts in tuple(self._windows[window_s].totals.items()):
            if isinstance(key, Key) and wanted.has(key):
                yield key, Counts(*counts)

    def of_carrier(self, environment: str, names: frozenset[str], card: str, destination: str) -> Counts | None:
        """
        How a carrier did with calls to a destination, or else with calls to anywhere: in the shortest window but the
        first that has enough of them. None: there were too few.

        Args:
            names: that its records may have it by.
            card: whose rules the destination is named by.
        """
        asked = (environment, names, card, destination)
        told = self._told if len(self._told) < _MAX_TOLD else {}
        if asked not in told:
            told[asked] = self._of_carrier(*asked)
        self._told = told
        return told[asked]

    def _of_carrier(self, environment: str, names: frozenset[str], card: str, destination: str) -> Counts | None:
        for where in ((card, destination), ()):
            for length_s in self.windows_s[1:] or self.windows_s:
                totals = self._windows[length_s].totals
                found = [totals.get((environment, name, *where)) for name in names]
                counts = add_up(one for one in found if one is not None)
                if counts.attempts >= self.min_calls:
                    return counts
        return None

    def _known(self, key: Key) -> Key:
        """
        The key to count under, within an account's share of them.
        """
        keys = self._keys.setdefault(key[:2], set())
        if key in keys:
            return key
        if len(keys) >= MAX_KEYS:
            return Key(key.environment, key.account, OTHER, OTHER, OTHER)
        keys.add(key)
        return key

    def _forget(self, gone: Iterable[tuple[str, ...]]) -> None:
        for key in gone:
            if isinstance(key, Key):
                keys = self._keys.get(key[:2], set())
                keys.discard(key)
                if not keys:
                    self._keys.pop(key[:2], None)
