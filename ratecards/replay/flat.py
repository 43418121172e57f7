"""
A card laid out flat, to rate very many calls at once: longest match, time and rule as steps on whole columns.
"""

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from ratecards.columns.segments import longest, segments_of
from ratecards.columns.tree import ancestors, prefix_keys
from ratecards.compile import compile_card
from ratecards.index import CardIndex
from ratecards.layout import ALWAYS, ANY_LENGTH, JURISDICTIONS, NEVER
from ratecards.model import Terms
from ratecards.rules import SCHEMA

NO_RATE, EXPIRED = -1, -2
"""Stand for the row of a call that no rule is in force for; expired: one was."""
_FILLED = {"effective": ALWAYS, "expires": NEVER, "min_digits": 0, "max_digits": ANY_LENGTH}
_LENGTHS = ("min_digits", "max_digits")
_MAX_KEPT = 4


@dataclass(frozen=True)
class FlatCard:
    """
    Attributes:
        rules: a table of :data:`ratecards.rules.SCHEMA` by prefix, latest start first; calls name them by row.
        starts: unix second from which each rule holds; ``ends``: from which it no longer does; Int64, without null.
        segments: from :func:`ratecards.columns.segments.segments_of`.
        first: row of each prefix's first rule, and behind the last one the number of rows; Int32.
        above: number of the nearest shorter prefix of each; Int32, null: there is none.
        changes: sorted instants at which some rule starts or ends.
    """

    rules: pl.DataFrame
    terms: Terms
    starts: pl.Series
    ends: pl.Series
    segments: pl.DataFrame
    first: pl.Series
    above: pl.Series
    changes: pl.Series
    _decided: dict[int, pl.Series] = field(default_factory=dict, repr=False)

    @cached_property
    def has_jurisdictions(self) -> bool:
        """
        Whether some rule has an interstate, intrastate or indeterminate rate.
        """
        return bool(self.rules.select(pl.any_horizontal(pl.col(JURISDICTIONS).is_not_null().any())).item())

    @cached_property
    def picks_rule(self) -> bool:
        """
        Whether the rule itself depends on who calls, or on the length of the number.
        """
        asked = [pl.col(name).is_not_null().any() for name in _LENGTHS] + [(pl.col("origin") != "").any()]
        return bool(self.rules.select(pl.any_horizontal(asked)).item())

    @property
    def asks_call(self) -> bool:
        """
        Whether a price depends on who calls.
        """
        return self.has_jurisdictions or self.picks_rule

    @cached_property
    def prefixes(self) -> list[str]:
        """
        The prefix of every rule.
        """
        return self.rules["prefix"].to_list()

    @cached_property
    def index(self) -> CardIndex:
        """
        The same card for one call at a time; compiled when it is first needed.
        """
        return compile_card(self.rules, self.terms)

    def rows_of(self, keys: pl.Series, at: pl.Series) -> pl.Series:
        """
        The row of the rule that decides each call, of a card where that is for the longest prefix and the time to say.

        Args:
            keys: of numbers, from :func:`ratecards.columns.segments.number_keys`.
            at: unix seconds.

        Returns:
            Int32: a row, :data:`NO_RATE` or :data:`EXPIRED`.
        """
        if self.rules.is_empty() or at.is_empty():
            return pl.repeat(NO_RATE, len(at), dtype=pl.Int32, eager=True)
        nodes = longest(self.segments, keys)
        span = pl.Series([at.min(), at.max()], dtype=pl.Int64)
        first, last = self.changes.search_sorted(span, side="right")
        if first != last:
            return self._walk(nodes, at)
        return self._everywhere(int(first), at[0]).gather(nodes).fill_null(NO_RATE)

    def _everywhere(self, epoch: int, at: int) -> pl.Series:
        """
        What decides below each prefix between two changes of the card, worked out once.
        """
        if epoch not in self._decided:
            while len(self._decided) >= _MAX_KEPT:
                self._decided.pop(next(iter(self._decided)))
            nodes = pl.int_range(len(self.above), dtype=pl.Int32, eager=True)
            self._decided[epoch] = self._walk(nodes, pl.repeat(at, len(nodes), dtype=pl.Int64, eager=True))
        return self._decided[epoch]

    def _walk(self, nodes: pl.Series, at: pl.Series) -> pl.Series:
        """
        From the longest prefix up, rule by rule, until one is in force: all calls a step at a time.
        """
        calls = pl.int_range(len(nodes), dtype=pl.UInt32, eager=True)
        left = pl.DataFrame([calls.alias("call"), nodes.alias("node"), at.alias("at")])
        left = left.with_columns(self.first.gather(nodes).alias("row"), ended=pl.lit(value=False))
        settled: list[pl.DataFrame] = []
        while left.height:
            miss = pl.when("ended").then(pl.lit(EXPIRED, pl.Int32)).otherwise(pl.lit(NO_RATE, pl.Int32))
            settled.append(left.filter(pl.col("node").is_null()).select("call", miss.alias("row")))
            left, found = self._step(left.filter(pl.col("node").is_not_null()))
            settled.append(found)
        return pl.concat(settled).sort("call")["row"]

    def _step(self, left: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """
        The calls still without a rule, each at its next one; and those whose rule is found.
        """
        started = left["at"] >= self.starts.gather(left["row"])
        ended = left["at"] >= self.ends.gather(left["row"])
        rest = left.with_columns(pl.col("row") + 1, ended=pl.col("ended") | ended).filter(~started | ended)
        over = rest["row"] == self.first.gather(rest["node"] + 1)
        up = self.above.gather(rest["node"]).zip_with(over, rest["node"])
        row = self.first.gather(up).zip_with(over, rest["row"])
        return rest.with_columns(up.alias("node"), row.alias("row")), left.filter(started & ~ended).select(
            "call", "row"
        )


def lay_out(rules: pl.DataFrame, terms: Terms) -> FlatCard:
    """
    Lay a card out flat.

    Args:
        rules: a table of :data:`ratecards.rules.SCHEMA`, in any order.
        terms: what all rules share.

    Raises:
        PrefixError: a prefix is not 1 to 15 digits.
    """
    key = prefix_keys(rules["prefix"])
    ordered = _in_order(rules.select(SCHEMA.names()).with_columns(key))
    prefixes = ordered.group_by("key", maintain_order=True).len()
    first = pl.concat([pl.Series([0], dtype=pl.Int32), prefixes["len"].cum_sum().cast(pl.Int32)])
    above = ancestors(prefixes["key"]).cast(pl.Int32)
    starts, ends = ordered["effective"].fill_null(ALWAYS), ordered["expires"].fill_null(NEVER)
    changes = pl.concat([starts.alias("at"), ends.alias("at")]).unique().sort()
    segments = segments_of(prefixes["key"], above)
    return FlatCard(ordered.drop("key"), terms, starts, ends, segments, first, above, changes)


def _in_order(rules: pl.DataFrame) -> pl.DataFrame:
    """
    As a compiled card has them: of several in force for one prefix, the first one decides.
    """
    rest = [name for name in SCHEMA.names() if name not in {"prefix", "effective"}]
    by = [pl.col(name).cast(pl.Int64).fill_null(_FILLED[name]) if name in _FILLED else pl.col(name) for name in rest]
    starts = pl.col("effective").fill_null(ALWAYS)
    return rules.sort("key", starts, *by, descending=[False, True, *[False] * len(by)], nulls_last=False)
