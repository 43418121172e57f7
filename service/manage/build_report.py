"""
What a derived card was made from, and what that changes, as JSON and on a terminal.
"""

import time
from fractions import Fraction
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ratecards.diff import KINDS, Diff
from ratecards.money import format_units
from service.manage.build_again import Rebuilt
from service.manage.build_stale import Stale
from service.manage.builds import Built

TOP = 20
"""Destinations shown: those whose mean price changes most."""
_CHANGES = KINDS[:-1]
_SPANS = ("old_min_units", "old_max_units", "new_min_units", "new_max_units")


def built_json(built: Built) -> dict[str, Any]:
    """
    A card as it was made, or would be.
    """
    revision, diff = built.revision, built.diff
    return {
        "card": revision.card,
        "revision": revision.number,
        "added": built.added,
        "active": revision.active,
        "source": revision.source,
        "currency": revision.currency,
        "rules": revision.rules,
        "prefixes_before": built.prefixes_before,
        "parents": dict(built.made.parents),
        "exchange": dict(built.made.exchange),
        "at": built.made.at,
        "until": built.made.until,
        "before": None if built.before is None else built.before.number,
        "changes": None if diff is None else diff.summary.as_json(),
        "destinations": [] if diff is None else _destinations(diff),
    }


def rebuilt_json(rebuilt: Rebuilt) -> dict[str, Any]:
    fields = {"card": rebuilt.card, "reasons": list(rebuilt.reasons), "error": rebuilt.error}
    return fields | {"made": None if rebuilt.built is None else built_json(rebuilt.built)}


def print_built(built: Built, console: Console) -> None:
    """
    Print where a card comes from, what it changes, and when to make it again.
    """
    revision, made = built.revision, built.made
    saved = built.prefixes_before - revision.rules
    less = f", {saved:,} fewer than before it was minimised" if saved > 0 else ""
    console.print(f"{revision.card}: {revision.source}", markup=False)
    console.print(f"{revision.rules:,} rules, {revision.currency}{less}", markup=False)
    for pair, factor in made.exchange.items():
        source, _, target = pair.partition(">")
        console.print(f"1 {source} = {float(Fraction(factor)):.6f} {target}", markup=False)
    _print_changes(built, console)
    if made.until is not None:
        console.print(f"a dated rule changes it: make it again at {_when(made.until)}", markup=False)


def print_stale(stale: list[Stale], console: Console) -> None:
    table = Table("card", "made as", "automatic", "why")
    for card in stale:
        table.add_row(card.card, f"r{card.revision}", "yes" if card.automatic else "", "; ".join(card.reasons))
    console.print(table if stale else "every derived card is what it is made from")


def _print_changes(built: Built, console: Console) -> None:
    before, diff = built.before, built.diff
    if before is None:
        console.print("no revision answers yet to compare it with")
        return
    if diff is None:
        why = f"is in {before.currency}" if before.currency != built.revision.currency else "has no rules any more"
        console.print(f"revision {before.number}, which answers, {why}: prices are not compared")
        return
    counts = diff.summary.as_json()
    said = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS if counts[kind])
    console.print(f"against revision {before.number}, which answers: {said}", markup=False)
    top = _destinations(diff)
    if top:
        console.print(_table(top))
    if diff.summary.destinations > len(top):
        console.print(f"… and {diff.summary.destinations - len(top):,} destinations more", markup=False)


def _destinations(diff: Diff) -> list[dict[str, Any]]:
    """
    Those that change, the largest change of price first.
    """
    changed = diff.destinations.filter(pl.sum_horizontal(_CHANGES) > 0)
    size = pl.col("change_percent").cast(pl.Decimal(38, 2)).abs()
    top = changed.sort(size, "name", descending=[True, False], nulls_last=True).head(TOP)
    return [_destination(row) for row in top.iter_rows(named=True)]


def _destination(row: dict[str, Any]) -> dict[str, Any]:
    spans = {n.removesuffix("_units"): None if row[n] is None else format_units(row[n]) for n in _SPANS}
    counts = {kind: row[kind] for kind in _CHANGES}
    return {"name": row["name"], **counts, **spans, "change_percent": row["change_percent"]}


def _table(top: list[dict[str, Any]]) -> Table:
    kinds = [kind for kind in _CHANGES if any(row[kind] for row in top)]
    table = Table("destination", *kinds, "price before", "after", "change")
    for row in top:
        counts = (f"{row[kind]:,}" if row[kind] else "" for kind in kinds)
        percent = "" if row["change_percent"] is None else f"{row['change_percent']} %"
        table.add_row(_plain(row["name"]), *counts, _span(row, "old"), _span(row, "new"), percent)
    return table


def _plain(text: str) -> str:
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _span(row: dict[str, Any], side: str) -> str:
    least, most = row[f"{side}_min"], row[f"{side}_max"]
    return (least or "") if least == most else f"{least} to {most}"


def _when(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
