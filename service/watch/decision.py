"""
One decision: who asked what, and what was said.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, starmap
from typing import Any

from ratecards.numbers import NumberError, normalise
from service.access.account import ENVIRONMENTS, LIVE, TEST, Identity
from service.watch.seen import OK, Seen, Told

RECORD = struct.Struct("<dIIHB24p16p20p20p68p68p21x")
"""A decision of fixed size; texts that are longer than their place are cut off."""
_MAX_32 = 2**32 - 1
_TOLD = tuple(
    re.compile(rb'"%b":%b' % part)
    for part in ((b"card", rb'"([^"]*)"'), (b"revision", rb"(\d{1,9})"), (b"prefix", rb'"(\d{1,15})"'))
)
Packed = tuple[bytes, int, bytes]
"""Card, revision, prefix."""
_NOTHING: Packed = (b"", 0, b"")
_LONGEST = 40
"""Characters of a number as it was sent, that are looked at."""


@dataclass(frozen=True, slots=True)
class Decision:
    """
    Attributes:
        at: unix seconds.
        took_ns: inside the process.
        status: of HTTP.
        account: empty: nobody who may ask.
        number: E.164 digits; empty: it was none.
        verdict: ``ok``, or why not.
    """

    at: float
    took_ns: int
    revision: int
    status: int
    environment: str
    number: str
    prefix: str
    verdict: str
    service: str
    account: str
    card: str


def unpack(records: bytes) -> Iterator[Decision]:
    """
    Decisions out of whole records, one behind the other.
    """
    for at, took_ns, revision, status, environment, *texts in RECORD.iter_unpack(records):
        words = (text.decode(errors="replace") for text in texts)
        yield Decision(at, took_ns, revision, status, ENVIRONMENTS[environment], *words)


def latest(seen: Seen, count: int) -> Iterator[bytes]:
    """
    Records of the last so many decisions that were kept, the oldest first.
    """
    return starmap(pack, list(islice(seen.decisions, max(0, len(seen.decisions) - count), None)))


def pack(at: float, who: Identity | None, number: bytes | str, said: Any, took_ns: int) -> bytes:
    """
    A decision as a record; the arguments are those of :data:`service.watch.seen.Kept`.
    """
    told: Told | Packed = _NOTHING
    if isinstance(said, bytes):
        service, status, verdict = "rate", 200, OK
        told = told_by(said)
    elif isinstance(said, tuple):
        (service, status, verdict), told = said
        if isinstance(told, bytes):
            told = told_by(told)
    else:
        service, status, verdict = ("asrplus", 200, OK) if said else ("asrplus", 404, "unknown_number")
    card, revision, prefix = told
    account, environment = (who.account.name, who.environment) if who is not None else ("", LIVE)
    return RECORD.pack(
        at,
        min(_MAX_32, took_ns),
        min(_MAX_32, revision),
        status,
        environment == TEST,
        number if isinstance(number, bytes) else called_number(number, who).encode(),
        prefix if isinstance(prefix, bytes) else prefix.encode(),
        verdict.encode(),
        service.encode(),
        account.encode(),
        card if isinstance(card, bytes) else card.encode(),
    )


def called_number(number: str, who: Identity | None) -> str:
    """
    The digits of a number as it was sent; of several, those of the first.
    """
    text, profile = number[:_LONGEST].partition(",")[0], who.account.profile if who is not None else None
    try:
        return normalise(text) if profile is None else profile.normalise(text)
    except NumberError:
        return ""


@lru_cache(4096)
def told_by(beginning: bytes) -> Packed:
    """
    Card, revision and prefix of an answer, from the beginning of its JSON.
    """
    card, revision, prefix = (pattern.search(beginning) for pattern in _TOLD)
    return card[1] if card else b"", int(revision[1]) if revision else 0, prefix[1] if prefix else b""
