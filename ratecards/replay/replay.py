"""
Past calls on two revisions of a card side by side, and what another card has to say of their margin.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import polars as pl

from ratecards.jurisdiction import Places
from ratecards.layout import ALWAYS
from ratecards.replay.calls import Calls
from ratecards.replay.exact import converted, minus
from ratecards.replay.flat import FlatCard
from ratecards.replay.rate import rate_calls
from ratecards.replay.tally import Loser, Sums, Tally, add_up


@dataclass(frozen=True)
class Side:
    """
    A card that calls are rated on, and when.

    Attributes:
        at: unix seconds at which all calls are taken to be made; None: each when it was.
        earliest: but none before this.
        factor: what one unit of its currency is in the currency of the result.
    """

    card: FlatCard
    at: int | None = None
    earliest: int = ALWAYS
    factor: Fraction = Fraction(1)

    def moments(self, starts: pl.Series) -> pl.Series:
        """
        When calls are taken to be made, by when they were.
        """
        if self.at is not None:
            return pl.repeat(self.at, len(starts), dtype=pl.Int64, eager=True)
        return starts.clip(self.earliest)

    def rated(self, calls: pl.DataFrame, places: Places | None) -> pl.DataFrame:
        """
        Calls rated, their costs in the currency of the result.
        """
        rated = rate_calls(self.card, calls, self.moments(calls["start"]), places)
        return rated.with_columns(converted(rated["cost_units"], self.factor))


@dataclass(frozen=True)
class Replay:
    """
    What is compared.

    Attributes:
        against: what the same calls earn where ``before`` and ``after`` are what they cost, or the other way round;
            None: no margin is wanted.
        sells: ``before`` and ``after`` are what the calls earn.
        places: where North American numbers are; the bundled table when left out.
    """

    before: Side
    after: Side
    against: Side | None = None
    sells: bool = False
    places: Places | None = None

    @property
    def asks_call(self) -> bool:
        """
        Whether who calls matters to any of the cards.
        """
        return any(side.card.asks_call for side in (self.before, self.after, self.against) if side)

    @cached_property
    def _names(self) -> tuple[list[str], pl.Series, pl.Series]:
        """
        Every destination, none being the first, and the number of each rule's on either side.
        """
        sides = [side.card.rules["name"] for side in (self.before, self.after)]
        every = pl.concat([*sides, pl.Series("name", [""])]).unique().sort()
        before, after = (side.cast(pl.Enum(every)).to_physical().cast(pl.Int64) for side in sides)
        return every.to_list(), before, after

    def tally(self, calls: Calls) -> Tally:
        """
        Rate calls on every card and add up what they come to.

        Raises:
            OverflowError: a cost is more than can be kept; likewise ExchangeError.
        """
        table = calls.table.sort("key", "line")
        before, after = self.before.rated(table, self.places), self.after.rated(table, self.places)
        other = None if self.against is None else self.against.rated(table, self.places)["cost_units"]
        rated = table.select("line", "number", "duration_s").with_columns(
            self._destinations(before["row"], after["row"]),
            *self._side("before", before, other),
            *self._side("after", after, other),
            against=other if other is not None else pl.lit(None, pl.Int64),
        )
        total, grouped, losing = add_up(rated)
        return Tally(calls.rows, calls.unanswered, calls.refusals, total, (grouped,), tuple(self._losers(losing)))

    def by_name(self, tally: Tally) -> dict[str, Sums]:
        """
        What was tallied by the name of each destination; empty: no rule names one.
        """
        rows = tally.by_destination().iter_rows(named=True)
        return {self._names[0][row.pop("destination")]: row for row in rows}

    def _destinations(self, before: pl.Series, after: pl.Series) -> pl.Series:
        """
        As the new prices name it; else as the old ones do.
        """
        _, old, new = self._names
        names = new.gather(after).alias("destination").to_frame().with_columns(old.gather(before).alias("old"))
        return names.select(pl.coalesce("destination", "old").fill_null(0))["destination"]

    def _side(self, name: str, rated: pl.DataFrame, other: pl.Series | None) -> list[pl.Series]:
        cost = rated["cost_units"]
        if other is None:
            margin = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(cost))
        else:
            margin = minus(cost, other) if self.sells else minus(other, cost)
        return [
            rated["verdict"].alias(f"verdict_{name}"),
            rated["billed_s"].alias(f"billed_{name}_s"),
            cost.alias(f"cost_{name}"),
            margin.alias(f"margin_{name}"),
        ]

    def _losers(self, losing: pl.DataFrame) -> list[Loser]:
        sell, buy = ("cost_after", "against") if self.sells else ("against", "cost_after")
        columns = ("line", "number", "destination", "duration_s", sell, buy, "margin_before", "margin_after")
        names = self._names[0]
        return [Loser._make((*row[:2], names[row[2]], *row[3:])) for row in losing.select(columns).iter_rows()]
