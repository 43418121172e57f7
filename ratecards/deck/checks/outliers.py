"""
Prices a rates manager should look at before customers do.
"""

from collections.abc import Iterator

import polars as pl

from ratecards.deck.cells.countries import markets
from ratecards.deck.checks.notices import Notice, notice
from ratecards.deck.neighbours import DictionaryOrder, words
from ratecards.money import UNITS

FACTOR = 10
"""Times a price may differ from its country's middle price, or from its parent's."""

ENOUGH = 4
"""Prices of a country below which it has no middle price worth the name."""

SENTINEL_UNITS = 100 * UNITS
"""A price a minute no call has; carriers write 100, 999 or 1200 to keep traffic away."""


def outliers(rules: pl.DataFrame, serves: pl.DataFrame, order: DictionaryOrder | None = None) -> Iterator[Notice]:
    """
    Compare every price with its country's, its parent's, and with what no call costs.

    Args:
        rules: :data:`ratecards.rules.SCHEMA` with ``line``.
        serves: the rule of each prefix that takes its calls.
        order: of the rules' prefixes, where it is known.
    """
    beyond = pl.col("rate_units") >= SENTINEL_UNITS
    priced = _without(rules.select("line", "prefix", "rate_units", "blocked"), pl.col("blocked"))
    yield notice("sentinel", priced.filter(beyond), _rate() + " a minute is a price no call has")
    yield _in_country(_without(priced, beyond))
    yield _beside_parent(_without(serves, pl.col("blocked") | beyond), order)


def _without(rules: pl.DataFrame, some: pl.Expr) -> pl.DataFrame:
    # Most cards have none, and a filter copies the card.
    mask = rules.select(some).to_series()
    return rules.filter(~mask) if mask.any() else rules


def _in_country(priced: pl.DataFrame) -> Notice:
    priced = priced.with_columns(markets(priced["prefix"]).alias("market"))
    middle = priced.group_by("market").agg(
        pl.col("rate_units").median().round().cast(pl.Int64).alias("middle"), pl.len().alias("count")
    )
    enough = middle.filter((pl.col("count") >= ENOUGH) & (pl.col("middle") > 0))
    found = priced.join(enough, on="market", maintain_order="left")
    low = pl.col("rate_units") * FACTOR < pl.col("middle")
    found = found.filter(low | (pl.col("rate_units") > pl.col("middle") * FACTOR))
    side = pl.when(low).then(pl.lit("below")).otherwise(pl.lit("above"))
    rest = pl.lit(" is far ") + side + " the rest of its country, where the middle price is " + words("middle")
    return notice("outlier", found, _rate() + rest)


def _beside_parent(serves: pl.DataFrame, order: DictionaryOrder | None) -> Notice:
    if order is None or len(order) != serves.height:
        order = DictionaryOrder(serves["prefix"])
    parent = order.parents()
    found = serves.with_columns(parent.alias("at"), serves["rate_units"].gather(parent).alias("parent_units"))
    mine, its = pl.col("rate_units"), pl.col("parent_units")
    low = (mine * FACTOR <= its) & (mine < its)
    found = found.filter(low | ((mine >= its * FACTOR) & (mine > its)))
    found = found.with_columns(serves["prefix"].gather(found["at"]).alias("parent"))
    side = pl.when(low).then(pl.lit("cheaper")).otherwise(pl.lit("dearer"))
    rest = (
        pl.lit(" is ") + side + f" by {FACTOR} times or more than " + pl.col("parent") + " at " + words("parent_units")
    )
    return notice("parent", found, _rate() + rest)


def _rate() -> pl.Expr:
    return pl.col("prefix") + " at " + words("rate_units")
