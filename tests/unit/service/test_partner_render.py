"""
Reports written for partners' programs stay readable whatever the rows hold.
"""

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from support.ratecards import sheet

from service.render.report import KINDS, Column, Report, hal_report

COLUMNS = (Column("CompanyID", "BIGINT", -1), Column("CompanyName", "NVARCHAR", 128))
NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "a\x00b\x1b[31m\ufffe", "<b>&\"'", "]]>", "é – 日本", ""]


def report(*names: str | None) -> Report:
    return Report("nasty", COLUMNS, [{"CompanyID": 2**53 + 1, "CompanyName": name} for name in names])


def test_control_characters_do_not_break_xml_and_are_shown_as_unknown() -> None:
    root = ElementTree.fromstring(KINDS["XmlDataTable"][1](report(*NASTY)))
    told = [record.findtext("CompanyName") for record in root.findall("Record")]
    assert told == [*NASTY[:5], "a\ufffdb\ufffd[31m\ufffd", *NASTY[6:]]


@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_no_cell_begins_as_a_formula_does(kind: str) -> None:
    written = KINDS[kind][1](report(*NASTY[:5]))
    rows = list(csv.reader(io.StringIO(written.decode(), newline=""))) if kind == "CSV" else sheet(written)
    assert [row[1] for row in rows[1:]] == [f"'{text}" for text in NASTY[:5]]


@pytest.mark.parametrize("kind", ["Default", "JsonDataTable"])
def test_json_says_every_text_and_number_as_it_is(kind: str) -> None:
    told = json.loads(KINDS[kind][1](report(*NASTY, None)))
    rows = told if kind == "Default" else told["Records"]
    assert [row["CompanyName"] for row in rows] == [*NASTY, None]
    assert {row["CompanyID"] for row in rows} == {2**53 + 1}


def test_a_workbook_keeps_the_last_digit_of_a_long_number() -> None:
    assert sheet(KINDS["Excel"][1](report("A")))[1][0] == str(2**53 + 1)


@pytest.mark.parametrize(
    ("kind", "whole"),
    [
        ("Default", b"[]"),
        ("CSV", b"CompanyID,CompanyName\r\n"),
    ],
)
def test_a_report_of_nothing_is_whole(kind: str, whole: bytes) -> None:
    assert KINDS[kind][1](report()) == whole
    assert json.loads(KINDS["JsonDataTable"][1](report()))["Schema"][1]["Length"] == 128
    assert hal_report(report(), "/here") == {"_links": {"self": {"href": "/here"}}, "_embedded": {"nasty": []}}
