"""
The prefixes of all cards together, and which rule of each card answers at each of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import polars as pl

from ratecards.columns.tree import ancestors, inherit_all

_ROW_BITS = 32


@dataclass(frozen=True, slots=True)
class Union:
    """
    Every prefix of any card, and for each card the row of ``rules`` that answers there (null: none).
    """

    rules: pl.DataFrame
    keys: pl.Series
    rows: pl.DataFrame

    def of_those_who_price(self, column: str) -> list[pl.Series]:
        """
        One series a card: the column of its rule, null where it has none or blocks.
        """
        values = self.rules.select(pl.when(~pl.col("blocked")).then(pl.col(column))).to_series()
        return [values.gather(rows).alias(rows.name) for rows in self.rows]

    def best(self, weight: pl.Expr) -> pl.Series:
        """
        The row with the largest weight, of equal ones the first card's, among those that answer at a prefix.

        Weight (below 2**31) and row (below 2**32) travel as one integer.
        """
        last = self.rules.height - 1
        row_from_end = last - pl.int_range(pl.len(), dtype=pl.Int64)
        weights = self.rules.select((weight * (1 << _ROW_BITS) + row_from_end).alias("weight")).to_series()
        largest = reduce(_larger, (weights.gather(rows) for rows in self.rows))
        return last - largest % (1 << _ROW_BITS)


def unite(rules: pl.DataFrame, cards: int, tick: Callable[[], None]) -> Union:
    """
    Expand: what answers in each card at each prefix of any of them.
    """
    keys = rules["key"].unique().sort()
    places = keys.to_frame().with_row_index("place")
    rows = rules.select("key", "card").join(places, on="key", how="left", maintain_order="left").with_row_index("row")
    nothing = pl.repeat(None, len(keys), dtype=pl.UInt32, eager=True)
    columns = []
    for card in range(cards):
        own = rows.filter(pl.col("card") == card)
        columns.append(nothing.clone().scatter(own["place"], own["row"]).alias(str(card)))
        tick()
    return Union(rules, keys, inherit_all(pl.DataFrame(columns), ancestors(keys)))


def _larger(one: pl.Series, other: pl.Series) -> pl.Series:
    return pl.select(pl.max_horizontal(one, other)).to_series()
