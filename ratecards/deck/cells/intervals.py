"""
A cell with billing increments: ``60/1``, ``30``, ``6/6``, ``per second``.
"""

import re

from ratecards.deck.errors import CellError
from ratecards.deck.mapping import MAX_INTERVAL_S

_MAX_CELL = 64
_PAIR = re.compile(r"([0-9]{1,6})(?:\.0)? ?s? ?[/+:-] ?([0-9]{1,6}) ?s?", re.ASCII)
_ONE = re.compile(r"([0-9]{1,6})(?:\.0)? ?(?:s|sec|secs|second|seconds)?", re.ASCII)
_WORDS = {"per second": 1, "second": 1, "seconds": 1, "per minute": 60, "minute": 60, "minutes": 60}
_CALENDAR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}-[A-Za-z]{3}(?:-[0-9]+)?", re.ASCII)


def read_interval(cell: str) -> tuple[int, int | None]:
    """
    Read one cell of billing increments.

    Returns:
        Seconds of the first increment and of every next one; the second is None where the cell holds one number.

    Raises:
        CellError: no increments; a spreadsheet may have made a date of ``1/1``.
    """
    if len(cell) > _MAX_CELL:
        raise CellError("is not a billing increment")
    if (seconds := _WORDS.get(cell.casefold())) is not None:
        return seconds, seconds
    if (one := _ONE.fullmatch(cell.casefold())) is not None:
        return _bounded(int(one[1])), None
    pair = _PAIR.fullmatch(cell.casefold())
    if pair is None:
        why = ": a spreadsheet has made a date of it" if _CALENDAR.fullmatch(cell) else ", such as 60/1"
        raise CellError("is not a billing increment" + why)
    pulse = _bounded(int(pair[2]))
    if not pulse:
        raise CellError("has a second increment of 0 seconds")
    return _bounded(int(pair[1])), pulse


def _bounded(seconds: int) -> int:
    if seconds > MAX_INTERVAL_S:
        raise CellError(f"is longer than {MAX_INTERVAL_S:,} seconds")
    return seconds


def read_digits(cell: str) -> tuple[int]:
    """
    Read a bound on the length of a number.

    Raises:
        CellError: not a whole number from 1 to 15.
    """
    found = re.fullmatch(r"([0-9]{1,2})(?:\.0)?", cell, re.ASCII)
    if found is None or not 1 <= int(found[1]) <= 15:
        raise CellError("is not a number of digits from 1 to 15")
    return (int(found[1]),)
