"""
The entries of a cell of dial codes, and what their hyphens and spaces can mean.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ratecards.deck.cells.countries import country_code, is_country_code
from ratecards.deck.errors import CellError

MAX_CELL = 32_768
"""Characters of a cell of codes; a spreadsheet's cell holds 32,767."""

DASHES = "-\u2010\u2011\u2012\u2013\u2014"

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_EXPONENT = re.compile(r"[0-9][0-9.,]*[eE][+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"(\+?[0-9]+)\.0", re.ASCII)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+", re.ASCII)
CLASSES = re.compile(r"([0-9]*)((?:\[[0-9-]+\][0-9]*)+)", re.ASCII)
"""An entry with brackets, as in ``113[0-58]``."""


@dataclass(frozen=True, slots=True)
class Item:
    """
    One entry of a cell: the parts between its hyphens or spaces.
    """

    parts: tuple[str, ...]
    mark: str = ""


def items(cell: str, *, areas: bool = False) -> Iterator[Item]:
    """
    Take a cell apart at commas, semicolons, bars and line ends.

    Args:
        cell: text of the cell, not blank.
        areas: the entries are areas of a country; a 00 in front is theirs, and a + is none of a number's.

    Raises:
        CellError: an entry that is no code, range or join of digits.
    """
    if len(cell) > MAX_CELL:
        raise CellError(f"is longer than {MAX_CELL:,} characters")
    _refuse_thousands(cell)
    entries = [entry.strip() for entry in re.split(r"[,;|\n]", cell)]
    if not any(entries):
        raise CellError("holds no code")
    for entry in filter(None, entries):
        bare = _bare(entry)
        yield _item(bare if areas else bare.removeprefix("+").strip().removeprefix("00"))


def _refuse_thousands(cell: str) -> None:
    if _THOUSANDS.fullmatch(cell):
        codes = cell.split(",")
        if len({country_code(code) for code in codes}) > 1:
            raise CellError("may be a list of codes or one number with separators of thousands")


def _bare(entry: str) -> str:
    entry = entry.removeprefix("'").strip()
    if _EXPONENT.fullmatch(entry):
        raise CellError("has lost its last digits to a spreadsheet; have the column sent as text")
    if entry.startswith("^") or entry.endswith((".*", ".*$")):
        entry = entry.removeprefix("^").removesuffix("$").removesuffix(".*")
    number = _FLOAT.fullmatch(entry)
    return entry if number is None else number[1]


def _item(entry: str) -> Item:
    if CLASSES.fullmatch(entry):
        return Item((entry,), "[")
    for mark, parts in (("-", re.split(f" *[{DASHES}] *", entry)), (" ", entry.replace("\u00a0", " ").split())):
        if len(parts) > 1 and all(map(_DIGITS.fullmatch, parts)):
            return Item(tuple(parts), mark)
    if not _DIGITS.fullmatch(entry):
        raise CellError(_why_no_code(entry))
    return Item((entry,))


def _why_no_code(entry: str) -> str:
    if not entry:
        return "holds no digits"
    stranger = next((c for c in entry if c not in "0123456789 +" + DASHES), "")
    if stranger.isascii() and stranger.isprintable():
        return f"is not a dial code: {stranger!r} is not a digit" if stranger else "is not a dial code"
    return f"is not a dial code: U+{ord(stranger):04X} is not a digit"


def hyphen_evidence(item: Item) -> str | None:
    """
    What a hyphen can mean in this entry.

    Returns:
        ``range``, ``join``, ``either`` or ``neither``; None: the entry has no hyphen.
    """
    if item.mark != "-":
        return None
    first, second = item.parts[:2]
    as_range = len(item.parts) == 2 and len(first) == len(second) and first < second
    as_join = is_country_code(first)
    if as_range and as_join:
        return "either"
    return "range" if as_range else "join" if as_join else "neither"


def space_evidence(item: Item) -> str | None:
    """
    What a space can mean in this entry.

    Entries that all start with one country code can be a list of codes of that country, or a code and its areas.

    Returns:
        ``join`` or ``either``; None: the entry has no space.
    """
    if item.mark != " ":
        return None
    country = country_code(item.parts[0])
    return "either" if all(part.startswith(country) for part in item.parts) else "join"
