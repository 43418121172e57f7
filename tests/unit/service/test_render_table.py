"""
A table is the same in every format, and a cell of it is never more than a cell.
"""

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from support.ratecards import sheet

from service.http.gzipped import takes_gzip
from service.render.hal import hal_table, link_field, page_links
from service.render.html import to_table_page
from service.render.plain import to_json, to_xml
from service.render.sheets import neutral, to_csv, to_xlsx
from service.render.table import Page, Table

OBEYED = ["=1+1", "+1", "-1+1", "@A1", "\t=1", "\r=1", "\n=1"]


def table(*rows: dict[str, object], page: Page | None = None, total: int | None = None) -> Table:
    columns = tuple(rows[0]) if rows else ("a",)
    return Table("rows", columns, list(rows), total or len(rows), page or Page(), {"card": "c"}, ("price",))


@pytest.mark.parametrize("text", OBEYED)
def test_what_a_spreadsheet_would_obey_gets_an_apostrophe(text: str) -> None:
    assert neutral(text) == f"'{text}"
    row = {"name": text, "price": text, "deep": {text: text}}
    cells = next(csv.DictReader(io.StringIO(to_csv(table(row)).decode(), newline="")))
    assert (cells["name"], cells["price"]) == (f"'{text}", f"'{text}")
    assert not any(cell.startswith(tuple("=+-@\t\r\n")) for cell in cells.values())


def test_numbers_stay_numbers_and_codes_stay_texts() -> None:
    row = {"prefix": "0044", "price": "-12.50", "exact": "0.1", "count": 7, "large": 10**17, "yes": True, "none": None}
    assert to_csv(table(row)).decode().splitlines()[1] == "0044,-12.50,0.1,7,100000000000000000,true,"
    assert sheet(to_xlsx(table(row)))[1] == ["0044", -12.5, "0.1", 7.0, "100000000000000000", True, ""]


def test_an_amount_that_a_spreadsheet_would_round_stays_a_text() -> None:
    for text, kept in (("0.0123456789", 0.0123456789), ("922337203.6854775807", "922337203.6854775807")):
        assert sheet(to_xlsx(table({"price": text})))[1] == [kept]


def test_a_long_cell_and_odd_characters_do_not_break_a_file() -> None:
    row = {"long": "x" * 40_000, "odd": "a\x00\x01\ufffe\ud800\"',;\n<b>"}
    cells = sheet(to_xlsx(table({**row, "odd": "a\x01\"',;<b>"})))
    assert len(cells[1][0]) == 32_767
    assert list(csv.reader(io.StringIO(to_csv(table(row)).decode(), newline="")))[1][1].endswith("\"',;\n<b>")
    page = to_table_page("t", table({"odd": "<script>alert(1)</script>"}), {}).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_an_empty_table_has_its_header() -> None:
    assert to_csv(table()) == b"a\r\n"
    assert sheet(to_xlsx(table())) == [["a"]]
    assert b"0 rows" in to_table_page("t", table(), {})


def test_a_name_that_no_element_can_have_is_written_as_an_attribute() -> None:
    tree = ElementTree.fromstring(to_xml("t", {"Tarif HT": "x", "44": None, 'a"<\x00': 1}))
    assert [(e.tag, e.get("name"), e.text) for e in tree] == [
        ("entry", "Tarif HT", "x"), ("entry", "44", None), ("entry", 'a"<\ufffd', "1"),
    ]  # fmt: skip


def test_links_of_a_page_keep_the_question_and_no_token() -> None:
    middle = table({"a": 1}, page=Page(2, 1), total=3)
    links = page_links(middle, "/api/x.json", {"name": "a&b", "page": "2", "per_page": "1", "Auth": "secret"})
    assert links["next"] == "/api/x.json?name=a%26b&per_page=1&page=3"
    assert set(links) == {"self", "first", "last", "prev", "next"}
    assert "secret" not in json.dumps(links)
    assert b'rel="prev"' in link_field(links)
    beyond = page_links(table({"a": 1}, page=Page(9, 1), total=3), "/x", {})
    assert beyond["prev"] == "/x?page=3"
    assert "next" not in beyond


def test_rows_are_embedded_with_their_links() -> None:
    said = json.loads(to_json(hal_table(table({"a": 1}), "/x", {}, lambda row: {"self": f"/{row['card']}/{row['a']}"})))
    assert said["_links"]["item"] == [{"href": "/c/1"}]
    assert said["_embedded"] == {"rows": [{"_links": {"self": {"href": "/c/1"}}, "a": 1}]}
    assert "rows" not in said


@pytest.mark.parametrize(
    ("field", "taken"),
    [("gzip", True), ("GZIP, br", True), ("br;q=1, *;q=0.1", True), ("gzip;q=0", False), ("gzip;q=x", False),
     ("", False), ("identity", False), ("*;q=0", False), ("gzip;q=0, *", False), ("deflate, gzip;q=0.5", True)],
)  # fmt: skip
def test_gzip_is_used_where_it_is_taken(field: str, taken: bool) -> None:
    assert takes_gzip(field) is taken
