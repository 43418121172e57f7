"""
Minimise a card without loss: fewer prefixes, and every number rates as before.

A rule is needed exactly where a number rates otherwise than the number one digit shorter. Every number of 1 to 15
digits counts, the digits of a prefix themselves too, so which prefixes are needed is not a matter of choice: those
whose terms differ from those of the nearest prefix above. Dropping the others is therefore the smallest card there is.
Ten children of equal terms vanish when their parent has these terms; where the parent has others or none, putting the
children's there would give the number that ends at the parent another price, so they stay.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from ratecards.columns.tree import ancestors, prefix_keys
from ratecards.layout import ALWAYS, JURISDICTIONS, NEVER
from ratecards.rules import SCHEMA

_CHARGED = ("rate_units", "connect_fee_units", "mcd_s", "pulse_s", *JURISDICTIONS)
_ASKED = ("blocked", "origin", "min_digits", "max_digits")
_TIMES = ("effective", "expires")
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Minimised:
    """
    A card with the prefixes left that it needs.

    Attributes:
        rules: the rules of these prefixes, unchanged, in the order of the digits.
        prefixes_before: how many prefixes there were.
        prefixes_after: how many are left.

    """

    rules: pl.DataFrame
    prefixes_before: int
    prefixes_after: int

    @property
    def saved(self) -> int:
        """
        How many prefixes were dropped.
        """
        return self.prefixes_before - self.prefixes_after


def minimise(
    rules: pl.DataFrame, *, keep_names: bool = True, progress: Callable[[int, int], None] | None = None
) -> Minimised:
    """
    Drop every prefix that is priced, billed and blocked as the nearest prefix above it, at every instant.

    A prefix with one rule is dropped when the rule above is one that holds at least as long; a prefix with several
    when those above are the same several. What a blocked rule would charge is no difference. The answer to a number
    then shows a shorter prefix, and the dates of its rule.

    Args:
        rules: a table of :data:`ratecards.rules.SCHEMA`.
        keep_names: a prefix of another name is kept, so that answers name the same destination.
        progress: called with steps done and steps in all.

    Raises:
        PrefixError: a prefix is not 1 to 15 digits.

    """
    tell = progress or (lambda _done, _steps: None)
    rows = _in_order(rules)
    tell(1, _STEPS)
    prefixes = rows.group_by("key", maintain_order=True).agg(pl.len().alias("count"), pl.col("row").first())
    above = ancestors(prefixes["key"])
    tell(2, _STEPS)
    needed = _needed(rows, _counterparts(rows, prefixes, above), keep_names=keep_names)
    tell(3, _STEPS)
    kept = rows.filter(needed).select(SCHEMA.names())
    tell(4, _STEPS)
    return Minimised(kept, prefixes.height, kept["prefix"].n_unique())


def _in_order(rules: pl.DataFrame) -> pl.DataFrame:
    """
    By key, and rules of one prefix in the same order on every prefix.
    """
    rows = rules.select(SCHEMA.names()).with_columns(prefix_keys(rules["prefix"]))
    if not (rows["key"].diff() > 0).all():
        several = rows["key"].is_duplicated().any()
        rest = [name for name in SCHEMA.names() if name not in {"prefix", "name"}] if several else []
        rows = rows.sort("key", *rest, nulls_last=False)
    return rows.with_row_index("row")


def _counterparts(rows: pl.DataFrame, prefixes: pl.DataFrame, above: pl.Series) -> pl.DataFrame:
    """
    For each row the row of the nearest prefix above that stands in the same place, if that one has as many rows.
    """
    as_many = prefixes["count"].gather(above) == prefixes["count"]
    shift = prefixes["row"].gather(above).cast(pl.Int64) - prefixes["row"].cast(pl.Int64)
    by_prefix = prefixes.select("key", "count", pl.when(as_many).then(shift).alias("shift"))
    found = rows.select("key", "row").join(by_prefix, on="key", how="left", maintain_order="left")
    return found.select("count", (pl.col("row") + pl.col("shift")).alias("row"))


def _needed(rows: pl.DataFrame, counterpart: pl.DataFrame, *, keep_names: bool) -> pl.Series:
    """
    Whether the prefix of each row is: some rule of it says something else than its counterpart.
    """
    terms = rows.select(_terms(keep_names=keep_names))
    other = terms.select(pl.all().gather(counterpart["row"]))
    same = pl.DataFrame([column.eq_missing(other[column.name]) for column in terms])
    alike = same.select(pl.all_horizontal(pl.all())).to_series()
    held = _held_by(rows.select(_TIMES), counterpart)
    frame = pl.DataFrame({"key": rows["key"], "covered": alike & held & counterpart["row"].is_not_null()})
    return frame.select(~pl.col("covered").all().over("key")).to_series()


def _terms(*, keep_names: bool) -> list[pl.Expr]:
    charged = [pl.when(~pl.col("blocked")).then(pl.col(name)).alias(name) for name in _CHARGED]
    return [*charged, *map(pl.col, _ASKED), *([pl.col("name")] if keep_names else [])]


def _held_by(times: pl.DataFrame, counterpart: pl.DataFrame) -> pl.Series:
    """
    Whether the counterpart holds at least as long, or, among several rules, just as long.
    """
    own = times.select(pl.col("effective").fill_null(ALWAYS), pl.col("expires").fill_null(NEVER))
    other = own.select(pl.all().gather(counterpart["row"]))
    longer = (other["effective"] <= own["effective"]) & (other["expires"] >= own["expires"])
    equal = (other["effective"] == own["effective"]) & (other["expires"] == own["expires"])
    return (counterpart["count"] == 1) & longer | equal
