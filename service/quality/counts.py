"""
Attempts to complete calls, counted: what is added up, and what ASR, ACD and PDD that makes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from service.store.attempts import Attempt

_NO_ATTEMPT = frozenset({401, 407, *range(300, 400)})
"""A challenge or a redirection: the call goes on elsewhere, under another record."""
_TENTH = Decimal("0.1")


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


def add_up(several: Iterable[Iterable[int]]) -> Counts:
    """
    Counts of several together.
    """
    return Counts(*(sum(column) for column in zip(Counts(), *several, strict=True)))


def _share(part: int, whole: int) -> Decimal:
    return (Decimal(part) / whole).quantize(_TENTH, ROUND_HALF_UP)
