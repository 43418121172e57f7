"""
The rules of a card that hold at an instant, and the next instant at which others will.
"""

import polars as pl

from ratecards.layout import ALWAYS, ANY_LENGTH, NEVER
from ratecards.rules import SCHEMA

_FILLED = {"effective": ALWAYS, "expires": NEVER, "min_digits": 0, "max_digits": ANY_LENGTH}
_REST = [name for name in SCHEMA.names() if name not in {"prefix", "effective"}]


def in_force(rules: pl.DataFrame, at: int) -> pl.DataFrame:
    """
    Every rule that holds at an instant.
    """
    starts, ends = pl.col("effective"), pl.col("expires")
    return rules.filter((starts.is_null() | (starts <= at)) & (ends.is_null() | (ends > at)))


def deciding(rules: pl.DataFrame) -> pl.DataFrame:
    """
    Of rules that all hold, the one of each prefix that a compiled card answers with: that which starts last.
    """
    if not rules["prefix"].is_duplicated().any():
        return rules
    by = [pl.col(name).cast(pl.Int64).fill_null(_FILLED[name]) if name in _FILLED else pl.col(name) for name in _REST]
    starts = pl.col("effective").fill_null(ALWAYS)
    ordered = rules.sort("prefix", starts, *by, descending=[False, True, *[False] * len(by)], nulls_last=False)
    return ordered.unique("prefix", keep="first", maintain_order=True)


def next_change(rules: pl.DataFrame, at: int) -> int | None:
    """
    The first instant after this one at which a rule starts or ends; None: nothing is scheduled.
    """
    times = pl.concat([rules["effective"], rules["expires"].rename("effective")])
    later = times.filter(times > at)
    return None if later.is_empty() else int(later.min())  # type: ignore[arg-type]
