"""
Decks that must be read as they come: encodings, dialects, workbooks and documents, each with the rules it holds.
"""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ratecards.deck import Mapping, read_deck
from ratecards.money import format_units

FOLDER = Path(__file__).parents[1] / "good_decks"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text("utf-8"))


def in_short(rules: pl.DataFrame) -> list[list[object]]:
    columns = ["prefix", "name", "rate_units", "mcd_s", "pulse_s", "effective", "blocked"]
    return [[*row[:2], format_units(row[2]), *row[3:]] for row in rules.select(columns).iter_rows()]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_good_deck_gives_the_rules_written_in_it(name: str) -> None:
    """
    Encoding, delimiter, packing and kind of file do not change what a deck says.
    """
    wanted = EXPECTED[name]
    deck = read_deck(FOLDER / name, mapping=Mapping.from_json(wanted.get("mapping", {})))
    assert deck.accepted, deck.report.reasons
    assert in_short(deck.rules) == wanted["rules"]
    assert [refusal.line for refusal in deck.report.refusals] == wanted.get("refused", [])
    assert deck.currency == wanted.get("currency")
    assert deck.report.rows_skipped == wanted.get("skipped", 0)
    assert dict(deck.report.warning_counts) == wanted.get("warnings", {})
    assert list(deck.report.ignored_sheets) == wanted.get("ignored_sheets", [])


def test_every_file_of_the_folder_has_its_rules() -> None:
    """
    expected.json names each file of the folder.
    """
    assert {path.name for path in FOLDER.iterdir()} - {"expected.json"} == set(EXPECTED)
