"""
What calls came to: counts, seconds and exact sums, in all and by destination; and the calls that lose most.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from ratecards.replay.rate import BLOCKED, PRICED
from ratecards.replay.refusals import Refusals

MAX_LOSERS = 100
_BEFORE, _AFTER = (pl.col(f"verdict_{side}") for side in ("before", "after"))


def _measures(side: str) -> dict[str, pl.Expr]:
    verdict, margin = pl.col(f"verdict_{side}"), pl.col(f"margin_{side}")
    return {
        f"rated_{side}": (verdict == PRICED).sum(),
        f"unpriced_{side}": ((verdict != PRICED) & (verdict != BLOCKED)).sum(),
        f"blocked_{side}": (verdict == BLOCKED).sum(),
        f"billed_{side}_s": pl.col(f"billed_{side}_s").sum(),
        f"cost_{side}": pl.col(f"cost_{side}").sum(),
        f"compared_{side}": margin.is_not_null().sum(),
        f"margin_{side}": margin.sum(),
        f"losing_{side}": (margin < 0).sum(),
    }


_MEASURES: dict[str, pl.Expr] = {
    "calls": pl.len(),
    "duration_s": pl.col("duration_s").sum(),
    **_measures("before"),
    **_measures("after"),
    "newly_unpriced": ((_BEFORE == PRICED) & (_AFTER != PRICED)).sum(),
    "newly_unpriced_cost": pl.when(_AFTER != PRICED).then("cost_before").sum(),
    "newly_priced": ((_BEFORE != PRICED) & (_AFTER == PRICED)).sum(),
    "newly_priced_cost": pl.when(_BEFORE != PRICED).then("cost_after").sum(),
}
MEASURES = tuple(_MEASURES)
"""
What is counted and added up. Amounts are units of 10**-10; ``compared``: calls that have a margin; ``newly_unpriced``:
calls with a price before and none after, and what they cost before.
"""
_AMOUNTS = ("cost", "margin", "newly_unpriced_cost", "newly_priced_cost")
_KINDS = pl.Schema(
    {"destination": pl.Int64(), **{n: pl.Int128() if n.startswith(_AMOUNTS) else pl.Int64() for n in MEASURES}}
)
_SUMS = [expression.alias(name) for name, expression in _MEASURES.items()]
Sums = dict[str, int]
_MAX_LOOSE = 200_000
"""Rows of sums by destination that are kept as they come, before those of one destination are added up."""


class Loser(NamedTuple):
    """
    A call that loses money after; ``margin_before`` None: it had no price before.
    """

    line: int
    number: str
    destination: str
    duration_s: int
    sell_units: int
    buy_units: int
    margin_before: int | None
    margin_after: int


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What some calls came to; those of two parts of a file can be added.

    Attributes:
        rows: that were read.
        unanswered: calls that cost nothing.
        refusals: rows that no call could be read from.
        total: each of :data:`MEASURES`, of all calls.
        parts: the same by ``destination``, a number; a destination may be in each of them.
        losers: the calls that lose most after, worst first.
    """

    rows: int = 0
    unanswered: int = 0
    refusals: Refusals = field(default_factory=Refusals)
    total: Sums = field(default_factory=lambda: dict.fromkeys(MEASURES, 0))
    parts: tuple[pl.DataFrame, ...] = ()
    losers: tuple[Loser, ...] = ()

    def __add__(self, more: "Tally") -> "Tally":
        return Tally(
            self.rows + more.rows,
            self.unanswered + more.unanswered,
            self.refusals + more.refusals,
            {name: self.total[name] + more.total[name] for name in MEASURES},
            _fewer((*self.parts, *more.parts)),
            _worst((*self.losers, *more.losers)),
        )

    def by_destination(self) -> pl.DataFrame:
        """
        The sums of each destination in one row.
        """
        return _together(self.parts)


def add_up(rated: pl.DataFrame) -> tuple[Sums, pl.DataFrame, pl.DataFrame]:
    """
    Add up calls that were rated.

    Args:
        rated: a row a call: ``destination`` (a number), ``duration_s``, and for each side ``verdict_before``,
            ``billed_before_s``, ``cost_before``, ``margin_before`` and so on; null: none.

    Returns:
        The sums of all, the sums by destination, and the calls that lose most, worst first.
    """
    grouped = rated.group_by("destination").agg(_SUMS).cast(_KINDS)
    total = grouped.select(pl.col(MEASURES).sum()).row(0, named=True)
    losing = rated.filter(pl.col("margin_after") < 0)
    return total, grouped, losing.sort("margin_after", "line").head(MAX_LOSERS)


def _fewer(parts: tuple[pl.DataFrame, ...]) -> tuple[pl.DataFrame, ...]:
    """
    The same, in one part once there is much.
    """
    loose = sum(part.height for part in parts[1:])
    return parts if not parts or loose < max(_MAX_LOOSE, parts[0].height) else (_together(parts),)


def _together(parts: tuple[pl.DataFrame, ...]) -> pl.DataFrame:
    if not parts:
        return pl.DataFrame(schema=_KINDS)
    return pl.concat(parts).group_by("destination").agg(pl.all().sum())


def _worst(calls: tuple[Loser, ...]) -> tuple[Loser, ...]:
    return tuple(sorted(calls, key=lambda call: (call.margin_after, call.line))[:MAX_LOSERS])
