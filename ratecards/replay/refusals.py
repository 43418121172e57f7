"""
Rows that no call could be read from.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

MAX_LISTED = 100
_MAX_VALUE = 40


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    """
    One row: its line, and the column, the value and what is wrong with it.
    """

    line: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """
    How many there are, and the first of them.
    """

    count: int = 0
    first: tuple[Refusal, ...] = ()

    def __add__(self, more: "Refusals") -> "Refusals":
        listed = sorted({*self.first, *more.first})
        return Refusals(self.count + more.count, tuple(listed[:MAX_LISTED]))


def refuse(rows: pl.DataFrame, column: str, reason: str | None = None) -> Refusals:
    """
    Refuse rows for one reason, or each for its own.

    Args:
        rows: ``line``, ``value``, and ``reason`` where none is given; by line.
        column: that the value stands in.
    """
    if reason is not None:
        rows = rows.with_columns(reason=pl.lit(reason))
    listed = rows.head(MAX_LISTED).select("line", "value", "reason").iter_rows()
    return Refusals(rows.height, tuple(Refusal(line, column, cut(value), why) for line, value, why in listed))


def total(refusals: Iterable[Refusals]) -> Refusals:
    """
    All of them together, the first by line.
    """
    return sum(refusals, Refusals())


def cut(value: str | None) -> str:
    """
    A value as it may be shown: one line, not long.
    """
    printable = "".join(c if c.isprintable() else "\ufffd" for c in (value or "")[: _MAX_VALUE + 1])
    return printable if len(printable) <= _MAX_VALUE else printable[:_MAX_VALUE] + "…"
