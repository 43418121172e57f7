"""
Which cards there are, all about one, and its revisions.
"""

import time
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import select

from ratecards.artifact import ArtifactError
from ratecards.model import Terms
from service.manage.ratecard_audit import reading_of
from service.manage.ratecards import ABOUT, Shelf, answering, revisions_of
from service.manage.rows import open_revision
from service.render.table import FIRST_PAGE, Page, Row, Table
from service.store.cards import Card, list_cards
from service.store.catalogue import CatalogueError, Revision, active_revisions
from service.store.schedule import planned
from service.store.tables import activations, cards

CARD_COLUMNS = (
    "name", "kind", "company", "direction", "public_name", "revision", "currency", "rules", "next_revision", "next_at",
    "created", "archived",
)  # fmt: skip
REVISION_COLUMNS = (
    "revision", "created", "actor", "source", "rules", "refused", "currency", "active", "planned", "note", "digest",
)  # fmt: skip


def list_view(
    shelf: Shelf,
    *,
    archived: bool = False,
    company: str | None = None,
    kind: str | None = None,
    page: Page = FIRST_PAGE,
) -> Table:
    """
    Every card, by name.

    Args:
        archived: those too.
        company: of this one only; ``kind``: of this kind only.
    """
    kept = [
        card
        for card in list_cards(shelf.engine)
        if shelf.has(card.name)
        and (archived or card.archived is None)
        and company in (None, card.company)
        and kind in (None, card.kind)
    ]
    kept.sort(key=lambda card: shelf.shown(card.name))
    active = {revision.card: revision for revision in active_revisions(shelf.engine)}
    coming = _next(shelf)
    rows = [_card_row(shelf, card, active.get(card.name), coming.get(card.name)) for card in page.cut(kept)]
    return Table("cards", CARD_COLUMNS, rows, len(kept), page)


def _next(shelf: Shelf) -> dict[str, tuple[int, int]]:
    """
    The next planned activation of every card: revision and instant. Of several at one instant the last one said holds.
    """
    columns = (cards.c.name, activations.c.revision, activations.c.at)
    held = activations.c.cancelled.is_(None) & (activations.c.at > int(time.time()))
    query = select(*columns).join_from(activations, cards).where(held)
    with shelf.engine.connect() as connection:
        rows = connection.execute(query.order_by(activations.c.at.desc(), activations.c.id)).all()
    return {name: (revision, at) for name, revision, at in rows}


def _card_row(shelf: Shelf, card: Card, active: Revision | None, coming: tuple[int, int] | None) -> Row:
    return {
        "name": shelf.shown(card.name),
        "kind": card.kind,
        "company": card.company,
        "direction": card.direction,
        "public_name": card.public_name,
        "revision": active and active.number,
        "currency": active and active.currency,
        "rules": active and active.rules,
        "next_revision": coming and coming[0],
        "next_at": coming and coming[1],
        "created": card.created,
        "archived": card.archived,
    }


def card_view(shelf: Shelf, card: str) -> dict[str, Any]:
    """
    All about a card, what only staff may read included.
    """
    about, revisions = revisions_of(shelf, card)
    active = answering(about, revisions)
    said = reading_of(shelf, about.name)
    return {
        "name": card,
        **{name: getattr(about, name) for name in ABOUT},
        "created": about.created,
        "archived": about.archived,
        "revisions": len(revisions),
        "latest": revisions[-1].number if revisions else None,
        "active": active and revision_row(active, None, active=True),
        "planned": [
            {"revision": a.revision, "at": a.at, "made": a.made, "actor": a.actor}
            for a in planned(shelf.engine, about.name)
        ],
        "terms": _terms(shelf, active or (revisions[-1] if revisions else None)),
        "mapping": said.get("mapping") or None,
        "fingerprint": said.get("fingerprint"),
    }


def terms_of(shelf: Shelf, revision: Revision) -> Terms:
    """
    What a revision says of all its rules.
    """
    if revision.terms is not None:
        return Terms(**orjson.loads(revision.terms))
    return open_revision(shelf.engine, shelf.folder, revision).terms


def _terms(shelf: Shelf, revision: Revision | None) -> dict[str, Any] | None:
    if revision is None:
        return None
    try:
        terms = asdict(terms_of(shelf, revision))
    except (CatalogueError, ArtifactError, OSError):
        return None
    terms["lrn"] = terms.pop("rates_by_lrn")
    return terms


def revisions_view(shelf: Shelf, card: str, *, revision: int | None = None, page: Page = FIRST_PAGE) -> Table:
    """
    The revisions of a card, newest first.

    Args:
        revision: this one only.
    """
    about, revisions = revisions_of(shelf, card)
    active = answering(about, revisions)
    coming = {a.revision: a.at for a in reversed(planned(shelf.engine, about.name))}
    kept = [r for r in reversed(revisions) if revision in (None, r.number)]
    rows = [revision_row(r, coming.get(r.number), active=r is active) for r in page.cut(kept)]
    return Table("revisions", REVISION_COLUMNS, rows, len(kept), page, {"card": card})


def revision_row(revision: Revision, planned_at: int | None, *, active: bool) -> Row:
    names = ("created", "actor", "source", "rules", "refused", "currency")
    row = {"revision": revision.number, **{name: getattr(revision, name) for name in names}}
    return {**row, "active": active, "planned": planned_at, "note": revision.note, "digest": revision.digest}
