"""
Two revisions of a card side by side, and whether going from one to the other looks like a mistake.
"""

import time
from typing import Any

import polars as pl

from ratecards.diff import KINDS, Diff, compare
from ratecards.rules import SCHEMA
from service.manage.ratecard_rules import KEPT, amount
from service.manage.ratecards import BadValueError, MissingError, Shelf, answering, numbered, revisions_of
from service.render.table import FIRST_PAGE, Page, Row, Table
from service.store.catalogue import Revision, active_revisions

BY = ("prefix", "destination")
SHOWN_KINDS = KINDS[:-1]
"""All but what is as it was."""
MOST_LOST = 20
"""Percent of its prefixes a card may lose without force."""
MOST_MOVED = 50
"""Percent of its rules whose price may more than double, or fall below half, without force."""
_SIDES = ("rate", "connect_fee", "mcd", "pulse", "effective", "expires", "blocked")
COLUMNS = (
    "prefix", "origin", "name", "kind", "differs", "change_percent",
    *(f"{side}_{name}" for name in _SIDES for side in ("old", "new")),
    "old_name", "new_name", "served_prefix", "served_rate", "served_blocked",
)  # fmt: skip
_PRICES = ("old_rate", "new_rate", "old_connect_fee", "new_connect_fee", "served_rate", "change_percent")
_SPANS = ("old_min", "old_max", "new_min", "new_max")
DESTINATION_COLUMNS = ("name", *KINDS, *(f"{span}_rate" for span in _SPANS), "change_percent")


def diff_view(
    shelf: Shelf,
    card: str,
    *,
    old: int | None = None,
    new: int | None = None,
    by: str = "prefix",
    kind: str | None = None,
    at: int | None = None,
    page: Page = FIRST_PAGE,
) -> Table:
    """
    What differs between two revisions.

    Args:
        old: None: the one that answers, or where none does, a card without rules.
        new: None: the latest.
        by: ``prefix`` or ``destination``.
        kind: changes of this kind only.
        at: unix seconds at which what serves a prefix is meant; None: now.
    """
    before, after = sides(shelf, card, old, new)
    moment = int(time.time()) if at is None else at
    found = compare(_rules(shelf, before), KEPT.of(shelf, after), moment)
    about: dict[str, Any] = {"card": card, "from": before and before.number, "to": after.number, "at": moment}
    about["summary"] = found.summary.as_json()
    return (_destinations if by == "destination" else _prefixes)(found, kind, page, about)


def sides(shelf: Shelf, card: str, old: int | None, new: int | None) -> tuple[Revision | None, Revision]:
    """
    The revisions that are compared.

    Raises:
        MissingError: there is none of that number.
    """
    about, revisions = revisions_of(shelf, card)
    if not revisions:
        raise MissingError(f"card '{card}' has no revision")
    after = revisions[-1] if new is None else numbered(card, revisions, new)
    return answering(about, revisions) if old is None else numbered(card, revisions, old), after


def check_by(by: str, kind: str | None) -> None:
    """
    Refuse what nothing can be sorted by.

    Raises:
        BadValueError: it is none of what there is.
    """
    if by not in BY:
        raise BadValueError("by", f"is none of {', '.join(BY)}")
    if kind is not None and kind not in SHOWN_KINDS:
        raise BadValueError("kind", f"is none of {', '.join(SHOWN_KINDS)}")


def _rules(shelf: Shelf, revision: Revision | None) -> pl.DataFrame:
    return SCHEMA.to_frame() if revision is None else KEPT.of(shelf, revision)


def _prefixes(found: Diff, kind: str | None, page: Page, about: dict[str, Any]) -> Table:
    changes = found.changes if kind is None else found.changes.filter(pl.col("kind") == kind)
    rows = [_change(change) for change in changes.slice(page.start, page.size).iter_rows(named=True)]
    return Table("changes", COLUMNS, rows, changes.height, page, about, _PRICES)


def _change(change: dict[str, Any]) -> Row:
    values = dict(change)
    for side in ("old", "new"):
        values[f"{side}_rate"] = amount(change[f"{side}_rate_units"])
        values[f"{side}_connect_fee"] = amount(change[f"{side}_connect_fee_units"])
        values[f"{side}_mcd"], values[f"{side}_pulse"] = change[f"{side}_mcd_s"], change[f"{side}_pulse_s"]
    values["served_rate"] = amount(change["served_rate_units"])
    return {name: values[name] for name in COLUMNS}


def _destinations(found: Diff, kind: str | None, page: Page, about: dict[str, Any]) -> Table:
    changed = pl.any_horizontal(pl.col(name) > 0 for name in ([kind] if kind else SHOWN_KINDS))
    names = found.destinations.filter(changed)
    rows = [_destination(row) for row in names.slice(page.start, page.size).iter_rows(named=True)]
    amounts = tuple(name for name in DESTINATION_COLUMNS if name.endswith(("_rate", "_percent")))
    return Table("destinations", DESTINATION_COLUMNS, rows, names.height, page, about, amounts)


def _destination(row: dict[str, Any]) -> Row:
    values = row | {f"{span}_rate": amount(row[f"{span}_units"]) for span in _SPANS}
    return {name: values[name] for name in DESTINATION_COLUMNS}


def doubts(shelf: Shelf, new: Revision, at: int) -> list[str]:
    """
    Why a revision should not take over at an instant without somebody having said so twice.

    Returns:
        A sentence each; empty: there is no doubt.
    """
    if not new.rules:
        return ["it has no rules: every call would be refused"]
    old = next(iter(active_revisions(shelf.engine, new.card, at)), None)
    if old is None or old.number == new.number:
        return []
    before, after = KEPT.of(shelf, old), KEPT.of(shelf, new)
    return [*_lost(before, after, old.number), *_moved(before, after, at, old.number)]


def _lost(before: pl.DataFrame, after: pl.DataFrame, number: int) -> list[str]:
    held = before["prefix"].unique()
    lost = len(held) - int(held.is_in(after["prefix"].unique().implode()).sum())
    if lost * 100 <= len(held) * MOST_LOST:
        return []
    return [f"it loses {lost:,} of the {len(held):,} prefixes of revision {number}: more than {MOST_LOST} %"]


def _moved(before: pl.DataFrame, after: pl.DataFrame, at: int, number: int) -> list[str]:
    found = compare(before, after, at)
    old, new = pl.col("old_rate_units").cast(pl.Int128), pl.col("new_rate_units").cast(pl.Int128)
    moved = found.changes.filter(pl.col("kind").is_in(["raised", "lowered"]) & ((new > old * 2) | (new * 2 < old)))
    counts = found.summary
    paired = counts.raised + counts.lowered + counts.changed + counts.moved + counts.unchanged
    if moved.height * 100 <= paired * MOST_MOVED:
        return []
    what = f"{moved.height:,} of the {paired:,} rules it shares with revision {number}"
    return [f"{what} more than double in price or fall below half: more than {MOST_MOVED} %"]
