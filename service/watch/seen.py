"""
What one serving process has seen so far: plain integers, and the latest decisions as they came.

Whoever answers only adds up here; what becomes of it is done once a second, by whoever publishes it. Every answer is
counted. Timed and kept are all of them as long as they are few; of more than about :data:`KEPT` a second every second
one, every fourth, and so on, and each then stands for the others in the spans. How many come is told by the second
before, and where that was a quieter one, by themselves: a burst is not kept whole either.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from time import monotonic_ns
from typing import Any

from service.access.account import Identity

SPANS = 64
"""Places of a row of spans: one for each length in bits of a number of nanoseconds; behind them stands their sum."""
KEPT = 512
"""Decisions kept until the next time they are published."""
OK = "ok"
BEGINNING = 512
"""Bytes of an answer's JSON in which card, revision and prefix stand, where there are any."""
Judged = tuple[str, int, str]
"""Service, HTTP status, verdict."""
Told = tuple[str, int, str]
"""Card, revision, prefix."""
Spans = list[int]
Kept = tuple[float, Identity | None, bytes | str, Any, int]
"""
A decision as it came: unix seconds; who asked; the number as it was sent; what was said of it; nanoseconds.

What was said: by ``rate`` to a request of which all but the number was known, what followed the number in the answer;
by ``asrplus`` likewise, 1 or 0, whether there was an answer; else a pair of :data:`Judged` and :data:`Told`, or in
place of this the beginning of the answer's JSON.
"""


def new_spans() -> Spans:
    return [0] * (SPANS + 1)


def add_span(spans: Spans, took_ns: int, weight: int = 1) -> None:
    """
    Args:
        weight: how many it stands for.
    """
    spans[took_ns.bit_length() & (SPANS - 1)] += weight
    spans[SPANS] += took_ns * weight


@dataclass(slots=True)
class Seen:
    """
    Attributes:
        kept: decisions to keep until they are published; 0: none are wanted.
        mask: what is timed and kept has none of these bits in its count: 0, 1, 3, 7 …
        room: so many more are timed and kept before ``mask`` has one bit more.
        rates: prices found for requests of which all but the number came before; ``asrplus``, ``unknown``: likewise,
            numbers for which an answer is known, and for which none is.
        answers: all others, by service, HTTP status and verdict.
        lookups: how many of these are look-ups.
        spans: of look-ups, by service; ``services``: of slow services.
        decisions: the latest; ``noted``: how many there have been.
        records: call records by what became of them.
        lag: how late the loop was; ``worst_lag_ns``: since it was last asked for.
        unlogged: decisions that are not in the log.
        reload_errors: looks at the store that failed.
    """

    kept: int = KEPT
    mask: int = 0
    room: int = KEPT
    rates: int = 0
    asrplus: int = 0
    unknown: int = 0
    answers: Counter[Judged] = field(default_factory=Counter)
    lookups: int = 0
    spans: dict[str, Spans] = field(default_factory=dict)
    services: dict[str, Spans] = field(default_factory=dict)
    decisions: deque[Kept] = field(init=False)
    noted: int = 0
    records: Counter[str] = field(default_factory=Counter)
    lag: Spans = field(default_factory=new_spans)
    worst_lag_ns: int = 0
    unlogged: int = 0
    reload_errors: int = 0

    def __post_init__(self) -> None:
        self.decisions = deque(maxlen=self.kept)

    @property
    def decided(self) -> int:
        """
        Look-ups answered so far.
        """
        return self.rates + self.asrplus + self.unknown + self.lookups

    def adapt(self, decided: int) -> None:
        """
        Time and keep about as many as there is room for, where so many were decided in the last second.
        """
        self.mask = (1 << max(0, -(-decided // KEPT) - 1).bit_length()) - 1
        self.room = KEPT

    def count(self, judged: Judged) -> bool:
        """
        Count a look-up answered the general way; whether it is to be noted.
        """
        self.answers[judged] += 1
        self.lookups = count = self.lookups + 1
        return not count & self.mask

    def note(
        self, service: str, started_ns: int, at: float, who: Identity | None, number: bytes | str, said: Any
    ) -> None:
        """
        Time a look-up, and keep what was decided.

        Args:
            started_ns: by the monotonic clock.
            at: unix seconds.
            who: asked; None: nobody who may.
            number: as it was sent.
            said: as :data:`Kept` has it.
        """
        took_ns = monotonic_ns() - started_ns
        add_span(_row(self.spans, service), took_ns, self.mask + 1)
        self.decisions.append((at, who, number, said, took_ns))
        self.noted += 1
        self.room -= 1
        if self.room <= 0:
            self.mask, self.room = 2 * self.mask + 1, KEPT // 2

    def note_service(self, started_ns: int, service: str, status: int) -> None:
        """
        Count an answer of a slow service.
        """
        self.answers[service, status, ""] += 1
        add_span(_row(self.services, service), monotonic_ns() - started_ns)

    def note_lag(self, late_ns: int) -> None:
        add_span(self.lag, late_ns)
        self.worst_lag_ns = max(self.worst_lag_ns, late_ns)


def count_of(spans: Spans) -> int:
    return sum(spans) - spans[SPANS]


def _row(rows: dict[str, Spans], service: str) -> Spans:
    spans = rows.get(service)
    if spans is None:
        spans = rows[service] = new_spans()
    return spans
