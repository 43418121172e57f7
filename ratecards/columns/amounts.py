"""
Whole columns of exact amounts as decimal texts.
"""

import polars as pl

from ratecards.money import DECIMALS, UNITS


def texts_of(units: pl.Series) -> pl.Series:
    """
    As :func:`ratecards.money.format_units` has them; null stays.

    Args:
        units: of 10**-10, 0 or more, Int64 or Int128.
    """
    name, kind = units.name, units.dtype
    amount = pl.col(name)
    whole = amount // pl.lit(UNITS, kind)
    rest = (amount - whole * pl.lit(UNITS, kind)).cast(pl.Int64)
    decimals = rest.cast(pl.String).str.pad_start(DECIMALS, "0").str.strip_chars_end("0")
    text = whole.cast(pl.String)
    written = pl.when(rest == 0).then(text).otherwise(pl.concat_str(text, pl.lit("."), decimals))
    return units.to_frame().select(written.alias(name)).to_series()
