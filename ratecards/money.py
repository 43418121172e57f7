"""
Exact money: integers of 10**-10 of a currency, from the cell to the answer.

Ten decimals are two more than any deck seen carries, and a signed 64-bit integer then holds prices up to
922 million, enough for the currencies with the smallest unit.
"""

import re
from functools import lru_cache
from typing import Literal, get_args

DECIMALS = 10
UNITS = 10**DECIMALS
MAX_UNITS = 2**63 - 1

Rounding = Literal["up", "down", "nearest", "half_up", "half_down"]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)

_WRITTEN = 32_768
"""Amounts whose text is kept, about 150 bytes each: a deck has few prices for its many prefixes."""
_PLAIN = re.compile(r"(-?)([0-9]{1,9})(?:\.([0-9]{1,10}))?", re.ASCII)


class MoneyError(ValueError):
    """
    A text that is not one plain decimal amount; the message says what it is instead.
    """


def parse_units(text: str) -> int:
    """
    Read a plain decimal (``0.0075``) as exact units.

    Args:
        text: ASCII digits with at most one point, up to 9 digits before and 10 after it.

    Returns:
        Units of 10**-10 of the currency.

    Raises:
        MoneyError: anything else: exponents, NaN, underscores, digits of other scripts, separators of thousands.

    """
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise MoneyError(_why_not(text))
    sign, whole, decimals = match.groups(default="")
    units: int = int(whole) * UNITS + int(decimals.ljust(DECIMALS, "0"))
    if units > MAX_UNITS:
        raise MoneyError("is more than 922,337,203")
    return -units if sign else units


def _why_not(text: str) -> str:
    if not text:
        return "is blank"
    if re.fullmatch(r"-?[0-9]*\.?[0-9]*", text, re.ASCII):
        return "has more than 9 digits before the point or more than 10 after it"
    return "is not a plain decimal number"


@lru_cache(maxsize=_WRITTEN)
def format_units(units: int) -> str:
    """
    Write units as the shortest decimal string: no trailing zeros, no exponent.
    """
    if units < 0:
        return "-" + format_units(-units)
    whole, rest = divmod(units, UNITS)
    if not rest:
        return str(whole)
    return f"{whole}.{rest:010d}".rstrip("0")


def round_ratio(numerator: int, denominator: int, mode: Rounding) -> int:
    """
    Round an exact fraction to an integer.

    Args:
        numerator: any integer.
        denominator: a positive integer.
        mode: ``up`` away from zero, ``down`` towards zero, ``nearest`` ties to even, ``half_up`` ties away from
            zero, ``half_down`` ties towards zero.

    """
    if numerator < 0:
        return -round_ratio(-numerator, denominator, mode)
    quotient, rest = divmod(numerator, denominator)
    if not rest or mode == "down":
        return quotient
    if mode == "up":
        return quotient + 1
    twice = 2 * rest
    if twice != denominator:
        return quotient + (twice > denominator)
    if mode == "nearest":
        return quotient + (quotient & 1)
    return quotient + (mode == "half_up")


def round_units(numerator: int, denominator: int, decimals: int, mode: Rounding) -> int:
    """
    Round ``numerator / denominator`` units to a number of decimals of the currency, once.

    Args:
        numerator: units of 10**-10, times the denominator.
        denominator: a positive integer.
        decimals: decimals kept, at most 10; negative rounds to tens, hundreds, ...

    Returns:
        Units of 10**-10.

    """
    if decimals > DECIMALS:
        raise ValueError(f"at most {DECIMALS} decimals can be kept, not {decimals}")
    step: int = 10 ** (DECIMALS - decimals)
    return round_ratio(numerator, denominator * step, mode) * step
