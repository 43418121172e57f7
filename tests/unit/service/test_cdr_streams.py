"""
Rows without end become files that a spreadsheet opens, and that nobody's memory grows with.
"""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

import pytest
from support.ratecards import sheet

from service.render import streams
from service.render.streams import csv_stream, xlsx_stream
from service.render.table import Row

COLUMNS = ("name", "number", "amount", "nothing")
ODD = {"name": '=HYPERLINK("x") & <b>\x01é', "number": 441132456789, "amount": Decimal("37.5"), "nothing": None}


def pages(*sizes: int) -> Iterator[list[Row]]:
    for size in sizes:
        yield [{**ODD, "name": f"row {n}"} for n in range(size)]


def test_csv_has_the_header_and_every_row_and_no_formula() -> None:
    text = b"".join(csv_stream(COLUMNS, iter([[ODD], [ODD]]))).decode()
    line = '"\'=HYPERLINK(""x"") & <b>\x01é",441132456789,37.5,\r\n'
    assert text == "name,number,amount,nothing\r\n" + line * 2
    assert b"".join(csv_stream(COLUMNS, iter(()))) == b"name,number,amount,nothing\r\n"


def test_a_workbook_has_every_row_and_no_formula() -> None:
    content = b"".join(xlsx_stream("records", COLUMNS, iter([[ODD], [ODD]])))
    assert sheet(content) == [list(COLUMNS), *[['\'=HYPERLINK("x") & <b>\ufffdé', 441132456789.0, 37.5, ""]] * 2]
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert sheet(b"".join(xlsx_stream("records", COLUMNS, iter(())))) == [list(COLUMNS)]


def test_digits_that_a_spreadsheet_would_lose_are_text() -> None:
    row = {"name": "", "number": 10**15, "amount": Decimal("1790000000.1234567"), "nothing": None}
    cells = sheet(b"".join(xlsx_stream("records", COLUMNS, iter([[row]]))))[1]
    assert cells[1:3] == ["1000000000000000", "1790000000.1234567"]


@pytest.mark.parametrize("sizes", [(9,), (3, 3, 3), (4, 5), (8, 1), (1, 8)])
def test_rows_that_no_longer_fit_a_sheet_go_onto_another(
    sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MAX_SHEET_ROWS", 5)
    book = zipfile.ZipFile(io.BytesIO(b"".join(xlsx_stream("records", COLUMNS, pages(*sizes)))))
    counts = [book.read(f"xl/worksheets/sheet{n}.xml").count(b"<row>") for n in (1, 2, 3)]
    assert counts == [5, 5, 2]
    assert b'name="records 3"' in book.read("xl/workbook.xml")


WRITERS = {"csv": partial(csv_stream, COLUMNS), "xlsx": partial(xlsx_stream, "records", COLUMNS)}


@pytest.mark.parametrize("form", WRITERS)
def test_memory_does_not_grow_with_the_rows(form: str) -> None:
    peaks = []
    for count in (5, 50):
        tracemalloc.start()
        for _ in WRITERS[form](pages(*[200] * count)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 200_000
