"""
Messy decks whose reading others have published, and two real ones.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ratecards import samples
from ratecards.deck import Deck, read_deck
from ratecards.money import format_units

VECTORS = json.loads((Path(__file__).parent / "vectors" / "deck_import.json").read_text("utf-8"))
CASES: dict[str, dict[str, Any]] = {case["name"]: case for case in VECTORS["cases"]}
SAMPLES = Path(samples.__file__).parent
SEPTEMBER_15 = int(datetime(2026, 9, 15, tzinfo=UTC).timestamp())


def read(name: str) -> Deck:
    return read_deck(CASES[name]["input"].encode(), name=name)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "expected" in case])
def test_a_messy_deck_gives_the_rates_and_increments_published(name: str) -> None:
    """
    Codes, rates and increments are those expected; a case may name only the row it is about.
    """
    wanted = CASES[name]["expected"]
    rules = {rule["prefix"]: rule for rule in read(name).rules.iter_rows(named=True)}
    assert set(wanted) <= set(rules)
    for prefix, expected in wanted.items():
        assert format_units(rules[prefix]["rate_units"]) == expected["rate"]
        if "inc" in expected:
            assert f"{rules[prefix]['mcd_s']}/{rules[prefix]['pulse_s']}" == expected["inc"]


def test_two_price_columns_are_asked_about() -> None:
    """
    Peak or off-peak is the rates manager's to say; until then there are no rules.
    """
    deck = read("two_price_columns")
    assert not deck.accepted
    assert "several columns hold the price (Rate Peak, Rate Off-peak)" in deck.report.reasons[0]
    assert deck.rules.is_empty()


def test_an_ambiguous_date_is_asked_about() -> None:
    """
    03/04/2027 may be April or March, and the new rate wins over the current one meanwhile.
    """
    deck = read("joined_cc_area_decimal_comma")
    assert not deck.accepted
    assert deck.report.reasons == (
        "'03/04/2027' in line 2 may be day first or month first: say date_order = dmy, mdy or ymd in the mapping",
    )
    assert deck.report.columns["rate"] == "New Rate"


def test_blank_flags_and_extra_columns_do_no_harm() -> None:
    """
    A blank Forbidden is no, and a column nobody knows is left out.
    """
    deck = read("slash_in_interval_cell")
    assert deck.accepted
    assert not deck.rules["blocked"].any()
    assert "Last Day ASR" in deck.report.ignored


def test_a_price_far_below_its_country_is_pointed_out() -> None:
    """
    The row is taken, and the rates manager told.
    """
    deck = read("rate_outlier")
    assert deck.accepted
    assert [(w.line, w.prefix) for w in deck.report.warnings if w.kind == "outlier"] == [(6, "25479")]


def test_the_acme_notice_gives_its_25_codes() -> None:
    """
    Titles above, a footer below, lists, ranges, joins and a closed code, as a carrier mails them.
    """
    deck = read_deck(SAMPLES / "acme_rate_notice.csv", now=SEPTEMBER_15)
    report = deck.report
    assert deck.accepted
    assert (report.rows_read, report.rows_refused, report.rows_skipped, report.rules) == (8, 0, 1, 25)
    assert deck.currency == "USD"
    codes = ["49152", "49162", "49172", "49173", "49174", "49", "33607", "33608", "521", "234803", "234806", "234703",
             "234805", "187638", "187639", *(str(code) for code in range(447400, 447410))]  # fmt: skip
    assert deck.rules["prefix"].to_list() == codes
    assert deck.rules.filter("blocked")["prefix"].to_list() == ["234805"]
    germany = deck.rules.row(0, named=True)
    assert (germany["name"], germany["mcd_s"], germany["pulse_s"]) == ("Germany - Mobile - Vodafone", 60, 1)
    assert germany["effective"] == int(datetime(2026, 9, 23, tzinfo=UTC).timestamp())


def test_the_future_codes_of_the_acme_notice_fall_back_to_49_until_their_date() -> None:
    """
    The report says so for each of them, from the day the notice's 49 holds.
    """
    deck = read_deck(SAMPLES / "acme_rate_notice.csv", now=SEPTEMBER_15)
    germany = [w.message for w in deck.report.warnings if w.kind == "future" and w.line == 8]
    until = "starts 2026-09-23 UTC; until then its calls fall to 49 at 0.0078"
    assert germany == [f"{code} {until}" for code in ("49152", "49162", "49172", "49173", "49174")]


def test_the_price_list_of_2010_is_read_to_the_last_row() -> None:
    """
    27,523 rows: nine blank prices are refused at their lines, five zero prices kept, both forms of date read.
    """
    deck = read_deck(SAMPLES / "sdf-outbound-rates.csv.xz")
    report = deck.report
    assert (report.rows_read, report.rows_taken, report.rows_refused) == (27_523, 27_514, 9)
    assert [r.line for r in report.refusals] == [583, 7151, 24073, 24127, 24128, 24129, 24130, 24131, 27393]
    assert {r.column for r in report.refusals} == {"Rate"}
    assert deck.rules.filter(pl.col("rate_units") == 0)["prefix"].to_list() == ["1800", "1855", "1866", "1877", "1888"]
    dates = deck.rules["effective"]
    assert (dates == int(datetime(2010, 7, 2, 11, 6, 58, tzinfo=UTC).timestamp())).sum() == 25_143
    assert (dates == int(datetime(2010, 6, 26, 6, 55, tzinfo=UTC).timestamp())).sum() == 2_282
    terms = deck.rules.group_by("mcd_s", "pulse_s").len().sort("len")
    assert terms.rows() == [(6, 6, 8), (60, 60, 4092), (30, 6, 23_414)]
    assert read_deck(SAMPLES / "sdf-outbound-rates.csv.xz").report == report
