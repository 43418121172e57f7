"""
Warnings of one kind, built from a table: all counted, the first listed.
"""

from dataclasses import dataclass

import polars as pl

from ratecards.deck.report import MAX_LISTED_WARNINGS, Warning_


@dataclass(frozen=True, slots=True)
class Notice:
    """
    Everything noticed of one kind.

    Attributes:
        kind: a stable word.
        count: how often.
        listed: the first :data:`ratecards.deck.report.MAX_LISTED_WARNINGS`, by line and prefix.
    """

    kind: str
    count: int
    listed: tuple[Warning_, ...]


def notice(kind: str, found: pl.DataFrame, message: pl.Expr) -> Notice:
    """
    Make warnings of a table's rows.

    Args:
        kind: a stable word.
        found: has ``line`` (may be null) and ``prefix``, and what the message needs.
        message: one sentence.
    """
    shown = found.sort("line", "prefix", nulls_last=False, maintain_order=True).head(MAX_LISTED_WARNINGS)
    rows = shown.select("line", "prefix", message.alias("message")).iter_rows()
    return Notice(kind, found.height, tuple(Warning_(kind, text, line, prefix) for line, prefix, text in rows))


def of_file(kind: str, message: str, line: int | None = None) -> Notice:
    """
    One warning about the file as a whole.
    """
    return Notice(kind, 1, (Warning_(kind, message, line),))
