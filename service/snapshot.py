"""
All that a request may read. A snapshot is never changed, only replaced by one assignment.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ratecards.index import CardIndex
from ratecards.jurisdiction import Places
from service.access.account import Account

MAX_RENDERED = 100_000
"""Answers of one card kept rendered by prefix, about 400 bytes each, and as many by head, 100; full, begun anew."""


Rendered = tuple[int, int, bytes, int, int, int, int]
"""
What the answers to all numbers with one longest prefix have in common: the unix second from which it holds; the one
from which it no longer does; the JSON from behind the digits of the number to the end; rate and connect fee in units;
first and further increments in seconds.

A plain tuple of plain values, because the garbage collector then has nothing to follow: of a million objects it would
pause for tens of milliseconds.
"""


class LiveCard:
    """
    A card that answers: which revision it is, its index, and the answers rendered so far.

    Attributes:
        rendered: by longest prefix.
        by_head: the same by the first digits of the number, where those settle the longest prefix.

    """

    __slots__ = ("by_head", "index", "name", "rendered", "revision")

    def __init__(self, name: str, revision: int, index: CardIndex) -> None:
        self.name = name
        self.revision = revision
        self.index = index
        self.rendered: dict[str, Rendered] = {}
        self.by_head: dict[str, Rendered] = {}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    Attributes:
        cards: by name.
        broken: cards that should answer but whose file cannot be opened, by name, and why.
        generation: of the store, when this was read.

    """

    cards: dict[str, LiveCard] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    places: Places | None = None
    places_digest: str = ""
    generation: int = 0


@dataclass(slots=True)
class Desk:
    """
    What one serving process works with: the snapshot of the moment, who may ask, and the time.

    Attributes:
        anonymous: account of those who show no credential; None: they may not ask.
        clock: unix seconds, with their fraction.
        draining: no new work is wanted.

    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    anonymous: Account | None = None
    clock: Callable[[], float] = time.time
    draining: bool = False
