"""
Rows without end as files for a spreadsheet: CSV and XLSX written as the rows come, so that none are kept.

Source: ECMA-376 part 1 (SpreadsheetML), the least that a workbook must have; texts are inline strings, which no
spreadsheet takes for formulas, and are made harmless besides, for whoever saves them as CSV.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from service.render.sheets import neutral
from service.render.table import Row

MAX_SHEET_ROWS = 1_048_576
"""Of a sheet, its header included; more go onto another."""
_MAX_CELL = 32_767
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_UNKNOWN = "\ufffd"
_EXACT_DIGITS = 15
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KINDS = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def csv_stream(columns: Sequence[str], pages: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """
    CSV, a piece for each page of rows.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for rows in pages:
        writer.writerows([_cell(row[name]) for name in columns] for row in rows)
        yield out.getvalue().encode(errors="replace")
        out.seek(0)
        out.truncate()
    if out.tell():
        yield out.getvalue().encode(errors="replace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return neutral(value) if isinstance(value, str) else _written(value)


def _written(number: int | Decimal) -> str:
    return format(number, "f") if isinstance(number, Decimal) else str(number)


class _Pipe(io.RawIOBase):
    """
    Holds what was written until it is taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def xlsx_stream(name: str, columns: Sequence[str], pages: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """
    A workbook, a piece for each page of rows at least; sheets are called ``name``, ``name 2`` and so on.
    """
    pipe, names = _Pipe(), list[str]()
    coming = iter(pages)
    rows: Sequence[Row] = next(coming, ())
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as book:
        while True:
            names.append(name if not names else f"{name} {len(names) + 1}")
            left = MAX_SHEET_ROWS - 1
            with book.open(f"xl/worksheets/sheet{len(names)}.xml", "w") as sheet:
                sheet.write(_HEAD + f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode() + _line(columns))
                while rows and left:
                    some, rows = rows[:left], rows[left:]
                    sheet.write(b"".join(_line([row[column] for column in columns]) for row in some))
                    left -= len(some)
                    rows = rows or next(coming, ())
                    yield pipe.take()
                sheet.write(b"</sheetData></worksheet>")
            if not rows:
                break
        for path, content in _parts(names):
            book.writestr(path, _HEAD + content.encode())
    yield pipe.take()


def _line(values: Iterable[Any]) -> bytes:
    return f"<row>{''.join(map(_xml, values))}</row>".encode()


def _xml(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, str):
        text = neutral(value)
        text = text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_NOT_XML.sub(_UNKNOWN, text))}</t></is></c>'
    written = _written(value)
    if len(written.strip("-").replace(".", "")) <= _EXACT_DIGITS:
        return f"<c><v>{written}</v></c>"
    return f'<c t="inlineStr"><is><t>{written}</t></is></c>'


def _parts(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """
    What says that these are the sheets of a workbook.
    """
    numbers = range(1, len(names) + 1)
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in zip(numbers, names, strict=True)
    )
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>'
    yield "xl/_rels/workbook.xml.rels", _relations([(f"worksheets/sheet{n}.xml", "worksheet") for n in numbers])
    yield "_rels/.rels", _relations([("xl/workbook.xml", "officeDocument")])
    kinds = [
        ("/xl/workbook.xml", "sheet.main+xml"),
        *((f"/xl/worksheets/sheet{n}.xml", "worksheet+xml") for n in numbers),
    ]
    overrides = "".join(f'<Override PartName="{part}" ContentType="{_KINDS}.{kind}"/>' for part, kind in kinds)
    relations = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    yield "[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{relations}{overrides}</Types>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>'
