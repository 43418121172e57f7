"""
Past calls replayed on a card's revisions: what new prices would have made of them. Nothing is changed or kept.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ratecards.columns.tree import PrefixError
from ratecards.exchange import ExchangeError
from ratecards.jurisdiction import PlaceError
from ratecards.layout import ALWAYS
from ratecards.profiles import Profile, ProfileError
from ratecards.replay import CallsError, Piece, Reading, Replay, Side, Tally, read_calls, read_pieces
from service.manage.ratecards import BadValueError, Shelf
from service.manage.replay_order import Order
from service.manage.replay_prices import (
    Prices,
    deck_prices,
    new_prices,
    no_prices,
    old_prices,
    other_prices,
    places_of,
)
from service.manage.replay_report import report
from service.store.catalogue import CatalogueError
from service.store.exchange import read_exchange

Progress = Callable[[int, float], None]
"""Called with the rows read so far, and the share of the file they are."""
Work = Callable[[Replay, Reading, Iterator[Piece]], Iterator[tuple[Tally, float]]]
"""Tallies pieces; each with the share of the file that is read with it."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    What calls came to.

    Attributes:
        about: which prices were compared.
    """

    about: dict[str, Any]
    sides: Replay
    tally: Tally

    def told(self, limit: int) -> dict[str, Any]:
        """
        All of it, and the fields of :func:`service.manage.replay_report.report`.

        Args:
            limit: destinations listed.
        """
        return self.about | report(self.tally, self.sides, limit)


def replay_view(shelf: Shelf, limit: int, **asked: Any) -> dict[str, Any]:
    """
    Replay calls and tell what they came to.

    Args:
        limit: destinations listed.
    """
    return replay(shelf, Order(**asked)).told(limit)


def replay(shelf: Shelf, order: Order, progress: Progress | None = None, work: Work | None = None) -> Replayed:
    """
    Replay calls.

    Args:
        work: how pieces are tallied; None: here, one after the other.

    Raises:
        BadValueError: the file is no table of calls, or what is named cannot be compared.
        MissingError: there is no such card or revision.
    """
    now = int(time.time())
    with _refusing():
        profile = None if order.profile is None else Profile.from_json(order.profile)
        sides, about = _prepare(shelf, order, now)
        reading = Reading(now, profile, sides.asks_call)
        tally = Tally()
        for part, share in (work or _one_by_one)(sides, reading, read_pieces(Path(order.file), trusted=order.trusted)):
            tally += part
            if progress is not None:
                progress(tally.rows, share)
        return Replayed(about, sides, tally)


def _one_by_one(sides: Replay, reading: Reading, pieces: Iterator[Piece]) -> Iterator[tuple[Tally, float]]:
    for piece in pieces:
        yield sides.tally(read_calls(piece, reading)), piece.share


@contextmanager
def _refusing() -> Iterator[None]:
    """
    Let what the library refuses be a refusal of the service.
    """
    try:
        yield
    except CallsError as error:
        raise BadValueError("file", str(error)) from None
    except ProfileError as error:
        raise BadValueError("profile", str(error)) from None
    except (ExchangeError, PrefixError, PlaceError, OverflowError) as error:
        raise CatalogueError(f"these prices cannot be compared: {error}") from None


def _prepare(shelf: Shelf, order: Order, now: int) -> tuple[Replay, dict[str, Any]]:
    """
    The sides that are compared, and which they are.
    """
    old = old_prices(shelf, order.card, order.before)
    named = None if order.before is not None or old is None else old.told["revision"]
    new = _new(shelf, order, named)
    old = old or no_prices(new.currency)
    other, sells = (None, False) if order.against is None else other_prices(shelf, order.card, order.against)
    exchange = read_exchange(shelf.engine)

    def side(prices: Prices) -> Side:
        return prices.side(new.currency, exchange, order.at, now, as_dated=order.as_dated)

    before, after, against = side(old), side(new), None if other is None else side(other)
    told: dict[str, Any] = {"card": order.card, "calls": Path(order.file).name, "currency": new.currency}
    told |= {"before": old.told | _when(before), "after": new.told | _when(after), "against": None}
    if other is not None and against is not None:
        told["against"] = {"card": order.against, "kind": "provider" if sells else "customer"} | other.told
        told["against"] |= _when(against)
    sides = Replay(before, after, against, sells=sells)
    return replace(sides, places=places_of(shelf)) if sides.asks_call else sides, told


def _new(shelf: Shelf, order: Order, old: int | None) -> Prices:
    if order.deck is not None:
        return deck_prices(shelf, order.card, order.deck)
    return new_prices(shelf, order.card, order.after, old)


def _when(side: Side) -> dict[str, Any]:
    """
    The instant calls are rated at, or before which none is.
    """
    return {"at": side.at, "not_before": None if side.at is not None or side.earliest == ALWAYS else side.earliest}
