"""
Costs of many calls at once, exact to the last digit: integers of 64 bits where they hold every step, else of 128.

What a call costs is :mod:`ratecards.charge`'s matter; here it is only computed in columns.
"""

from fractions import Fraction
from typing import Any

import polars as pl

from ratecards.charge import SECONDS_PER_RATE
from ratecards.exchange import ExchangeError, convert_units
from ratecards.model import Terms
from ratecards.money import DECIMALS, Rounding

Integers = pl.Int64 | pl.Int128
_BITS = 126
"""Of the widest integers there are, less the sign and the bit that a doubled remainder takes."""


def billed_seconds() -> pl.Expr:
    """
    Seconds that are charged, of a table with ``duration_s``, ``mcd_s`` and ``pulse_s``; durations are whole.
    """
    duration, first, pulse = (pl.col(name).cast(pl.Int64) for name in ("duration_s", "mcd_s", "pulse_s"))
    more = (duration - first + pulse - 1) // pulse * pulse
    return pl.when(duration <= 0).then(first * 0).when(duration <= first).then(first).otherwise(first + more)


def costs(priced: pl.DataFrame, terms: Terms) -> pl.Series:
    """
    What calls cost: each an exact fraction, rounded once.

    Args:
        priced: a row a call: ``rate_units``, ``connect_fee_units``, 0 or more, and ``billed_s``; null: no price.
        terms: how a cost is rounded.

    Returns:
        Units of 10**-10, Int64 or Int128, null where there is no price; all of them can be added up in that type.

    Raises:
        OverflowError: a cost is more than can be kept.
    """
    step = 10 ** (DECIMALS - terms.precision)
    most = _most(priced["rate_units"]) * _most(priced["billed_s"])
    most += _most(priced["connect_fee_units"]) * SECONDS_PER_RATE
    kind = _fitting(2 * (most + SECONDS_PER_RATE * step), (most + step) * priced.height)
    fee, rate, billed = (pl.col(n).cast(kind) for n in ("connect_fee_units", "rate_units", "billed_s"))
    sixtieths = fee * pl.lit(SECONDS_PER_RATE, kind) + rate * billed
    cost = _divided(sixtieths, SECONDS_PER_RATE * step, terms.rounding, kind) * pl.lit(step, kind)
    free = pl.col("billed_s") == 0
    return priced.select(pl.when(free).then(pl.lit(0, kind)).otherwise(cost).alias("cost_units")).to_series()


def converted(amounts: pl.Series, factor: Fraction) -> pl.Series:
    """
    Amounts of one currency in another, each rounded once, half up, to units of 10**-10.

    Args:
        amounts: 0 or more; null stays.
        factor: what one unit of the first currency is in the second.

    Raises:
        ExchangeError: an amount is more than can be kept.
    """
    if factor == 1:
        return amounts
    top, bottom = factor.numerator, factor.denominator
    try:
        most = _most(amounts) * top
        kind = _fitting(2 * (most + top + bottom), (most // bottom + 1) * len(amounts))
    except OverflowError:
        return _one_by_one(amounts, factor)
    exact = pl.col(amounts.name).cast(kind) * pl.lit(top, kind)
    return amounts.to_frame().select(_divided(exact, bottom, "half_up", kind).alias(amounts.name)).to_series()


def minus(left: pl.Series, right: pl.Series) -> pl.Series:
    """
    One amount less the other, null where either is; in a type that all of them can be added up in.
    """
    kind = _fitting((_most(left) + _most(right)) * max(len(left), 1))
    return left.cast(kind) - right.cast(kind)


def _one_by_one(amounts: pl.Series, factor: Fraction) -> pl.Series:
    """
    Where even 128 bits do not hold the product: each distinct amount once.
    """
    known = amounts.drop_nulls().unique()
    units = [convert_units(amount, factor) for amount in known]
    if (max(units, default=0) * len(amounts)).bit_length() > _BITS:
        raise ExchangeError(f"an amount times {float(factor):g} is more than can be kept")
    wanted = pl.Series(units, dtype=pl.Int128)
    return amounts.cast(pl.Int128).replace_strict(known.cast(pl.Int128), wanted, default=None, return_dtype=pl.Int128)


def _divided(amount: pl.Expr, divisor: int, rounding: Rounding, kind: type[Integers]) -> pl.Expr:
    """
    Amounts of 0 or more over a divisor, rounded as :func:`ratecards.money.round_ratio` does.
    """
    by = pl.lit(divisor, kind)
    whole = amount // by
    rest = amount - whole * by
    twice = rest + rest
    up: dict[Rounding, pl.Expr] = {
        "up": rest > 0,
        "down": pl.lit(value=False),
        "half_up": twice >= by,
        "half_down": twice > by,
        "nearest": (twice > by) | ((twice == by) & (whole % pl.lit(2, kind) == 1)),
    }
    return whole + up[rounding].cast(kind)


def _most(amounts: pl.Series) -> int:
    found: Any = amounts.max()
    return int(found or 0)


def _fitting(*largest: int) -> type[Integers]:
    bits = max(number.bit_length() for number in largest)
    if bits > _BITS:
        raise OverflowError("an amount is more than can be kept")
    return pl.Int64 if bits < 63 else pl.Int128
