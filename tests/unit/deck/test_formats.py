"""
Files: from bytes to cells that know the line they stand on.
"""

import gzip
import io
import lzma
import zipfile

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from ratecards.deck.errors import DeckError
from ratecards.deck.formats.archive import open_workbook
from ratecards.deck.formats.book import read_book
from ratecards.deck.formats.delimited import choose_delimiter, read_delimited
from ratecards.deck.formats.extent import MAX_CELLS, check_xlsx
from ratecards.deck.formats.opening import open_sheets
from ratecards.deck.formats.text import as_utf8
from ratecards.deck.formats.unpack import MAX_RATIO, RATIO_FREE, unpack


def rows(text: str) -> list[tuple[int, list[str | None]]]:
    sheet = read_delimited(text.encode())
    return [(line, list(cells)) for line, cells in zip(sheet.lines, sheet.cells.iter_rows(), strict=True)]


def broken(text: str) -> list[int]:
    return [line.line for line in read_delimited(text.encode()).broken]


def test_every_row_knows_its_line_whatever_stands_between() -> None:
    """
    Blank lines and cells of several lines are counted as the editor counts them.
    """
    text = 'Prefix,Rate,Note\n\n44,0.01,"one\ntwo\nthree"\n49,0.02,x\n'
    assert rows(text) == [
        (1, ["Prefix", "Rate", "Note"]),
        (2, [None, None, None]),
        (3, ["44", "0.01", "one\ntwo\nthree"]),
        (6, ["49", "0.02", "x"]),
    ]


def test_short_and_long_rows_keep_all_their_cells() -> None:
    """
    A row with more cells than the first is not cut, one with fewer is filled up.
    """
    assert rows("a\n1,2,3\n4,5\n") == [(1, ["a", None, None]), (2, ["1", "2", "3"]), (3, ["4", "5", None])]


def test_quotes_inside_a_cell_are_doubled() -> None:
    """
    A quoted cell may hold delimiters, line ends and doubled quotes; an unquoted one may hold a pair of quotes.
    """
    text = 'Prefix,Rate\n"4""4","1,2"\nthe "pipe",x\n'
    assert [cells[:2] for _, cells in rows(text)[1:]] == [['4"4', "1,2"], ['the "pipe"', "x"]]


def test_an_unclosed_quote_costs_one_line_of_twenty_thousand() -> None:
    """
    The rows behind it are read; the line that opens it is refused.
    """
    body = [f"44{i},Dest {i},0.01" for i in range(20_000)]
    body[5] = body[5].replace("Dest", '"Dest')
    sheet = read_delimited("\n".join(["Prefix,Destination,Rate", *body, ""]).encode())
    assert sheet.cells.height == 20_000
    assert [(line.line, line.reason) for line in sheet.broken] == [(7, "has a quote without its pair")]
    assert sheet.lines[-1] == 20_001


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('p,r\n44,"x\n49,0.1\n', [2]),
        ('p,r\n44,"x\n49,y"z\n', [2, 3]),
        ('p,n,r\n44,"UK,0.1\n49,DE,0.2\n33,"FR",0.3\n34,ES",0.4\n', [2, 5]),
        ('p,r\n44,"a"b\n', [2]),
        ('p,r\n44," a" , 0.1\n', []),
        ('p,r\n"44\n",0.1\n', []),
    ],
)
def test_a_quote_out_of_order_is_told_by_its_line(text: str, lines: list[int]) -> None:
    """
    A cell that would swallow rows that look like rows is no cell.
    """
    assert broken(text) == lines


def test_a_cell_of_more_than_a_hundred_lines_is_an_unclosed_quote() -> None:
    """
    No carrier writes one, and a quote left open would make one of the whole file.
    """
    text = 'p,r\n44,"' + "x\n" * 150 + '",0.1\n49,0.2\n'
    assert broken(text) == [2, 152]
    assert rows(text)[-1] == (153, ["49", "0.2"])


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [("Prefix,Rate\n44,0.01", ","), ("Prefix;Rate\n44;0,01\n", ";"), ("Prefix\tRate\n44\t0.01", "\t"),
     ("Prefix|Name|Rate\n44|UK, fixed; all|0.01", "|"), ("Rates, valid from May\nPrefix;Rate\n44;0,01", ";"),
     ("a;b;c\n1;2;3\n4;5,0;6", ";")],
)  # fmt: skip
def test_the_delimiter_is_the_one_that_shows_the_fields_words(sample: str, delimiter: str) -> None:
    """
    Commas in names, decimals and letters above do not mislead.
    """
    assert choose_delimiter(sample) == delimiter


def test_text_of_any_encoding_becomes_utf8() -> None:
    """
    Marks are obeyed, UTF-16 without one is known by its zero bytes, the rest is UTF-8 or Windows-1252.
    """
    text = "Préfix,Rate\n44,0.01\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "iso-8859-1"):
        assert as_utf8(text.replace("\n", "\r\n").encode(encoding)) == text.encode(), encoding
    assert as_utf8(b"a\x93b\x94\x81") == "a\u201cb\u201d\ufffd".encode()
    assert as_utf8("ÄÖÜ".encode() + b"\xff") == "ÄÖÜ\ufffd".encode()


def test_what_is_no_text_is_refused() -> None:
    """
    Zero bytes and broken UTF-16 are not read around.
    """
    for data in (b"Prefix,Rate\n" + b"x" * 5000 + b"\x00", b"\xff\xfea", b"\xff\xfe\x00\xd8a\x00"):
        with pytest.raises(DeckError, match="is no text file"):
            as_utf8(data)


def test_what_is_packed_is_unpacked_within_bounds() -> None:
    """
    A hundred times the packed size comes out at most; a short file may grow more.
    """
    plain = b"44,0.01\n" * 1000
    assert unpack(gzip.compress(plain)) == plain
    assert unpack(lzma.compress(plain)) == plain
    assert unpack(gzip.compress(lzma.compress(plain))) == plain
    assert unpack(gzip.compress(plain) + gzip.compress(plain)) == plain * 2
    assert unpack(lzma.compress(plain) + lzma.compress(plain)) == plain * 2
    free = gzip.compress(bytes(RATIO_FREE))
    assert len(free) * MAX_RATIO < RATIO_FREE
    assert unpack(free) == bytes(RATIO_FREE)
    with pytest.raises(DeckError, match="unpacks to more than"):
        unpack(gzip.compress(bytes(RATIO_FREE + 1)))


def test_a_packed_file_cut_anywhere_is_refused() -> None:
    """
    No half of a price list is taken for the whole.
    """
    for packed in (gzip.compress(b"44,0.01\n" * 99), lzma.compress(b"44,0.01\n" * 99)):
        for length in range(6, len(packed)):
            with pytest.raises(DeckError, match="damaged or cut"):
                unpack(packed[:length])


def workbook(*cells: tuple[str, object]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("Rates")
    for place, value in cells:
        sheet.write(place, value)
    book.close()
    return out.getvalue()


def test_a_number_in_a_workbook_is_the_shortest_decimal_that_is_the_same_float() -> None:
    """
    No digit is lost, and none invented.
    """
    values = [447400, 0.075, 0.07500000000000001, 1e-05, 1.5e-9, 447000000000, 1e22]
    data = workbook(*((f"A{row}", value) for row, value in enumerate(values, start=1)))
    texts = ["447400", "0.075", "0.07500000000000001", "0.00001", "0.0000000015", "447000000000",
             "1e+22"]  # fmt: skip
    assert read_book(data)[0].cells["0"].to_list() == texts


def test_a_row_of_a_workbook_has_the_number_the_sheet_shows() -> None:
    """
    Empty rows and columns before the table are counted.
    """
    sheet = read_book(workbook(("C5", "Prefix"), ("D5", "Rate"), ("C9", 44)))[0]
    assert sheet.cells.row(8) == (None, None, "44", None)
    assert sheet.lines[8] == 9


@pytest.mark.parametrize("reference", ["XFD1048576", "A9999999", "Z999999", "AAA200000"])
def test_a_cell_far_away_is_refused_before_the_block_is_built(reference: str) -> None:
    """
    One kilobyte cannot ask for the memory of a full sheet.
    """
    part = f'<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="{reference}"><v>1</v></c></row></sheetData>'
    with pytest.raises(DeckError, match="more than 16,000,000 cells"):
        check_xlsx(part.encode())
    with pytest.raises(DeckError, match="more than 16,000,000 cells"):
        check_xlsx(part.replace('"A1"', "'A1'").encode())


@pytest.mark.parametrize("reference", ["A99999999999999999999999991", "AAAAAA1", "A0", "A-1", "1A", ""])
def test_a_cell_at_no_place_is_refused_before_its_number_overflows(reference: str) -> None:
    """
    Numbers that wrap around in the library's arithmetic would ask for any amount of memory.
    """
    part = f'<sheetData><row r="1"><c r="A1"/><c r="{reference}"><v>1</v></c></row></sheetData>'
    with pytest.raises(DeckError, match="damaged"):
        check_xlsx(part.encode())


def test_cells_without_a_place_are_counted_one_after_another() -> None:
    """
    Leaving the references out is no way around the bound.
    """
    wide = "<row>" + "<c><v>1</v></c>" * 5000 + "</row>"
    check_xlsx(f"<sheetData>{wide}</sheetData>".encode())
    with pytest.raises(DeckError, match="more than"):
        check_xlsx(f"<sheetData>{wide}{'<row></row>' * (MAX_CELLS // 5000 + 1)}</sheetData>".encode())


def test_the_library_gets_the_bytes_that_were_measured() -> None:
    """
    Of two parts with one name, the first is measured and handed on, the second is not.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("xl/workbook.xml", "<b/>")
    with zipfile.ZipFile(io.BytesIO(open_workbook(out.getvalue()).packed)) as packed:
        assert packed.namelist() == ["xl/workbook.xml"]
        assert packed.read("xl/workbook.xml") == b"<a/>"


def test_a_file_is_what_its_bytes_are() -> None:
    """
    A name that says otherwise changes nothing.
    """
    book = open_sheets(workbook(("A1", "Prefix")))
    assert [sheet.name for sheet in book] == ["Rates"]
    assert [sheet.name for sheet in open_sheets(b"Prefix,Rate\n44,1\n")] == [None]
