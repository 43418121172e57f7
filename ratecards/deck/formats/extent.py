"""
How far the cells of a workbook reach, measured before anything is built of them.

The library that reads workbooks builds a sheet as one block, from the first corner to the last. A file of a kilobyte
can name a cell in the last corner and ask for a hundred gigabytes.
"""

import re
from collections.abc import Iterator
from xml.parsers import expat

import polars as pl

from ratecards.deck.errors import DeckError

MAX_CELLS = 16_000_000
"""Cells of one block, blank ones counted: a million rows of sixteen columns."""

MAX_SHEET_ROWS = 2**20
"""Rows of a sheet, as spreadsheets have them."""

TOO_LARGE = f"is a workbook of more than {MAX_CELLS:,} cells, counted from the first corner to the last"
DAMAGED = "is a damaged workbook"

_CELL, _ROW = r"<(?:\w+:)?c[\s>/]", r"<(?:\w+:)?row[\s>/]"
_PLAIN = r'<(?:c r="[A-Z]{1,3}|row r=")[1-9][0-9]{0,6}"'
_FAR_ROW = r""" r="[A-Z]*([0-9]{6,})"""
_LARGE = r""" r="(?:[A-Z]{2}|[Q-Z]|[A-Z]?[0-9]{7})"""  # without one, sixteen columns and a million rows at most
_TWO_LETTERS = 26 * 27
_ANY_REFERENCE = re.compile(rb"""[\s"']r\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_PLACE = re.compile(rb"([A-Za-z]{0,3})([1-9][0-9]{0,6})")
_ERRORS = re.compile(rb"""<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*\st="e"[^>]*>""")


def check_xlsx(part: bytes) -> None:
    """
    Measure one part of an XLSX workbook.

    Raises:
        DeckError: its cells reach further than :data:`MAX_CELLS`.
    """
    if b"sheetData" not in part:
        return
    if b"\x00" in part:
        raise DeckError(DAMAGED)
    text = pl.Series([part.decode("latin-1")])
    if text.str.count_matches(f"{_CELL}|{_ROW}")[0] != text.str.count_matches(_PLAIN)[0]:
        _check_odd(part)
    if not text.str.contains(_LARGE)[0]:
        return
    far = text.str.extract_all(_FAR_ROW).explode().str.extract(_FAR_ROW).str.head(9).cast(pl.Int64).max()
    rows = max(99_999, int(far or 0))  # type: ignore[arg-type]
    if rows > MAX_SHEET_ROWS or text.str.contains(_beyond(MAX_CELLS // rows))[0]:
        raise DeckError(TOO_LARGE)


def _beyond(column: int) -> str:
    # Matches a reference to a column after the given one.
    if column < 26:
        return f' r="(?:[A-Z]{{2}}|[{chr(ord("A") + column)}-Z])'
    first, second = divmod(min(column, _TWO_LETTERS - 1) - 26, 26)
    letter, next_letter = chr(ord("A") + first), chr(ord("A") + first + 1)
    return f' r="(?:[A-Z]{{3}}|[{next_letter}-Z][A-Z]|{letter}[{chr(ord("A") + second)}-Z])'.replace("[[-Z]", "[^A-Z]")


def errors_in(part: bytes) -> Iterator[tuple[int, int]]:
    """
    The places (row, column, from 0) of cells that hold an error such as ``#REF!``, which would be read as blank.
    """
    if b't="e"' in part:
        for found in _ERRORS.finditer(part):
            letters = found[1].decode().rstrip("0123456789")
            yield int(found[1][len(letters) :]) - 1, column_number(letters) - 1


def check_ods(part: bytes) -> None:
    """
    Measure the content of an ODS document.

    Raises:
        DeckError: its cells reach further than :data:`MAX_CELLS`, or it defines XML entities.
    """
    measure = _Measure()
    parser = expat.ParserCreate()
    parser.StartElementHandler = measure.start
    parser.EndElementHandler = measure.end
    parser.EntityDeclHandler = measure.entity
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, LookupError, ValueError):  # the others for encodings nobody knows or expat cannot read
        raise DeckError(DAMAGED) from None


def column_number(letters: str) -> int:
    """
    The number of a column, from 1: ``A`` is 1 and ``AA`` 27.
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _check(rows: int, columns: int) -> None:
    if rows > MAX_SHEET_ROWS or rows * columns > MAX_CELLS:
        raise DeckError(TOO_LARGE)


def _check_odd(part: bytes) -> None:
    # Cells without a reference stand after the one before; a row without one, after the row before.
    rows = columns = 0
    for piece in re.split(rb"<(?:\w+:)?row[\s>/]", part):
        rows += 1
        columns = max(columns, len(re.findall(rb"<(?:\w+:)?c[\s>/]", piece)))
    for reference in map(b"".join, _ANY_REFERENCE.findall(part)):
        place = _PLACE.fullmatch(reference)
        if place is None:
            raise DeckError(DAMAGED)
        columns = max(columns, column_number(place[1].decode()))
        rows = max(rows, int(place[2]))
    _check(rows, columns)


class _Measure:
    """
    The block of cells each table of an ODS document would be.
    """

    def __init__(self) -> None:
        self._rows = self._blank_rows = self._width = 0
        self._repeat, self._column, self._row_width = 1, 0, 0

    def entity(self, *_declared: object) -> None:
        raise DeckError("is a workbook that defines XML entities")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "table":
            self._rows = self._blank_rows = self._width = 0
        elif tag == "table-row":
            self._repeat, self._column, self._row_width = _repeated(attributes, "rows"), 0, 0
        elif tag in ("table-cell", "covered-table-cell"):
            self._column += _repeated(attributes, "columns")
            if any(key.endswith(("value-type", "value")) for key in attributes):
                self._row_width = self._column
        elif tag == "p":
            self._row_width = self._column

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] != "table-row":
            return
        self._blank_rows += self._repeat
        if self._row_width:
            self._rows += self._blank_rows
            self._blank_rows = 0
            self._width = max(self._width, self._row_width)
        _check(self._rows, self._width)


def _repeated(attributes: dict[str, str], what: str) -> int:
    for key, value in attributes.items():
        if key.endswith(f"number-{what}-repeated"):
            if re.fullmatch("[0-9]{1,9}", value, re.ASCII) is None:
                raise DeckError(DAMAGED)
            return int(value)
    return 1
