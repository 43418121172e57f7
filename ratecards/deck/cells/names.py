"""
A destination's name, and where a call comes from.
"""

import re

import polars as pl

from ratecards.deck.errors import CellError
from ratecards.numbers import MAX_DIGITS

_ANYWHERE = frozenset({"all", "any", "*", "world", "everywhere"})
_MAX_CELL = 32_768
_MAX_GROUP = 64

FORMULA = "=+@'-"
"""First characters a spreadsheet would obey, and the apostrophe that makes it not to."""


_GAP = r"\s\x00-\x1f\x7f-\x9f\x{feff}\x{200b}"
_ESCAPED = f"^'[{FORMULA}]"
_UGLY = f"^ | $|[{_GAP}]{{2}}|[{_GAP}--[ ]]"


def clean_names(names: pl.Series, *, escaped: bool = False) -> pl.Series:
    """
    Put every name on one line: each run of spaces, line ends and control characters becomes one space.

    Args:
        names: text.
        escaped: take off the apostrophe that :func:`escaped` puts on.
    """
    ugly = names.filter(names.str.contains(f"{_UGLY}|{_ESCAPED}" if escaped else _UGLY)).unique()
    if ugly.is_empty():
        return names
    bare = ugly.str.replace(f"^'([{FORMULA}])", "$1") if escaped else ugly
    return names.replace(ugly, bare.str.replace_all(f"[{_GAP}]+", " ").str.strip_chars(" "))


def escaped(names: pl.Series) -> pl.Series:
    """
    Put an apostrophe in front of names a spreadsheet would obey as a formula, and of those that have one.
    """
    return names.str.replace(f"^([{FORMULA}])", "'$1")


def read_origin(cell: str) -> tuple[str]:
    """
    Read where a call comes from.

    Returns:
        Calling prefixes in order, a space between (``1242 1246``), or the name of a group; empty: anywhere.

    Raises:
        CellError: neither digits nor a name.
    """
    if len(cell) > _MAX_CELL:
        raise CellError(f"is longer than {_MAX_CELL:,} characters")
    if cell.casefold() in _ANYWHERE:
        return ("",)
    parts = [part.removeprefix("+") for part in re.split(r"[\s,;|]+", cell) if part]
    if all(re.fullmatch(rf"[1-9][0-9]{{0,{MAX_DIGITS - 1}}}", part, re.ASCII) for part in parts):
        return (" ".join(sorted(set(parts))),)
    group = " ".join(cell.split())
    if len(group) > _MAX_GROUP or not re.fullmatch(r"[A-Za-z][A-Za-z0-9 _./&-]*", group, re.ASCII):
        raise CellError("is neither calling prefixes nor the name of a group")
    return (group.casefold(),)
