"""
A cell of money: ``0.0075``, ``0,0120``, ``$0.0123``, exactly.
"""

import re
from typing import Literal

from ratecards.deck.errors import CellError
from ratecards.money import DECIMALS, MAX_UNITS, UNITS, MoneyError, parse_units

Decimal_ = Literal[".", ","]

SIGNS = {"US$": "USD", "€": "EUR", "£": "GBP"}
"""Currency signs that name one currency; ``$`` names any of a dozen, and is left as it is."""

_MAX_CELL = 64
_ARTEFACT = 10**2
"""A float's error: a hundredth of the smallest unit, 10**-12."""

_AMOUNT = re.compile(r"(?:([A-Z]{3}|[$€£]|US\$) ?)?(-?[0-9.,]*[0-9])(?: ?([A-Z]{3}|[$€£]))?", re.ASCII)
_EXPONENT = re.compile(r"-?[0-9.,]+[eE][+-]?[0-9]+", re.ASCII)
_SPAN = re.compile(r"\D*[0-9][0-9.,]*\D*[-\u2013]\D*[0-9][0-9.,]*\D*", re.ASCII)


def read_amount(cell: str, decimal: Decimal_ = ".") -> tuple[int, str | None, bool]:
    """
    Read one price.

    Args:
        cell: text of the cell, not blank.
        decimal: the decimal sign of the column.

    Returns:
        Units of 10**-10; the currency the cell names, ``$`` as itself; and whether decimals beyond the tenth were
        dropped. That happens to floats only: what a spreadsheet calls 0.07500000000000001 is within 10**-12 of ten
        decimals, and is that number.

    Raises:
        CellError: no plain amount: a range, a negative price, an exponent, NaN, digits of other scripts.
    """
    found = _AMOUNT.fullmatch(cell) if len(cell) <= _MAX_CELL else None
    if found is None:
        raise CellError(_why_no_amount(cell))
    number = _plain(found[2], decimal)
    if number.startswith("-"):
        raise CellError("is a negative price")
    if found[1] and found[3]:
        raise CellError("names its currency twice")
    units, dropped = _units(number)
    currency = found[1] or found[3]
    return units, SIGNS.get(currency, currency), dropped


def decimal_evidence(cell: str) -> str | None:
    """
    What the separators of a price say of its decimal sign.

    Returns:
        ``.`` or ``,``: that is the decimal sign for certain; ``1.234`` or ``1,234``: that separator may be the
        decimal sign or part thousands; None: no separator, or no amount.
    """
    found = _AMOUNT.fullmatch(cell) if len(cell) <= _MAX_CELL else None
    number = found[2].lstrip("-") if found else ""
    for sign, other in (".,", ",."):
        if re.fullmatch(
            rf"[0-9]{{1,3}}(?:\{other}[0-9]{{3}})+\{sign}[0-9]+|[0-9]{{1,3}}(?:\{other}[0-9]{{3}}){{2,}}", number
        ):
            return sign
        if re.fullmatch(rf"[1-9][0-9]{{0,2}}\{sign}[0-9]{{3}}", number):
            return f"1{sign}234"
        if re.fullmatch(rf"[0-9]*\{sign}[0-9]+", number):
            return sign
    return None


def _plain(number: str, decimal: Decimal_) -> str:
    thousands = "," if decimal == "." else "."
    if thousands in number:
        whole, sign, rest = number.partition(decimal)
        if thousands in rest or not re.fullmatch(rf"-?[0-9]{{1,3}}(?:\{thousands}[0-9]{{3}})+", whole, re.ASCII):
            raise CellError(f"is no amount in a column whose decimal sign is {decimal!r}")
        number = whole.replace(thousands, "") + sign + rest
    number = number.replace(decimal, ".")
    return "0" + number if number.startswith(".") else number


def _units(number: str) -> tuple[int, bool]:
    whole, _, decimals = number.partition(".")
    decimals = decimals.rstrip("0") if len(decimals) > DECIMALS else decimals
    if len(decimals) <= DECIMALS or not decimals.isdigit():
        return _parsed(f"{whole}.{decimals}" if decimals else whole.removesuffix(".")), False
    kept, rest = int(decimals[:DECIMALS]), decimals[DECIMALS:]
    share, scale = int(rest), 10 ** len(rest)
    if min(share, scale - share) * _ARTEFACT > scale:
        raise CellError(f"has more than {DECIMALS} decimals")
    units = _parsed(whole) + kept + (share * 2 > scale)
    if units > MAX_UNITS:
        raise CellError(f"is more than {MAX_UNITS // UNITS:,}")
    return units, True


def _parsed(number: str) -> int:
    try:
        return parse_units(number)
    except MoneyError as error:
        raise CellError(str(error)) from None


def _why_no_amount(cell: str) -> str:
    if _EXPONENT.fullmatch(cell):
        return "is written with an exponent; have the column sent as plain decimals"
    if len(cell) <= _MAX_CELL and _SPAN.fullmatch(cell):
        return "is a range of prices, not one price"
    return "is not a plain decimal number"
