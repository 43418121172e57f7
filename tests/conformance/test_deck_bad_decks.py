"""
Decks that must not be taken as they are: each file that ever surprised stays, with what its reader must be told.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ratecards.deck import Deck, Mapping, read_deck

FOLDER = Path(__file__).parents[1] / "bad_decks"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text("utf-8"))


@cache
def read(name: str, run: int = 1) -> Deck:
    return read_deck(FOLDER / name, mapping=Mapping.from_json(EXPECTED[name].get("mapping", {})))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_bad_deck_is_refused_where_and_why_it_is_bad(name: str) -> None:
    """
    The refusals are those expected and no others: line, column and reason.
    """
    wanted, deck = EXPECTED[name], read(name)
    assert deck.accepted == wanted["accepted"], deck.report.reasons
    found = [(refusal.line, refusal.column) for refusal in deck.report.refusals]
    assert found == [(refusal["line"], refusal["column"]) for refusal in wanted.get("refusals", [])]
    for refusal, expected in zip(deck.report.refusals, wanted.get("refusals", []), strict=True):
        assert expected["reason"] in refusal.reason
    for reason in wanted.get("reasons", []):
        assert reason in " | ".join(deck.report.reasons)
    if "rules" in wanted:
        assert deck.rules.height == wanted["rules"]


@pytest.mark.parametrize("name", EXPECTED)
def test_the_report_of_a_bad_deck_is_the_same_on_every_run(name: str) -> None:
    """
    Two readings of the same bytes give the same report, to the letter.
    """
    first, second = (json.dumps(read(name, run).report.as_json()) for run in (1, 2))
    assert first == second


@pytest.mark.parametrize("name", EXPECTED)
def test_every_row_of_a_bad_deck_is_taken_or_refused(name: str) -> None:
    """
    Rows read are rows taken and rows refused; a refused card gives its reasons.
    """
    report = read(name).report
    assert report.rows_read == report.rows_taken + report.rows_refused
    assert (report.status == "refused") == bool(report.reasons)
    assert report.rows_refused == len({refusal.line for refusal in report.refusals})


def test_every_file_of_the_folder_has_its_refusal() -> None:
    """
    The folder holds at least 60 files, and expected.json names each of them.
    """
    files = {path.name for path in FOLDER.iterdir()} - {"expected.json"}
    assert files == set(EXPECTED)
    assert len(files) >= 60
