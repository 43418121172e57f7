"""
A list of numbers and their answers as CSV: ``number,code,datetime``.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TextIO

from ratecards.numberset.answer import Answer
from ratecards.numberset.keys import is_number
from ratecards.numberset.policy import Policy
from ratecards.numberset.refusals import ListError, Refusals

HEADER = ("number", "code", "datetime")
"""``datetime`` in unix seconds."""
_MAX_LINE = 1_000
_MAX_DIGITS = 12


class _RowError(ValueError):
    """
    What keeps a line out of the list.
    """


class Row(NamedTuple):
    """
    A line of a list.
    """

    number: str
    code: int
    answered_at: int


def write_list(entries: Iterable[tuple[str, Answer]], file: TextIO) -> None:
    """
    Write a list, a line at a time.
    """
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(HEADER)
    rows.writerows((number, answer.code, answer.answered_at) for number, answer in entries)


def read_list(file: TextIO, policy: Policy, now: int, refusals: Refusals) -> Iterator[Row]:
    """
    Read a list line by line; what comes out is ready to be taken with ``now`` as the time it was received.

    Args:
        file: with a header; columns in any order, others are passed over.
        policy: what it does not keep is refused.
        now: unix seconds.
        refusals: gets each line that is left out.

    Raises:
        ListError: a column is missing.

    """
    places: list[int] | None = None
    for line, text in enumerate(_lines(file), 1):
        if not text.strip():
            continue
        try:
            cells = _cells(text)
            if places is None:
                places = _places(cells)
            else:
                yield _row(cells, places, policy, now)
        except _RowError as error:
            refusals.add(line, str(error))
    if places is None:
        raise ListError(f"the list is empty; its first line is {','.join(HEADER)}")


def _lines(file: TextIO) -> Iterator[str]:
    """
    Line by line; of one that is too long only so much as shows it.
    """
    while text := file.readline(_MAX_LINE + 1):
        rest = text
        while len(rest) > _MAX_LINE and not rest.endswith("\n"):
            rest = file.readline(_MAX_LINE + 1)
        yield text


def _cells(text: str) -> list[str]:
    if len(text) > _MAX_LINE:
        raise _RowError(f"a line of more than {_MAX_LINE:,} characters")
    try:
        return [cell.strip() for cell in next(csv.reader([text.removeprefix("\ufeff")]))]
    except csv.Error:
        raise _RowError("a line that ends within itself") from None


def _places(cells: list[str]) -> list[int]:
    missing = [name for name in HEADER if name not in cells]
    if missing:
        raise ListError(f"no column {missing[0]!r}; the first line names {', '.join(HEADER)}")
    return [cells.index(name) for name in HEADER]


def _row(cells: list[str], places: list[int], policy: Policy, now: int) -> Row:
    if len(cells) <= max(places):
        raise _RowError(f"{len(cells)} columns, fewer than the first line names")
    number, code, answered_at = (cells[place] for place in places)
    if not is_number(number):
        raise _RowError("number: is not 1 to 15 digits that start with a country code")
    row = Row(number, _whole("code", code), _whole("datetime", answered_at))
    if policy.kept_code(row.code) is None:
        raise _RowError(f"code: {row.code} says nothing about a number")
    if why := policy.why_not(row.answered_at, now):
        raise _RowError(f"datetime: {why}")
    return row


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise _RowError(f"{name}: is not a whole number")
    return int(text)
