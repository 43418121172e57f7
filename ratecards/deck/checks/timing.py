"""
Rules that do not hold today: what takes their calls meanwhile.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import polars as pl

from ratecards.deck.checks.notices import Notice, notice
from ratecards.deck.neighbours import fallbacks
from ratecards.deck.report import MAX_LISTED_WARNINGS


def not_in_force(rules: pl.DataFrame, serves: pl.DataFrame, now: int | None) -> Iterator[Notice]:
    """
    List rules that start later or have ended.

    Args:
        rules: :data:`ratecards.rules.SCHEMA` with ``line``.
        serves: the rule of each prefix that takes its calls now.
        now: unix seconds; None: nothing is later or over.
    """
    if now is None:
        return
    later = rules.filter(pl.col("effective") > now)
    starts = pl.when("blocked").then(pl.lit(" is blocked from ")).otherwise(pl.lit(" starts "))
    yield _notice("future", later, serves, "effective", starts + _moment("effective") + " UTC; until then ")
    over = rules.filter(pl.col("expires") <= now)
    yield _notice("expired", over, serves, "expires", pl.lit(" ended ") + _moment("expires") + " UTC; ")


def _notice(kind: str, found: pl.DataFrame, serves: pl.DataFrame, date: str, when: pl.Expr) -> Notice:
    shown = (
        found.sort("line", "prefix", maintain_order=True)
        .head(MAX_LISTED_WARNINGS)
        .select("line", "prefix", "blocked", date)
    )
    shown = shown.with_columns(fallbacks(shown["prefix"], serves, itself=True).alias("meanwhile"))
    listed = notice(kind, shown, pl.col("prefix") + when + pl.col("meanwhile")).listed
    return Notice(kind, found.height, listed)


def _moment(column: str) -> pl.Expr:
    return pl.col(column).map_elements(_written, return_dtype=pl.String)


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S").removesuffix(" 00:00:00")
