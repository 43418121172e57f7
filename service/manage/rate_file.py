"""
A file of calls rated to a file: every call as it came, with what it costs behind it.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import chain, islice
from pathlib import Path
from typing import Any

from ratecards.artifact import ArtifactError, open_card
from ratecards.jurisdiction import Places
from ratecards.money import format_units
from ratecards.profiles import Profile
from ratecards.replay import (
    CallsError,
    FlatCard,
    Piece,
    Priced,
    Pricing,
    Reading,
    header_of,
    lay_out,
    price,
    read_pieces,
)
from ratecards.replay.price import MAX_LISTED
from ratecards.rules import to_frame
from service.manage.rate_output import Output, output
from service.manage.ratecard_rules import KEPT
from service.manage.ratecard_views import terms_of
from service.manage.ratecards import BadValueError, Shelf, answering, revision_of, revisions_of
from service.manage.replay_prices import places_of
from service.store.catalogue import CatalogueError

Progress = Callable[[int, float], None]
"""Called with the rows rated so far, and the share of the file they are."""
Work = Callable[[Pricing, Iterator[Piece]], Iterator[tuple[Priced, float]]]
"""Prices pieces, in their order; each with the share of the file that is read with it."""
_COUNTS = [field.name for field in fields(Priced) if field.name not in {"text", "problems"}]
_HEAD = 2**20


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to rate.

    Attributes:
        card: name of a card of the store; empty: ``artifact`` is one.
        artifact: file of a compiled card.
        revision: number; None: the one that answers.
        at: unix seconds at which all calls are taken to be made; None: each when it was.
        profile: how dialled strings are normalised, as :meth:`Profile.as_json` has it; None: as E.164.
        resume: go on with what was begun.
    """

    calls: Path
    out: Path
    card: str = ""
    artifact: Path | None = None
    revision: int | None = None
    at: int | None = None
    profile: dict[str, Any] | None = None
    resume: bool = False


def rate_file(shelf: Shelf, order: Order, progress: Progress | None = None, work: Work | None = None) -> dict[str, Any]:
    """
    Rate a file of calls.

    Args:
        work: how pieces are priced; None: here, one after the other.

    Returns:
        What came of it: counts, the billed seconds and the cost of all calls, and the first rows that were refused.

    Raises:
        BadValueError: the file is no table of calls, or cannot be written.
        MissingError: there is no such card or revision.
        CatalogueError: the prices cannot be used.
    """
    with _refusing():
        card, named, places = _card(shelf, order)
        same = {"calls": _fingerprint(order.calls), "at": order.at, "profile": order.profile, **named}
        with output(order.out, {"same": same, "now": int(time.time())}, resume=order.resume) as out:
            profile = None if order.profile is None else Profile.from_json(order.profile)
            reading = Reading(out.about["now"], profile, card.asks_call)
            pricing = Pricing(card, reading, order.at, places, packed=order.out.suffix == ".gz")
            _write(out, pricing, order.calls, progress, work or one_by_one)
            out.finish()
            told = {**named, "calls": order.calls.name, "out": str(order.out), "currency": card.terms.currency}
            return told | _summed(out.entries)


def one_by_one(pricing: Pricing, pieces: Iterator[Piece]) -> Iterator[tuple[Priced, float]]:
    for piece in pieces:
        yield price(pricing, piece), piece.share


def _write(out: Output, pricing: Pricing, calls: Path, progress: Progress | None, work: Work) -> None:
    """
    Price what is not there yet.
    """
    done = len(out.entries)
    rows = sum(entry["rows"] for entry in out.entries)
    pieces = read_pieces(calls)
    first = next(pieces)
    start = b"" if done else header_of(first, packed=pricing.packed)
    for priced, share in work(pricing, islice(chain([first], pieces), done, None)):
        said = {name: getattr(priced, name) for name in _COUNTS}
        said["cost_units"] = str(priced.cost_units)  # which may be more than an integer of JSON holds
        out.add(start + priced.text, said | {"problems": priced.problems})
        start = b""
        rows += priced.rows
        if progress is not None:
            progress(rows, share)


def _card(shelf: Shelf, order: Order) -> tuple[FlatCard, dict[str, Any], Places | None]:
    """
    The card, which one it is, and where North American numbers are, where that matters.
    """
    if order.artifact is not None:
        index = open_card(order.artifact)
        card, named = lay_out(to_frame(index), index.terms), {"artifact": _fingerprint(order.artifact)}
        return card, named, None
    about, revisions = revisions_of(shelf, order.card)
    number = order.revision
    found = answering(about, revisions) if number is None else revision_of(shelf, order.card, number)
    if found is None:
        raise BadValueError("card", f"has no revision that answers: {order.card}")
    card = lay_out(KEPT.of(shelf, found), terms_of(shelf, found))
    told = {"card": order.card, "revision": found.number, "digest": found.digest}
    return card, told, places_of(shelf) if card.asks_call else None


def _fingerprint(path: Path) -> list[Any]:
    """
    What tells a file from another of its name: its length, and the digest of its first megabyte.
    """
    with path.open("rb") as file:
        return [path.stat().st_size, hashlib.sha256(file.read(_HEAD)).hexdigest()]


def _summed(entries: list[dict[str, Any]]) -> dict[str, Any]:
    total = {name: sum(int(entry[name]) for entry in entries) for name in _COUNTS}
    problems = chain.from_iterable(entry["problems"] for entry in entries)
    cost = format_units(total.pop("cost_units"))
    first = [{"line": line, "reason": reason} for line, reason in islice(problems, MAX_LISTED)]
    return total | {"cost": cost, "problems": first}


@contextmanager
def _refusing() -> Iterator[None]:
    """
    Let what the library refuses be a refusal of the service.
    """
    try:
        yield
    except CallsError as error:
        raise BadValueError("calls", str(error)) from None
    except (ArtifactError, OverflowError) as error:
        raise CatalogueError(f"these prices cannot be used: {error}") from None
