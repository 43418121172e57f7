"""
Call records as CSV: a line each, below a header of our fields, or as Asterisk writes them.
"""

import csv
from collections.abc import Sequence

from service.manage.cdr_asterisk import from_asterisk
from service.manage.cdr_columns import Batch, Refusal, read_columns
from service.manage.cdr_fields import FIELDS, NEEDED, Sender, shown
from service.manage.cdr_lines import Line
from service.manage.cdr_shapes import ASTERISK, sender_of, shape_of_row

_DELIMITERS = ",;\t"
Row = tuple[int, Sequence[str]]
"""Number of its line, and its cells."""


class HeaderError(ValueError):
    """
    The first line does not say what the columns are.
    """


class TableReader:
    """
    Attributes:
        shape: None until the first line is seen.
    """

    def __init__(self, sender: Sender, shape: str | None = None) -> None:
        self.shape = shape
        self._sender = sender
        self._delimiter = ","
        self._names: list[str] = []

    def lines(self, lines: list[Line]) -> Batch:
        """
        Read lines.

        Raises:
            HeaderError: there is none, or it names what is no field.
        """
        if lines and (self.shape is None or not self._names):
            lines = self._begin(lines)
        rows, refusals = _rows(lines, self._delimiter)
        if self.shape == ASTERISK:
            return self._asterisk(rows).also(refusals)
        width = len(self._names)
        right = [(number, cells) for number, cells in rows if len(cells) == width]
        if len(right) < len(rows):
            wrong = f"cells, the header has {width}"
            refusals += [Refusal(n, "", f"has {len(cells)} {wrong}") for n, cells in rows if len(cells) != width]
        columns = dict(zip(self._names, zip(*(cells for _, cells in right), strict=True), strict=bool(right)))
        return read_columns(columns, [number for number, _ in right], self._sender).also(refusals)

    def _begin(self, lines: list[Line]) -> list[Line]:
        """
        Learn from the first line what the others are.
        """
        first = lines[0][1].decode(errors="replace")
        cells = _cells(first, ",") or []
        if self.shape is None:
            self.shape = shape_of_row(cells)
        if self.shape == ASTERISK:
            self._names = [ASTERISK]
            return lines
        self._delimiter = max(_DELIMITERS, key=lambda one: len(_known(first, one)))
        self._names = [cell.strip().lower() for cell in _cells(first, self._delimiter) or []]
        _check(self._names)
        return lines[1:]

    def _asterisk(self, rows: list[Row]) -> Batch:
        said, places, refusals = [], [], []
        for number, cells in rows:
            fields = from_asterisk(cells)
            if fields is None:
                refusals.append(Refusal(number, "", f"has {len(cells)} cells, which is no line of Asterisk's"))
            else:
                said.append(fields)
                places.append(number)
        columns = {name: [one[name] for one in said] for name in (said[0] if said else ())}
        return read_columns(columns, places, sender_of(self._sender, ASTERISK)).also(refusals)


def _known(line: str, delimiter: str) -> set[str]:
    return {cell.strip().lower() for cell in _cells(line, delimiter) or []} & set(FIELDS)


def _check(names: list[str]) -> None:
    for name in names:
        if name not in FIELDS:
            raise HeaderError(f"the header has '{shown(name)}', which is no field of a record")
        if names.count(name) > 1:
            raise HeaderError(f"the header has '{name}' more than once")
    lacking = [name for name in NEEDED if name not in names]
    if lacking:
        raise HeaderError(f"the header lacks {', '.join(lacking)}")


def _rows(lines: list[Line], delimiter: str) -> tuple[list[Row], list[Refusal]]:
    """
    Lines taken apart, all together where each of them is whole by itself.
    """
    try:
        cells = list(csv.reader(b"\n".join(line for _, line in lines).decode().split("\n"), delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error):
        cells = []
    if len(cells) == len(lines):
        return [(number, row) for (number, _), row in zip(lines, cells, strict=True)], []
    return _one_by_one(lines, delimiter)


def _one_by_one(lines: list[Line], delimiter: str) -> tuple[list[Row], list[Refusal]]:
    rows: list[Row] = []
    refusals = []
    for number, line in lines:
        try:
            cells = _cells(line.decode(), delimiter)
        except UnicodeDecodeError:
            refusals.append(Refusal(number, "", "is not UTF-8"))
            continue
        if cells is None:
            refusals.append(Refusal(number, "", "is no line of CSV: a quote is not closed, or stands inside a cell"))
        else:
            rows.append((number, cells))
    return rows, refusals


def _cells(line: str, delimiter: str) -> list[str] | None:
    """
    The cells of one line; None: it is none by itself.
    """
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
