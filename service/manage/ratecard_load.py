"""
A deck, wherever it comes from, read into the next revision of a card.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ratecards.artifact import ArtifactError
from ratecards.deck import Deck, Mapping
from ratecards.deck.currencies import is_currency
from ratecards.model import Terms
from ratecards.money import ROUNDINGS
from service.manage.cards import Loading, Progress, check_deck, load_card
from service.manage.ratecard_audit import note_reading
from service.manage.ratecard_order import Order
from service.manage.ratecard_views import terms_of
from service.manage.ratecards import BadValueError, Shelf
from service.store.catalogue import CatalogueError, Revision, list_revisions
from service.store.mappings import find_mapping


def _silent(_step: str, _done: int, _whole: int) -> None: ...


def load(
    shelf: Shelf, order: Order, mapping: Mapping | None = None, progress: Progress = _silent
) -> tuple[Deck, Revision | None]:
    """
    Read a deck, and unless it is a dry run or refused, make it the card's next revision.

    Args:
        mapping: instead of a saved one.

    Raises:
        BadValueError: no such mapping, currency or rounding.
    """
    loading = _loading(shelf, order, mapping or _mapping(shelf, order.mapping))
    if order.dry_run:
        return check_deck(shelf.engine, shelf.folder, loading, progress), None
    deck, revision = load_card(shelf.engine, shelf.folder, loading, progress)
    if revision is not None:
        note_reading(shelf, revision, deck.report.mapping or order.mapping or "", deck.report.fingerprint)
    return deck, revision


def load_view(shelf: Shelf, order: Order) -> dict[str, Any]:
    """
    As :func:`load`: the report, and the revision there is now.
    """
    deck, revision = load(shelf, order)
    return {
        "card": order.card,
        "revision": revision and revision.number,
        "active": revision is not None and revision.active,
        "at": order.at if revision is not None else None,
        "dry_run": order.dry_run,
        "accepted": deck.accepted,
        "currency": revision.currency if revision is not None else deck.currency,
        "report": deck.report.as_json(),
    }


def _loading(shelf: Shelf, order: Order, mapping: Mapping | None) -> Loading:
    if order.currency is not None and not is_currency(order.currency):
        raise BadValueError("currency", "is not an ISO 4217 code such as USD")
    if order.rounding is not None and order.rounding not in ROUNDINGS:
        raise BadValueError("rounding", f"is none of {', '.join(ROUNDINGS)}")
    stored = shelf.stored(order.card)
    return Loading(
        stored,
        Path(order.file),
        _terms(shelf, order, stored),
        order.currency,
        mapping,
        order.activate,
        order.force,
        int(time.time()),
        shelf.actor,
        order.note,
        order.at,
    )


def _terms(shelf: Shelf, order: Order, stored: str) -> Terms:
    """
    What the order says, and for the rest what the card's last revision has.
    """
    before = list_revisions(shelf.engine, stored)
    terms = _terms_before(shelf, before[-1]) if before else Terms()
    said = {
        "precision": order.precision,
        "rounding": order.rounding,
        "rates_by_lrn": order.lrn,
        "origin_group": order.origin_group,
    }
    return replace(terms, **{name: value for name, value in said.items() if value is not None})  # type: ignore[arg-type]


def _terms_before(shelf: Shelf, revision: Revision) -> Terms:
    try:
        return terms_of(shelf, revision)
    except (CatalogueError, ArtifactError, OSError):  # its file is gone: what is left of it is its currency
        return Terms(currency=revision.currency)


def _mapping(shelf: Shelf, name: str | None) -> Mapping | None:
    saved = None if name is None else find_mapping(shelf.engine, name=name)
    if name is not None and saved is None:
        raise BadValueError("mapping", "no mapping was saved under that name")
    return None if saved is None else Mapping.from_json(saved)
