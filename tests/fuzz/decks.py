"""
What holds of a deck for any bytes, in each of the forms that carriers send.
"""

import io
import json
import zipfile
from functools import cache
from pathlib import Path

from ratecards.deck import Mapping, read_deck

TESTS = Path(__file__).parents[1]
MAPPINGS = (None, Mapping(hyphen="range", date_order="dmy", decimal_comma=True, spaces="list", duplicates="last"),
            Mapping(npa_nxx=True, duplicates="dearest", timezone="America/New_York", rate_seconds=1))  # fmt: skip


def deck(data: bytes, which: int = 0) -> None:
    """
    Whatever bytes a deck is made of, every row is taken or refused, and what is taken is a rule.

    Args:
        which: of the mappings.
    """
    found = read_deck(data, mapping=MAPPINGS[which % len(MAPPINGS)], now=1_790_000_000)
    report = found.report
    assert found.accepted == (not report.reasons)
    assert report.rows_read == report.rows_taken + report.rows_refused
    assert report.rules == found.rules.height
    assert found.rules["prefix"].str.contains(r"^[1-9][0-9]{0,14}$").all()
    assert (found.rules["pulse_s"] >= 1).all()
    assert found.rules["rate_units"].null_count() == 0
    assert json.dumps(report.as_json())


def deck_csv(data: bytes) -> None:
    """
    A deck as text, whatever it is: every row is taken or refused, and what is taken is a rule.
    """
    deck(data[1:], data[0] if data else 0)


def deck_json(data: bytes) -> None:
    """
    A deck as an open rate card: its cards are read, or it is refused.
    """
    deck(b'{"schema_version":"1","cards":' + data)
    deck(data)


def deck_xlsx(data: bytes) -> None:
    """
    A workbook with any bytes for a sheet: every row is taken or refused.
    """
    deck(_with("letter_and_rates.xlsx", "xl/worksheets/sheet1.xml", data))


def deck_ods(data: bytes) -> None:
    """
    A spreadsheet with any bytes for its content: every row is taken or refused.
    """
    deck(_with("libre_office.ods", "content.xml", data))


def _with(book: str, part: str, data: bytes) -> bytes:
    """
    A good workbook in which one part is another.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in parts(book).items():
            target.writestr(name, data if name == part else content)
    return out.getvalue()


@cache
def parts(book: str) -> dict[str, bytes]:
    with zipfile.ZipFile(TESTS / "good_decks" / book) as source:
        return {name: source.read(name) for name in source.namelist()}
