"""
A new deck beside the revision in use: codes that vanish, prices that jump.
"""

from collections.abc import Iterator

import polars as pl

from ratecards.deck.checks.notices import Notice, notice
from ratecards.deck.neighbours import fallbacks
from ratecards.deck.report import MAX_LISTED_WARNINGS
from ratecards.money import format_units

MAX_LOST_PERCENT = 30
"""Share of its codes a card may lose from one revision to the next."""

MAX_TIMES = 3
"""Times the middle price may rise or fall from one revision to the next."""

_SAY = "load it with force if that is meant"


def vanished(rules: pl.DataFrame, base: pl.DataFrame, serves: pl.DataFrame) -> Notice:
    """
    List the codes of the revision in use that the new deck does not have.

    Args:
        rules: :data:`ratecards.rules.SCHEMA`, the new deck.
        base: the same, the revision in use.
        serves: the rule of each prefix of the new deck that takes its calls.
    """
    lost = _lost(rules, base)
    listed = lost.head(MAX_LISTED_WARNINGS).with_columns(line=pl.lit(None, dtype=pl.UInt32))
    listed = listed.with_columns(fallbacks(listed["prefix"], serves).alias("meanwhile"))
    listed_only = notice("vanished", listed, pl.col("prefix") + " is no longer in the deck; " + pl.col("meanwhile"))
    return Notice("vanished", lost.height, listed_only.listed)


def gates(rules: pl.DataFrame, base: pl.DataFrame) -> Iterator[str]:
    """
    Say why a deck looks like a mistake beside the revision in use.

    Yields:
        A sentence each; nothing where it looks like what a carrier would send.
    """
    codes = base["prefix"].n_unique()
    lost = _lost(rules, base).height
    if lost * 100 > codes * MAX_LOST_PERCENT:
        yield f"the deck has lost {lost:,} of the {codes:,} codes of the revision in use: {_SAY}"
    old, new = _middle(base), _middle(rules)
    if old is None or new is None:
        return
    if max(old, new) >= MAX_TIMES * min(old, new) and old != new:
        yield f"the middle price has gone from {format_units(old)} to {format_units(new)}: {_SAY}"


def _lost(rules: pl.DataFrame, base: pl.DataFrame) -> pl.DataFrame:
    return base.select("prefix").unique().join(rules, on="prefix", how="anti").sort("prefix")


def _middle(rules: pl.DataFrame) -> int | None:
    median = rules.filter(~pl.col("blocked"))["rate_units"].median()
    return None if median is None else round(float(median))  # type: ignore[arg-type]
