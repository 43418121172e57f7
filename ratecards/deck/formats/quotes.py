"""
Quoted cells: which lines are in order, which belong together, and which quote nobody closed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ratecards.deck.grid import MAX_COLUMNS

MAX_SPAN = 100
"""Lines one cell may run over; a quote still open after that was never meant to be."""

_CODE_AND_PRICE = re.compile(r"\+?[0-9]{1,15}", re.ASCII), re.compile(r"\$?[0-9]*[.,][0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Record:
    """
    One row taken apart by hand.

    Attributes:
        line: where it starts, from 1.
        cells: its cells; empty when it could not be taken apart.
        text: the line as it stands.
        reason: why it could not be; empty when it could.
    """

    line: int
    cells: list[str | None]
    text: str
    reason: str = ""


class MalformedError(ValueError):
    """
    Quotes out of order; the message says how.
    """


def take_apart(lines: pl.Series, delimiter: str) -> tuple[list[Record], pl.Series]:
    """
    Take the lines apart whose quotes are not in order by themselves.

    Args:
        lines: every line of the file.
        delimiter: one character.

    Returns:
        The records, by line, and a Boolean mask of all lines they take up.
    """
    quotes = lines.str.count_matches('"', literal=True)
    taken = [False] * lines.len() if (quotes > 0).any() else []
    if not taken:
        return [], pl.repeat(value=False, n=lines.len(), dtype=pl.Boolean, eager=True)
    spans = list(_spans(lines, (quotes % 2 == 1).arg_true().to_list(), delimiter))
    for first, end, _ in spans:
        taken[first : end + 1] = [True] * (end + 1 - first)
    records = [record for _, _, record in spans]
    irregular = (quotes > 0) & ~pl.Series(taken, dtype=pl.Boolean) & ~regular_rows(lines, delimiter)
    for index in irregular.arg_true():
        records.append(_record(lines[index], index, delimiter))
        taken[index] = True
    return sorted(records, key=lambda record: record.line), pl.Series(taken, dtype=pl.Boolean)


def regular_rows(lines: pl.Series, delimiter: str) -> pl.Series:
    """
    Mark the lines on which every quoted cell opens and closes at a delimiter.
    """
    mark = _class(delimiter)
    cell = f'(?:"(?:[^"]|"")*"| *[^" {mark}][^{mark}]*| *)'
    return lines.str.contains(f"^{cell}(?:{mark}{cell})*$")


def _class(delimiter: str) -> str:
    return {"|": r"\|", "\t": r"\t"}.get(delimiter, delimiter)


def _usual_width(lines: pl.Series, delimiter: str) -> int:
    counts = lines.str.count_matches(delimiter, literal=True)
    return int(counts.filter(counts > 0).mode().max() or 0) + 1  # type: ignore[arg-type]


def _spans(lines: pl.Series, odd: list[int], delimiter: str) -> Iterator[tuple[int, int, Record]]:
    width = _usual_width(lines, delimiter)
    taken_to = -1
    for first, following in zip(odd, [*odd[1:], None], strict=False):
        if first <= taken_to:
            continue
        record = _span(lines, first, following, delimiter, width)
        taken_to = first if record.reason or following is None else following
        yield first, taken_to, record


def _span(lines: pl.Series, first: int, last: int | None, delimiter: str, width: int) -> Record:
    unclosed = Record(first + 1, [], lines[first], "has a quote without its pair")
    if last is None or last - first > MAX_SPAN:
        return unclosed
    inner = [*lines.slice(first + 1, last - first - 1), lines[last].partition('"')[0]]
    if any(_looks_like_a_row(text, delimiter, width) for text in inner):
        return unclosed
    try:
        cells = split("\n".join(lines.slice(first, last - first + 1)), delimiter)
    except MalformedError:
        return unclosed
    return Record(first + 1, cells, lines[first]) if len(cells) <= MAX_COLUMNS else unclosed


def _looks_like_a_row(text: str, delimiter: str, width: int) -> bool:
    cells = text.split(delimiter)
    return (
        1 < width <= len(cells)
        and all(any(pattern.fullmatch(cell.strip(' "')) for cell in cells) for pattern in _CODE_AND_PRICE)
    )  # fmt: skip


def _record(text: str, index: int, delimiter: str) -> Record:
    try:
        return Record(index + 1, split(text, delimiter), text)
    except MalformedError as error:
        return Record(index + 1, [], text, str(error))


def split(text: str, delimiter: str) -> list[str | None]:
    """
    Take one row apart by hand.

    Raises:
        MalformedError: a quoted cell that does not end where its quote closes.
    """
    mark = re.escape(delimiter)
    cell = re.compile(f' *"((?:[^"]|"")*)" *({mark}|\\Z)|([^{mark}]*)({mark}|\\Z)')
    cells: list[str | None] = []
    at, more = 0, True
    while more:
        found = cell.match(text, at)
        if found is None or (found[3] or "").lstrip(" ").startswith('"'):
            raise MalformedError("has a quote that closes in the middle of a cell")
        cells.append(found[3] if found[1] is None else found[1].replace('""', '"'))
        more, at = bool(found[2] or found[4]), found.end()
    return cells
