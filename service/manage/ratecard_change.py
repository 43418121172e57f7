"""
What needs a card's compiled file or all its rules: a revision that is to answer, a card as a file.
"""

import time
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from service.manage.ratecard_diff import doubts
from service.manage.ratecard_rules import KEPT
from service.manage.ratecard_views import terms_of
from service.manage.ratecards import (
    BadValueError,
    ForceError,
    Shelf,
    card_of,
    revision_of,
    revisions_of,
)
from service.manage.rows import ensure_compiled, let_answer
from service.store.cards import archive_card
from service.store.catalogue import Revision
from service.store.schedule import before_this, list_activations

Format = Literal["csv", "xlsx", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)


def activate(shelf: Shelf, card: str, revision: int, at: int | None = None, *, force: bool = False) -> dict[str, Any]:
    """
    Let a revision answer from now on, or from an instant to come.

    Raises:
        ForceError: it looks like a mistake.
    """
    found = revision_of(shelf, card, revision)
    reasons = [] if force else doubts(shelf, found, int(time.time()) if at is None else at)
    if reasons:
        raise ForceError(reasons)
    let_answer(shelf.engine, shelf.folder, found, shelf.actor, at)
    return {"card": card, "revision": revision, "active": at is None, "at": at}


def roll_back(shelf: Shelf, card: str) -> dict[str, Any]:
    """
    Let the revision answer that did before the one that does.
    """
    stored = card_of(shelf, card).name
    number = before_this(shelf.engine, stored)
    let_answer(shelf.engine, shelf.folder, revision_of(shelf, card, number), shelf.actor)
    return {"card": card, "revision": number, "active": True}


def restore(shelf: Shelf, card: str) -> dict[str, Any]:
    """
    Let an archived card answer again as it did.
    """
    stored = card_of(shelf, card).name
    now = time.time()
    past = [a.revision for a in list_activations(shelf.engine, stored) if a.cancelled is None and a.at <= now]
    number = past[-1] if past else None
    if number is not None:
        ensure_compiled(shelf.engine, shelf.folder, revision_of(shelf, card, number))
    archive_card(shelf.engine, stored, shelf.actor, archived=False)
    return {"card": card, "archived": None, "revision": number}


def write_file(shelf: Shelf, card: str, form: Format, revision: int | None = None) -> tuple[Revision, bytes]:
    """
    A revision as a file; read back, it is the same card.

    Raises:
        BadValueError: it has more rules than a sheet has rows.
    """
    from ratecards.deck.write import write_deck  # noqa: PLC0415 - reading a deck need not wait for what writes them

    found = revision_of(shelf, card, revision)
    terms = terms_of(shelf, found)
    issued = datetime.fromtimestamp(found.created, UTC).strftime("%Y-%m-%d")
    rules = KEPT.of(shelf, found)
    try:
        return found, write_deck(rules, form, terms.currency, name=shelf.shown(found.card), issued=issued, terms=terms)
    except ValueError as error:
        raise BadValueError("format", str(error)) from None


def size_of(shelf: Shelf, card: str, revision: int | None = None) -> int:
    """
    Rules that must be read for a revision of a card and the one that answers, at most.
    """
    _, revisions = revisions_of(shelf, card)
    return max((r.rules for r in revisions if revision in (None, r.number) or r.active), default=0)
