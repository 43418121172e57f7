"""
A table as a file for a spreadsheet: CSV and XLSX in which no cell is obeyed as a formula.

Source: OWASP, CSV Injection: what a cell may not begin with.
"""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import orjson

from service.render.table import Table

CSV = b"text/csv; charset=utf-8"
XLSX = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OBEYED = ("=", "+", "-", "@", "\t", "\r", "\n")
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_MAX_EXACT = 10**15
"""Whole numbers up to here are kept to the last digit by a spreadsheet."""
_MAX_CELL = 32_767


def neutral(text: str) -> str:
    """
    A text no spreadsheet obeys: one that begins like a formula gets an apostrophe in front.
    """
    return f"'{text}" if text.startswith(_OBEYED) else text


def to_csv(table: Table) -> bytes:
    """
    Write the rows of a table, lines ended as RFC 4180 has it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.rows:
        writer.writerow([_cell(row[name], amount=name in table.amounts) for name in table.columns])
    return out.getvalue().encode(errors="replace")


def _cell(value: Any, *, amount: bool) -> str:
    if isinstance(value, str):
        return value if amount and _AMOUNT.fullmatch(value) else neutral(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else neutral(orjson.dumps(value).decode())


def to_xlsx(table: Table) -> bytes:
    """
    Write the rows of a table; amounts are numbers where a spreadsheet keeps all their digits, else texts.
    """
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - few want one, and a start need not wait for it

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "in_memory": True})
    sheet = book.add_worksheet(table.name[:31])
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name)
    for line, row in enumerate(table.rows, 1):
        for column, name in enumerate(table.columns):
            _write(sheet, line, column, row[name], amount=name in table.amounts)
    book.close()
    return out.getvalue()


def _write(sheet: Any, line: int, column: int, value: Any, *, amount: bool) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif _is_number(value, amount=amount):
        sheet.write_number(line, column, float(value))
    else:
        text = _cell(value, amount=amount)
        sheet.write_string(line, column, text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 1] + "…")


def _is_number(value: Any, *, amount: bool) -> bool:
    if isinstance(value, int):
        return abs(value) < _MAX_EXACT
    if not amount or not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        return False
    return len(value.replace(".", "").lstrip("-0")) <= 15 and Decimal(repr(float(value))) == Decimal(value)
