"""
XLSX and ODS workbooks into sheets of text cells.
"""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import polars as pl
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ratecards.deck.errors import DeckError
from ratecards.deck.formats.archive import open_workbook
from ratecards.deck.formats.extent import DAMAGED, MAX_CELLS, TOO_LARGE
from ratecards.deck.grid import MAX_COLUMNS, SPACES, Sheet

MAX_SHEETS = 64
"""Sheets of a workbook that are looked at."""

ERROR = "#ERROR"
"""What stands for a cell with a spreadsheet's error."""

_WHOLE = 10**15


def read_book(data: bytes, wanted: str | None = None) -> list[Sheet]:
    """
    Read the visible sheets of a workbook.

    Numbers become the shortest decimal that is the same float: a cell Excel shows as 0.075 may be stored as
    0.07500000000000001, which the reader of prices takes for what it is. Dates become ``2026-09-23`` and, where they
    have a time, ``2026-09-23 10:30:00``.

    Args:
        data: the file.
        wanted: name of one sheet, hidden or not; None: all that are visible.

    Raises:
        DeckError: no workbook, a damaged one, one too large, or one without that sheet.
    """
    workbook = open_workbook(data)
    with _damage_told():
        book = CalamineWorkbook.from_filelike(io.BytesIO(workbook.packed))
        sheets, left = [], MAX_CELLS
        for name in _names(book, wanted):
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            left -= len(rows) * len(rows[0]) if rows else 0
            if left < 0:
                raise DeckError(TOO_LARGE)
            sheets.append(_sheet(name, rows, workbook.errors))
    return sheets


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except (CalamineError, ValueError, OverflowError, LookupError):
        raise DeckError(DAMAGED) from None
    except BaseException as error:
        # A panic of the library's Rust code arrives as an exception outside Exception, of a class of its own.
        if type(error).__name__ != "PanicException":
            raise
        raise DeckError(DAMAGED) from None


def _names(book: CalamineWorkbook, wanted: str | None) -> list[str]:
    if wanted is None:
        shown = (SheetVisibleEnum.Visible, SheetTypeEnum.WorkSheet)
        return [sheet.name for sheet in book.sheets_metadata if (sheet.visible, sheet.typ) == shown][:MAX_SHEETS]
    if wanted not in book.sheet_names:
        raise DeckError(f"has no sheet '{wanted}', only {', '.join(book.sheet_names[:MAX_SHEETS])}")
    return [wanted]


def _sheet(name: str, rows: list[list[Any]], errors: Iterable[tuple[int, int]]) -> Sheet:
    for row, column in errors:
        if row < len(rows) and column < len(rows[row]) and rows[row][column] == "":
            rows[row][column] = ERROR
    columns = list(zip(*rows, strict=True))[:MAX_COLUMNS]
    cells = pl.DataFrame([pl.Series(str(i), _texts(column), dtype=pl.String) for i, column in enumerate(columns)])
    return Sheet(name, cells, pl.arange(1, len(rows) + 1, dtype=pl.UInt32, eager=True))


def _texts(column: tuple[Any, ...]) -> list[str | None]:
    if bool in set(map(type, column)):
        return [_text(value) for value in column]  # a bool is equal to a number, and would be taken for it below
    texts = {value: _text(value) for value in set(column)}
    return [texts[value] for value in column]


def _text(value: Any) -> str | None:
    return _as_written(value).strip(SPACES) or None


def _as_written(value: Any) -> str:
    if value.__class__ is float:
        if value.is_integer() and -_WHOLE < value < _WHOLE:
            return str(int(value))
        text = repr(value)
        return format(Decimal(text), "f") if "e-" in text else text
    return "" if value is None else str(value)
