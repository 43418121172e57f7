"""
Two amounts of each of several things, as bars beside each other: SVG that needs nothing from anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ratecards.money import format_units, round_units

MOST = 12
"""Things in one chart; more would be no picture."""
WIDTH, LABEL, BAR, GAP = 720, 210, 14, 14
"""Of the chart, of the names at its left, of one bar, between two things; all in pixels."""
_ROOM = 390
"""Pixels of the longest bar; the rest of the line is for what it says."""
_MAX_NAME, _MAX_AMOUNT = 27, 14


@dataclass(frozen=True, slots=True)
class Bar:
    """
    One bar.

    Attributes:
        side: ``before`` or ``after``; how it is painted.
        y: pixels from the top.
        width: pixels.
        says: the amount.
    """

    side: str
    y: int
    width: int
    says: str


@dataclass(frozen=True, slots=True)
class Line:
    """
    What is shown of one thing.

    Attributes:
        name: whole; ``short``: as far as there is room.
        y: pixels from the top, of the middle.
    """

    name: str
    short: str
    y: int
    bars: tuple[Bar, Bar]


@dataclass(frozen=True, slots=True)
class Chart:
    """
    Attributes:
        width: pixels, as ``height``, and ``left``, where bars begin.
    """

    lines: tuple[Line, ...]
    width: int
    height: int
    left: int
    bar: int


def cost_chart(rows: Sequence[dict[str, Any]]) -> Chart | None:
    """
    Draw what destinations cost before and after.

    Args:
        rows: ``name``, ``cost_before`` and ``cost_after``, decimal texts of 0 or more; the first of them are drawn.

    Returns:
        None: none costs anything.
    """
    drawn = [row for row in rows if row["cost_before"] != "0" or row["cost_after"] != "0"][:MOST]
    if not drawn:
        return None
    longest = max(_units(row[f"cost_{side}"]) for row in drawn for side in ("before", "after"))
    step = 2 * BAR + GAP
    lines = tuple(_line(row, place * step + GAP // 2, longest) for place, row in enumerate(drawn))
    return Chart(lines, WIDTH, len(drawn) * step, LABEL, BAR)


def _line(row: dict[str, Any], y: int, longest: int) -> Line:
    name = row["name"] or "none named"
    short = name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + "…"
    before, after = (
        Bar(side, y + place * BAR, _units(row[f"cost_{side}"]) * _ROOM // longest, _says(row[f"cost_{side}"]))
        for place, side in enumerate(("before", "after"))
    )
    return Line(name, short, y + BAR, (before, after))


def _says(amount: str) -> str:
    """
    An amount as far as there is room.
    """
    if len(amount) <= _MAX_AMOUNT:
        return amount
    return format_units(round_units(_units(amount), 1, 2, "half_up"))


def _units(text: str) -> int:
    """
    Sums may be longer than any one price: only their proportions matter here.
    """
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(10, "0"))
