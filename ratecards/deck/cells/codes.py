"""
A cell of dial codes: ``93``, ``49152, 49172-49174``, ``336 07``, ``61 38,39``, ``113[0-58]``.
"""

import re
from dataclasses import dataclass
from itertools import product

from ratecards.deck.cells.entries import CLASSES, Item, hyphen_evidence, items
from ratecards.deck.errors import CellError
from ratecards.deck.mapping import Hyphen, Spaces
from ratecards.numbers import MAX_DIGITS

MAX_CODES = 10_000
"""Codes one cell may stand for; a range of all numbers of an exchange has as many."""

_CLASS = re.compile(r"\[([0-9-]+)\]([0-9]*)", re.ASCII)
_NPA = re.compile(r"[2-9][0-9]{2}(?:[2-9][0-9]{2}[0-9]?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeStyle:
    """
    How a deck writes codes, once settled for the whole column.

    Attributes:
        hyphen: what ``a-b`` means; None: no such cell can be read.
        spaces: what ``a b`` means; None: no such cell can be read.
        npa_nxx: six digits are an area code and exchange, the leading 1 is left out.
        told: the hyphen's meaning comes from the mapping, not from the column.
    """

    hyphen: Hyphen | None = None
    spaces: Spaces | None = "join"
    npa_nxx: bool = False
    told: bool = False


def read_codes(cell: str, style: CodeStyle, country: str = "") -> list[str]:
    """
    Read every code of a cell.

    Args:
        cell: text of the cell, not blank.
        style: how the column writes codes.
        country: country code from a column of its own, put in front of every entry.

    Returns:
        Codes of 1 to 15 digits, each once, in the order written; a range at its written length.

    Raises:
        CellError: anything that is not codes, that could be two things, or that is more than :data:`MAX_CODES`.
    """
    codes: dict[str, None] = {}
    lead: tuple[str, int] | None = None
    for item in items(cell, areas=bool(country)):
        found = _expand(item, style, in_country=bool(country))
        if not country and _joins(item, style):
            lead = item.parts[0], len(item.parts[0] + item.parts[1])
        elif lead:
            found = [_after(code, *lead) for code in found]
        for code in found:
            codes[_checked(country + code, style)] = None
        if len(codes) > MAX_CODES:
            raise CellError(f"stands for more than {MAX_CODES:,} codes")
    return list(codes)


def _joins(item: Item, style: CodeStyle) -> bool:
    return {"-": style.hyphen, " ": style.spaces}.get(item.mark) == "join"


def _expand(item: Item, style: CodeStyle, in_country: bool) -> list[str]:
    if item.mark == "[":
        return _classes(item.parts[0])
    if item.mark == "-":
        hyphen = "range" if in_country else "join" if style.npa_nxx and not style.hyphen else style.hyphen
        if not (style.told or style.npa_nxx or in_country) and hyphen_evidence(item) == "neither":
            raise CellError("is neither a range of codes of one length nor a country code and an area")
        if hyphen is None:
            raise CellError("has a hyphen that may be a range or a join: say hyphen = range or join in the mapping")
        return _range(item.parts) if hyphen == "range" else ["".join(item.parts)]
    if item.mark == " ":
        if style.spaces is None:
            raise CellError("has a space that may part two codes or one: say spaces = list or join in the mapping")
        return list(item.parts) if style.spaces == "list" else ["".join(item.parts)]
    return [item.parts[0]]


def _range(parts: tuple[str, ...]) -> list[str]:
    if len(parts) != 2 or len(parts[0]) != len(parts[1]) or len(parts[0]) > MAX_DIGITS:
        raise CellError("is not a range of codes of one length")
    first, last = int(parts[0]), int(parts[1])
    if last < first:
        raise CellError("is a range that ends before it starts")
    if last - first >= MAX_CODES:
        raise CellError(f"stands for more than {MAX_CODES:,} codes")
    return [str(code).zfill(len(parts[0])) for code in range(first, last + 1)]


def _classes(entry: str) -> list[str]:
    matched = CLASSES.fullmatch(entry)
    parts: list[list[str]] = [[matched[1] if matched else ""]]
    count = 1
    for found in _CLASS.finditer(entry):
        parts += [_class(found[1]), [found[2]]]
        count *= len(parts[-2])
        if count > MAX_CODES:
            raise CellError(f"stands for more than {MAX_CODES:,} codes")
    return ["".join(code) for code in product(*parts)]


def _class(text: str) -> list[str]:
    digits: dict[str, None] = {}
    for span in re.findall(r"[0-9](?:-[0-9])?|-", text):
        if span == "-" or span[0] > span[-1]:
            raise CellError("has brackets that hold no range of digits")
        digits |= dict.fromkeys(str(digit) for digit in range(int(span[0]), int(span[-1]) + 1))
    return list(digits)


def _after(code: str, lead: str, shortest: int) -> str:
    if not code.startswith(lead):
        return lead + code
    if len(code) < shortest:
        raise CellError(f"has an entry {code} that may be a whole code or a part of {lead}")
    return code


def _checked(code: str, style: CodeStyle) -> str:
    if style.npa_nxx and not code.startswith("1"):
        if not _NPA.fullmatch(code):
            raise CellError("is no North American area code or exchange")
        code = "1" + code
    if code.startswith("0"):
        raise CellError("starts with 0, which no country code does")
    if len(code) > MAX_DIGITS:
        raise CellError(f"has {len(code)} digits, more than the {MAX_DIGITS} of E.164")
    return code
