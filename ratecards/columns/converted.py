"""
Tables of rules in another currency.
"""

from fractions import Fraction

import polars as pl

from ratecards.exchange import ExchangeError, convert_units
from ratecards.money import MAX_UNITS, format_units

MONEY = ("rate_units", "connect_fee_units", "rate_inter_units", "rate_intra_units", "rate_indeterminate_units")
"""Columns of a table of rules that are amounts."""


def convert_rules(rules: pl.DataFrame, factor: Fraction) -> pl.DataFrame:
    """
    Convert every amount of a table of rules by :func:`ratecards.exchange.convert_units`.

    Raises:
        ExchangeError: an amount is more than can be kept.

    """
    if factor == 1:
        return rules
    return rules.with_columns(_convert(rules[name], factor) for name in MONEY)


def _convert(amounts: pl.Series, factor: Fraction) -> pl.Series:
    """
    Each distinct amount once: a deck has many prefixes and few prices.
    """
    known = amounts.drop_nulls().unique()
    converted = [convert_units(units, factor) for units in known]
    if max(converted, default=0) > MAX_UNITS:
        raise ExchangeError(f"{format_units(max(known))} times {float(factor):g} is more than 922,337,203")
    if known.is_empty():
        return amounts
    return amounts.replace_strict(known, pl.Series(converted, dtype=pl.Int64), default=None, return_dtype=pl.Int64)
