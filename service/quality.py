"""
How carriers did of late: attempts counted as their records come, in windows that slide, so that no question counts.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from service.store.attempts import Attempt

WINDOWS_S = (300, 3_600, 86_400)
MIN_CALLS = 20
SLOTS = 20
"""A window is so many slots: it slides by a twentieth of its length."""
MAX_KEYS = 2_048
"""Combinations of card, carrier and destination counted for an account; more are counted together."""
OTHER = "other"
"""Stands for what is counted together."""
_AHEAD_S = 60
_MAX_TOLD = 10_000
"""Answers about carriers kept until the windows slide."""
_NO_ATTEMPT = frozenset({401, 407, *range(300, 400)})
"""A challenge or a redirection: the call goes on elsewhere, under another record."""
MAX_WINDOWS = 6
_UNITS_S = {"s": 1, "m": 60, "h": 3_600}
_WINDOW = re.compile(r"([0-9]{1,5})([smh])", re.ASCII)
_TENTH = Decimal("0.1")


class WindowsError(ValueError):
    """
    A list of windows that is none; the message says what is wrong with it.
    """


class Key(NamedTuple):
    """
    What attempts are counted by.
    """

    environment: str
    account: str
    card: str
    carrier: str
    destination: str


class Counts(NamedTuple):
    """
    Attributes:
        timed: answered ones whose duration is known, together ``talk_ms``.
        heard: attempts whose post-dial delay is known, together ``pdd_ms``.
    """

    attempts: int = 0
    answered: int = 0
    timed: int = 0
    talk_ms: int = 0
    heard: int = 0
    pdd_ms: int = 0

    @property
    def asr_percent(self) -> Decimal:
        """
        Answer-seizure ratio: answered of those attempted.

        Source: ITU-T E.411.
        """
        return _share(100 * self.answered, self.attempts)

    @property
    def acd_s(self) -> Decimal | None:
        """
        Average duration of the answered calls.
        """
        return _share(self.talk_ms, 1000 * self.timed) if self.timed else None

    @property
    def mean_pdd_ms(self) -> int | None:
        return (2 * self.pdd_ms + self.heard) // (2 * self.heard) if self.heard else None


Kept = list[int]
"""Counts that change in place; attempts grow first and shrink last, so that nobody who reads meanwhile sees fewer."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    Which attempts are looked at; None: all.

    Attributes:
        destination: part of its name, in any case.
    """

    environment: str
    account: str | None = None
    card: str | None = None
    carrier: str | None = None
    destination: str | None = None

    def has(self, key: Key) -> bool:
        return (
            key.environment == self.environment
            and self.account in (None, key.account)
            and self.card in (None, key.card)
            and self.carrier in (None, key.carrier)
            and (self.destination is None or self.destination.casefold() in key.destination.casefold())
        )


def counts_of(attempt: Attempt) -> Counts | None:
    """
    What an attempt adds; None: it is none.
    """
    if attempt.sip_code in _NO_ATTEMPT:
        return None
    answered = 200 <= attempt.sip_code < 300
    timed = answered and attempt.duration_ms is not None
    talk_ms = (attempt.duration_ms or 0) if timed else 0
    heard = attempt.pdd_ms is not None
    return Counts(1, int(answered), int(timed), talk_ms, int(heard), attempt.pdd_ms or 0)


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
        return self._newest - SLOTS < ended_s // self._slot_s <= self._newest + _AHEAD_S // self._slot_s + 1

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
        if counts is None or ended_s > attempt.received + _AHEAD_S or not self._longest.spans(ended_s):
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


def add_up(several: Iterable[Iterable[int]]) -> Counts:
    """
    Counts of several together.
    """
    return Counts(*(sum(column) for column in zip(Counts(), *several, strict=True)))


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(_TENTH, ROUND_HALF_UP)


def read_windows(text: str) -> tuple[int, ...]:
    """
    Lengths of windows in seconds, ascending, of a text such as ``5m,1h,24h``.

    Raises:
        WindowsError: it is none.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    found = [_WINDOW.fullmatch(word) for word in words]
    lengths_s = {int(one[1]) * _UNITS_S[one[2]] for one in found if one is not None}
    if None in found or not 1 <= len(words) <= MAX_WINDOWS or not all(60 <= s <= WINDOWS_S[-1] for s in lengths_s):
        raise WindowsError(f"{text!r} is not 1 to {MAX_WINDOWS} spans of 1m to 24h, such as 5m,1h,24h")
    return tuple(sorted(lengths_s))


def window_name(length_s: int) -> str:
    """
    A window as it is asked for: in the largest unit that fits.
    """
    unit = next(unit for unit in ("h", "m", "s") if length_s % _UNITS_S[unit] == 0)
    return f"{length_s // _UNITS_S[unit]}{unit}"
