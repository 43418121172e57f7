"""
Rules out as files.
"""

import csv
import io
import json
from pathlib import Path

import pytest

from ratecards.deck import read_deck
from ratecards.deck.write import FORMATS, Dialect, write_deck
from ratecards.model import Rule
from ratecards.rules import to_frame

RULES = to_frame(
    [
        Rule("44", "=cmd|' /C calc'!A0", 100_000_000),
        Rule("441", 'Leeds, "fixed"; all', 75_000_000, 5, 30, 6, 1_357_907_962, 1_500_000_000),
        Rule("447", "'+@", 0, blocked=True),
        Rule("1212", "New York", 1, mcd_s=0, pulse_s=60, origin="1242 1246", rate_inter_units=2, rate_intra_units=3),
        Rule("1212", "New York", 922_337_203_685_477_5807, origin="international", rate_indeterminate_units=4),
        Rule("49", "Übersee – Füße", 12, min_digits=10, max_digits=13),
    ]
)  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_a_deck_written_and_read_back_is_the_same_card(form: str) -> None:
    """
    Every column of every rule comes back, and the currency.
    """
    deck = read_deck(write_deck(RULES, form, "EUR"))  # type: ignore[arg-type]
    assert deck.rules.equals(RULES)
    assert deck.currency == "EUR"
    assert deck.report.rows_refused == 0


def test_a_name_cannot_make_a_spreadsheet_compute() -> None:
    """
    No cell of the file starts with a formula's sign.
    """
    text = write_deck(RULES, "csv").decode()
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_an_open_rate_card_is_what_its_specification_asks_for() -> None:
    """
    The fields every document and card must have, prices as exact JSON numbers.
    """
    data = write_deck(RULES, "json", "EUR", name="Acme", issued="2026-01-03")
    document = json.loads(data, parse_float=str, parse_int=str)
    assert {name: document[name] for name in ("name", "schema_version", "version", "date")} == {
        "name": "Acme", "schema_version": "1.0.0", "version": "1.0", "date": "2026-01-03",
    }  # fmt: skip
    card = document["cards"]["default"]
    assert {"name", "type", "currency", "endpoint", "fields", "rates"} <= set(card)
    rate = [field["name"] for field in card["fields"]].index("rate")
    assert [row[rate] for row in card["rates"]] == ["0.01", "0.0075", "0", "0.0000000001", "922337203.6854775807",
                                                    "0.0000000012"]  # fmt: skip
    assert {len(row) for row in card["rates"]} == {len(card["fields"])}


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_is_written_by_the_ending_of_its_name(ending: str, tmp_path: Path) -> None:
    """
    The bytes are those given back.
    """
    path = tmp_path / f"card.{ending}"
    assert write_deck(RULES, path, "USD") == path.read_bytes()


def test_what_cannot_be_written_says_why() -> None:
    """
    An unknown format, a card without its currency, a name its encoding does not have.
    """
    with pytest.raises(ValueError, match="not as 'pdf'"):
        write_deck(RULES, Path("card.pdf"))
    with pytest.raises(ValueError, match="names its currency"):
        write_deck(RULES, "json")
    with pytest.raises(ValueError, match="ISO 4217"):
        write_deck(RULES, "csv", "euro")
    with pytest.raises(ValueError, match="can't encode"):
        write_deck(RULES, "csv", dialect=Dialect(encoding="iso-8859-1"))
