"""
How the steps of a simulation are put into words: amounts, instants, fractions, and the step itself.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ratecards.money import UNITS, Rounding, format_units

Step = dict[str, Any]
"""``step``: a stable word; ``says``: a sentence; facts; ``lines``: each a mapping with ``line`` and ``says``."""
Line = dict[str, Any]

ROUNDED: dict[Rounding, str] = {
    "up": "up, away from zero",
    "down": "down, towards zero",
    "nearest": "to the nearest, halves to the even digit",
    "half_up": "half up",
    "half_down": "half down",
}
MAX_ECHO = 80
"""Characters of what was typed that are shown again."""
_MAX_DECIMALS = 30
_MAX_FRACTION = 40
_APPROXIMATE = 12
"""Decimals an amount without an end is cut to."""


def step(word: str, says: str, lines: Iterable[Line] = (), **facts: Any) -> Step:
    return {"step": word, "says": says, **facts, "lines": list(lines)}


def line(word: str, says: str, **facts: Any) -> Line:
    return {"line": word, "says": says, **facts}


def echo(text: str, limit: int = MAX_ECHO) -> str:
    """
    What was typed, as it may stand in an answer: one line, not long.
    """
    printable = "".join(c if c.isprintable() else "\ufffd" for c in text[: limit + 1])
    return printable if len(printable) <= limit else printable[:limit] + "…"


def money(units: int, currency: str) -> str:
    return f"{format_units(units)} {currency}"


def exact(units: Fraction) -> str:
    """
    An exact amount: a decimal where that has an end, else a fraction and how it begins.
    """
    value = units / UNITS
    fraction = f"{value.numerator}/{value.denominator}"
    has_end = _decimals(value.denominator) <= _MAX_DECIMALS
    return decimal(units) if has_end or len(fraction) > _MAX_FRACTION else f"{fraction} = {decimal(units)}"


def decimal(units: Fraction) -> str:
    """
    An amount as a decimal; where that has no end, how it begins.
    """
    value = units / UNITS
    decimals = _decimals(value.denominator)
    if decimals <= _MAX_DECIMALS:
        return _written(value.numerator * 10**decimals // value.denominator, decimals)
    begins = int(abs(value) * 10**_APPROXIMATE)
    return _written(-begins if value < 0 else begins, _APPROXIMATE) + "…"


def _decimals(denominator: int) -> int:
    """
    Decimals that a fraction in its lowest terms has; more than are ever written where they have no end.
    """
    powers = {2: 0, 5: 0}
    for prime in powers:
        while denominator % prime == 0:
            denominator //= prime
            powers[prime] += 1
    return max(powers.values()) if denominator == 1 else _MAX_DECIMALS + 1


def _written(scaled: int, decimals: int) -> str:
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled)).rjust(decimals + 1, "0")
    whole, rest = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def seconds(duration_s: int | Decimal) -> int | Decimal:
    """
    Without a fraction of zeros.
    """
    whole = int(duration_s)
    return whole if whole == duration_s else Decimal(duration_s).normalize()


def instant(at: int) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC ({at})"
    except (OverflowError, ValueError, OSError):
        return f"{at}, out of the calendar"


def either(words: Iterable[str]) -> str:
    """
    ``a``, ``a or b``, ``a, b or c``.
    """
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
