"""
Rows into rules: what a deck means beyond its cells.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from ratecards.deck import Deck, Mapping, MappingError, header_fingerprint, read_deck, read_decks
from ratecards.deck.grid import CardFacts
from ratecards.deck.write import write_deck
from ratecards.model import Terms
from ratecards.money import format_units
from ratecards.rules import SCHEMA

DAY = 86_400
NOW = int(datetime(2026, 9, 15, tzinfo=UTC).timestamp())


def read(text: str, now: int | None = None, **answers: object) -> Deck:
    return read_deck(text.encode(), name="deck.csv", mapping=Mapping.from_json(answers), now=now)


def rates(deck: Deck) -> dict[str, str]:
    return {prefix: format_units(units) for prefix, units in deck.rules.select("prefix", "rate_units").iter_rows()}


def column(deck: Deck, name: str) -> list[object]:
    return deck.rules[name].to_list()


def messages(deck: Deck, kind: str) -> list[str]:
    return [warning.message for warning in deck.report.warnings if warning.kind == kind]


def test_a_deck_is_a_table_of_the_libraries_schema() -> None:
    """
    Whatever the file, the rules have the columns and types every other part of the library works on.
    """
    assert read("Prefix,Rate\n44,0.01\n").rules.schema == SCHEMA
    assert read("nothing").rules.schema == SCHEMA
    assert read_deck(b"\x00").rules.schema == SCHEMA


def test_a_file_may_be_given_by_its_path(tmp_path: Path) -> None:
    """
    The report then calls it by the path's last part.
    """
    path = tmp_path / "acme.csv"
    path.write_text("Prefix,Rate\n44,\n")
    assert read_deck(path).report.refusals[0].file == "acme.csv"
    assert read_deck(path, name="upload").report.refusals[0].file == "upload"


def test_a_new_rate_wins_over_a_current_one() -> None:
    """
    A blank new rate is blank: the current one is not taken for it.
    """
    deck = read("Prefix,Current Rate,New Rate\n44,0.01,0.02\n49,0.01,\n")
    assert rates(deck) == {"44": "0.02"}
    assert [(r.line, r.column) for r in deck.report.refusals] == [(3, "New Rate")]


def test_a_closed_code_is_blocked_from_its_date() -> None:
    """
    It does not fall to its parent's price, with or without a price of its own.
    """
    deck = read(
        "Prefix,Rate,Effective,Change\n44,0.01,2026-09-01,New\n447,,2026-09-16,Closed\n448,x,2026-09-16,Closed\n"
    )
    assert column(deck, "blocked") == [False, True, True]
    assert column(deck, "effective")[1] == NOW + DAY
    assert deck.report.rows_refused == 0


@pytest.mark.parametrize("header", ["Forbidden", "Discontinued", "Blocked", "Closed"])
def test_a_flag_blocks_the_code(header: str) -> None:
    """
    Blank and 0 mean no, 1 means yes.
    """
    deck = read(f"Prefix,Rate,{header}\n44,0.01,\n441,0.01,0\n442,0.01,1\n")
    assert column(deck, "blocked") == [False, False, True]


def test_an_active_column_blocks_what_is_not() -> None:
    """
    The same flag the other way round.
    """
    assert column(read("Prefix,Rate,Enabled\n44,0.01,1\n441,0.01,0\n"), "blocked") == [False, True]


def test_the_same_code_twice_on_the_same_terms_is_one_rule() -> None:
    """
    And the report says that it stands there twice.
    """
    deck = read("Prefix,Destination,Rate\n44,UK,0.01\n44,Britain,0.01\n")
    assert column(deck, "name") == ["UK"]
    assert deck.report.warning_counts["duplicate"] == 1
    assert deck.report.rows_taken == 2


def test_the_same_code_with_two_dates_is_two_rules() -> None:
    """
    Each holds from its own date.
    """
    deck = read("Prefix,Rate,Effective\n44,0.01,2026-09-01\n44,0.02,2026-10-01\n")
    assert deck.rules.height == 2
    assert deck.accepted


@pytest.mark.parametrize(("choice", "rate"), [("cheapest", "0.01"), ("dearest", "0.03"), ("last", "0.02")])
def test_two_prices_from_one_date_are_settled_by_the_mapping_only(choice: str, rate: str) -> None:
    """
    Cheapest, dearest and last are what they say; each choice is told.
    """
    deck = read("Prefix,Rate\n44,0.01\n44,0.03\n44,0.02\n49,0.05\n", duplicates=choice)
    assert rates(deck) == {"44": rate, "49": "0.05"}
    assert deck.report.warning_counts["duplicate"] == 2


def test_a_block_beats_a_price_from_the_same_date() -> None:
    """
    Do not route stays do not route, whichever line comes first.
    """
    for rows in ("44,0.01,active\n44,0.02,blocked\n", "44,0.02,blocked\n44,0.01,active\n"):
        deck = read("Prefix,Rate,Status\n" + rows)
        assert column(deck, "blocked") == [True]
        assert deck.accepted
        assert deck.report.warning_counts["duplicate"] == 1


def test_a_row_refused_for_one_code_gives_none_of_its_codes() -> None:
    """
    A row is taken whole or refused whole; its other codes' twins are then no duplicates.
    """
    deck = read('Prefix,Rate\n44,0.01\n"44,49",0.02\n49,0.02\n')
    assert rates(deck) == {"49": "0.02"}
    assert deck.report.rows_refused == 2
    assert "duplicate" not in deck.report.warning_counts


def test_rules_for_different_origins_are_no_duplicates() -> None:
    """
    The price of a call may depend on where it comes from.
    """
    deck = read(
        "Destination Prefixes,Origination Prefixes,Rate\n"
        "43 431,,0.155\n43 431,1242 1246,0.16\n43 431,international,0.2\n"
    )
    assert column(deck, "prefix") == ["43", "431"] * 3
    assert column(deck, "origin") == ["", "", "1242 1246", "1242 1246", "international", "international"]


def test_jurisdictions_without_a_plain_price_have_the_indeterminate_one() -> None:
    """
    Without that, the higher of the two others: a caller nobody can place is not rated too cheap.
    """
    deck = read("NPANXX,Interstate,Intrastate,Indeterminate\n1212555,0.01,0.02,0.015\n1212556,0.03,0.02,\n")
    assert rates(deck) == {"1212555": "0.015", "1212556": "0.03"}
    assert column(deck, "rate_inter_units") == [100_000_000, 300_000_000]
    assert column(deck, "rate_intra_units") == [200_000_000, 200_000_000]
    assert column(deck, "rate_indeterminate_units") == [150_000_000, None]
    assert rates(read("Prefix,Rate,Inter,Intra\n44,0.05,,\n")) == {"44": "0.05"}


def test_number_lengths_are_carried() -> None:
    """
    A rule may be for short or long numbers only.
    """
    deck = read("Prefix,Rate,Min Length,Max Length\n44,0.01,10,13\n49,0.01,,\n")
    assert column(deck, "min_digits") == [10, None]
    assert column(deck, "max_digits") == [13, None]


@pytest.mark.parametrize(
    ("header", "cells", "increments"),
    [
        ("Billing", "60/1", (60, 1)),
        ("Pulse", "60/60", (60, 60)),
        ("Increment", "6", (6, 6)),
        ("First Interval,Sub Interval", "30,6", (30, 6)),
        ("Interval 1,Interval N", "30/6,30/6", (30, 6)),
        ("Interval 1,Interval N", "30/6,6", (30, 6)),
        ("Interval 1,Interval N", "30/6,", (30, 6)),
        ("Interval 1,Interval N", ",30/6", (30, 6)),
        ("Minimum,Billing Increment", "30,6", (30, 6)),
        ("Minimum", "30", (30, 1)),
    ],
)
def test_increments_are_put_together_from_the_cells_that_hold_them(
    header: str, cells: str, increments: tuple[int, int]
) -> None:
    """
    One cell or two, slashed or not.
    """
    deck = read(f"Prefix,Rate,{header}\n44,0.01,{cells}\n")
    assert deck.rules.select("mcd_s", "pulse_s").row(0) == increments


def test_increments_nobody_names_are_by_the_second_and_that_is_told() -> None:
    """
    The mapping can say otherwise, and then nothing is assumed.
    """
    deck = read("Prefix,Rate\n44,0.01\n49,0.02\n")
    assert deck.rules.select("mcd_s", "pulse_s").row(0) == (1, 1)
    assert messages(deck, "assumed") == ["2 rows without billing increments: 1/1 is taken"]
    told = read("Prefix,Rate\n44,0.01\n", mcd_s=60, pulse_s=1)
    assert told.rules.select("mcd_s", "pulse_s").row(0) == (60, 1)
    assert told.report.status == "clean"


def test_as_soon_as_possible_is_now_or_no_date() -> None:
    """
    The library has no clock of its own.
    """
    assert column(read("Prefix,Rate,Effective\n44,0.01,ASAP\n"), "effective") == [None]
    assert column(read("Prefix,Rate,Effective\n44,0.01,ASAP\n", now=NOW), "effective") == [NOW]


def test_a_date_is_in_the_mappings_time_zone() -> None:
    """
    Midnight in London in summer is 23:00 UTC.
    """
    deck = read("Prefix,Rate,Effective\n44,0.01,2026-09-16\n", timezone="Europe/London")
    assert column(deck, "effective") == [NOW + DAY - 3600]


def test_one_date_settles_the_order_of_all() -> None:
    """
    16/09/2026 can only be day first, so 03/04/2027 is too; the end dates have a say as well.
    """
    deck = read("Prefix,Rate,Start Date,End Date\n44,0.01,03/04/2026,16/09/2026\n")
    assert deck.accepted
    assert datetime.fromtimestamp(deck.rules["effective"][0], UTC).month == 4


def test_an_open_order_of_dates_refuses_the_card_and_keeps_the_prices() -> None:
    """
    The rows are there to be looked at, without a date; the question names the option that answers it.
    """
    deck = read("Prefix,Rate,Effective\n44,0.01,03/04/2027\n")
    assert not deck.accepted
    assert "date_order" in deck.report.reasons[0]
    assert (rates(deck), column(deck, "effective")) == ({"44": "0.01"}, [None])
    assert read("Prefix,Rate,Effective\n44,0.01,03/04/2027\n", date_order="mdy").accepted


def test_a_rule_holds_for_a_second_at_least() -> None:
    """
    One that would end when it starts, or before, is refused; there is no such rule.
    """
    rows = "44,0.01,2026-09-16 10:00:00,2026-09-16 10:00:01\n49,0.01,2026-09-16 10:00:00,2026-09-16 10:00:00\n"
    deck = read("Prefix,Rate,Start Date,End Date\n" + rows)
    assert column(deck, "prefix") == ["44"]
    assert (deck.report.refusals[0].line, deck.report.refusals[0].column) == (3, "End Date")


def test_of_two_rules_of_one_code_the_newer_takes_its_calls() -> None:
    """
    Of those that hold now; without a clock the older stands for the code.
    """
    text = "Prefix,Rate,Effective\n44,0.01,2026-01-01\n44,0.02,2026-09-01\n44,0.03,2026-12-01\n441,,\n"
    assert "fall to 44 at 0.02" in read(text, now=NOW).report.refusals[0].reason
    assert "fall to 44 at 0.01" in read(text).report.refusals[0].reason


def test_a_last_day_counts_unless_the_mapping_says_otherwise() -> None:
    """
    A rate until the 16th holds on the 16th.
    """
    text = "Prefix,Rate,End Date\n44,0.01,2026-09-16\n"
    assert column(read(text), "expires") == [NOW + 2 * DAY]
    assert column(read(text, end_date_included=False), "expires") == [NOW + DAY]


def test_zero_is_a_price_and_blank_is_none() -> None:
    """
    Toll-free codes cost nothing; a cell nobody filled in costs an answer.
    """
    deck = read("Prefix,Rate\n1800,0.0000\n1900,\n")
    assert rates(deck) == {"1800": "0"}
    assert deck.report.refusals[0].line == 3


def test_a_refused_code_is_told_what_takes_its_calls_now() -> None:
    """
    A shorter code with its rate, a block, an older rule of its own, or nothing.
    """
    rows = "44,0.01,2026-01-01,\n447,,,\n33,,,blocked\n336,,,\n61,,,\n49,0.02,2026-01-01,\n49,,,\n"
    text = "Prefix,Rate,Effective,Status\n" + rows
    reasons = [refusal.reason.rpartition("; ")[2] for refusal in read(text, now=NOW).report.refusals]
    assert reasons == [
        "until it is corrected, its calls fall to 44 at 0.01",
        "until it is corrected, its calls fall to 33, which is blocked",
        "until it is corrected, no shorter code of the deck takes its calls",
        "until it is corrected, its calls fall to 49 at 0.02",
    ]


def test_a_refusal_names_the_cell_as_the_spreadsheet_does() -> None:
    """
    Line and column give E583 and its like.
    """
    refusal = read("Name,Prefix,Rate\nUK,44,\nDE,49,0.1\n").report.refusals[0]
    assert (refusal.line, refusal.column, refusal.cell) == (2, "Rate", "C2")


def test_columns_may_be_named_by_the_mapping() -> None:
    """
    What the words do not tell, the mapping does; it also settles which of several is meant.
    """
    assert rates(read("Destination,Rate\n44,0.01\n", columns={"Destination": "prefix"})) == {"44": "0.01"}
    answers = {"Rate Peak": "rate", "Rate Off-peak": "ignore"}
    assert rates(read("Code,Rate Peak,Rate Off-peak\n44,0.01,0.005\n", columns=answers)) == {"44": "0.01"}
    assert rates(read("Code,Rate Peak,Rate Off-peak\n44,0.01,0.005\n", columns={"rate peak": "rate"})) == {"44": "0.01"}


def test_columns_of_one_name_are_told_apart_by_their_place() -> None:
    """
    Two columns called Rate cannot be named by their header.
    """
    text = "Code,Rate,Rate\n44,0.01,0.02\n"
    assert "'column 3' names the third" in read(text).report.reasons[0]
    assert rates(read(text, columns={"column 3": "rate"})) == {"44": "0.02"}
    assert rates(read(text, columns={"Column 3": "ignore"})) == {"44": "0.01"}


def test_constants_fill_in_for_columns_the_file_does_not_have() -> None:
    """
    They never fill a blank cell of a column it has.
    """
    deck = read("Prefix,Rate\n44,0.01\n", constants={"effective": "2026-09-16", "billing": "60/1", "status": "active"})
    assert deck.rules.select("effective", "mcd_s", "pulse_s").row(0) == (NOW + DAY, 60, 1)
    blank = read("Prefix,Rate,Effective\n44,0.01,\n", constants={"effective": "2026-09-16"})
    assert column(blank, "effective") == [None]


def test_cents_and_seconds_are_converted_exactly_or_refused() -> None:
    """
    1.5 cents are 0.015; a third of a unit is none.
    """
    assert rates(read("Prefix,Rate (cents)\n44,1.5\n", price_divisor=100)) == {"44": "0.015"}
    assert rates(read("Prefix,Rate per second\n44,0.0005\n", rate_seconds=1)) == {"44": "0.03"}
    deck = read("Prefix,Rate\n44,0.0000000001\n49,0.03\n", price_divisor=3)
    assert rates(deck) == {"49": "0.01"}
    assert "no whole number" in deck.report.refusals[0].reason


def test_north_american_codes_get_their_1_when_the_mapping_says_so() -> None:
    """
    Area code and exchange in columns of their own need no telling.
    """
    assert list(rates(read("NPANXX,Rate\n212555,0.01\n646-555,0.01\n", npa_nxx=True))) == ["1212555", "1646555"]
    assert list(rates(read("NPA,NXX,Rate\n212,555,0.01\n"))) == ["1212555"]


def test_a_country_code_beside_whole_codes_is_only_compared() -> None:
    """
    Open rate cards have both; a name of the country instead of its code does no harm.
    """
    assert list(rates(read("Country Code,Prefix,Rate\n44,441,0.01\nGB,442,0.01\n,443,0.01\n"))) == ["441", "442", "443"]


def test_the_currency_is_what_the_file_says() -> None:
    """
    In a title, a heading, a column or the cells; a dollar sign is the dollar named elsewhere.
    """
    texts = {
        "Currency:,GBP\nPrefix,Rate\n44,0.01\n": "GBP",
        "Currency: GBP per minute\nPrefix,Rate\n44,0.01\n": "GBP",
        "All prices in CHF\nPrefix,Rate\n44,0.01\n": "CHF",
        "Prefix,Rate (EUR/min)\n44,0.01\n": "EUR",
        "Prefix,Rate,Currency\n44,0.01,CAD\n": "CAD",
        "Prefix,Rate\n44,€0.01\n": "EUR",
        "Prefix,Rate\n44,$0.01\n": "USD",
        "Currency:,CAD\nPrefix,Rate\n44,$0.01\n": "CAD",
        "Prefix,Rate\n44,0.01\n": None,
    }
    assert {text: read(text).currency for text in texts} == texts


def test_a_file_in_another_currency_than_asked_for_is_refused() -> None:
    """
    Margins are never compared across currencies by accident.
    """
    deck = read_deck(b"Currency:,GBP\nPrefix,Rate\n44,0.01\n", currency="USD")
    assert not deck.accepted
    assert "two currencies: GBP (the line above the table) and USD (the caller)" in deck.report.reasons[0]
    assert read_deck(b"Prefix,Rate\n44,0.01\n", currency="USD").currency == "USD"
    assert read("Prefix,Rate\n44,0.01\n", currency="GBP").currency == "GBP"
    with pytest.raises(MappingError):
        read_deck(b"", currency="dollars")


def test_a_price_far_from_its_countrys_is_pointed_out() -> None:
    """
    Ten times above or below the middle price of the country, with four prices or more.
    """
    rows = "".join(f"254{i},0.2\n" for i in range(5))
    deck = read(f"Prefix,Rate\n{rows}2549,0.0009\n2548,3\n")
    assert messages(deck, "outlier") == [
        "2549 at 0.0009 is far below the rest of its country, where the middle price is 0.2",
        "2548 at 3 is far above the rest of its country, where the middle price is 0.2",
    ]


def test_a_price_no_call_has_is_pointed_out() -> None:
    """
    1200 a minute keeps traffic away, or is a slip.
    """
    deck = read("Prefix,Rate\n44,1200\n49,99.99\n")
    assert messages(deck, "sentinel") == ["44 at 1200 a minute is a price no call has"]


def test_a_code_ten_times_dearer_or_cheaper_than_its_parent_is_pointed_out() -> None:
    """
    The parent is the longest shorter code of the deck, not any.
    """
    deck = read("Prefix,Rate\n44,0.01\n447,0.1\n4471,0.011\n4472,0.09\n33,0.05\n336,0\n")
    assert messages(deck, "parent") == [
        "447 at 0.1 is dearer by 10 times or more than 44 at 0.01",
        "336 at 0 is cheaper by 10 times or more than 33 at 0.05",
    ]


def test_a_rate_that_starts_later_is_told_with_what_serves_until_then() -> None:
    """
    So is one that has ended; without a clock nothing is later.
    """
    rows = "49,0.01,2026-01-01,\n49152,0.05,2026-09-23,\n521,0.02,2026-10-01,\n33,0.1,,2026-09-01\n"
    text = "Prefix,Rate,Effective,End Date\n" + rows
    deck = read(text, now=NOW)
    assert messages(deck, "future") == [
        "49152 starts 2026-09-23 UTC; until then its calls fall to 49 at 0.01",
        "521 starts 2026-10-01 UTC; until then no shorter code of the deck takes its calls",
    ]
    assert messages(deck, "expired") == ["33 ended 2026-09-02 UTC; no shorter code of the deck takes its calls"]
    assert "future" not in read(text).report.warning_counts


def base(*rules: tuple[str, str]) -> pl.DataFrame:
    return read("Prefix,Rate\n" + "".join(f"{prefix},{rate}\n" for prefix, rate in rules)).rules


def test_codes_that_vanish_are_listed_with_what_takes_their_calls() -> None:
    """
    A carrier seldom says that it has dropped a code.
    """
    old = base(("44", "0.01"), ("447", "0.02"), ("49", "0.02"), ("33", "0.02"))
    deck = read_deck(b"Prefix,Rate\n44,0.01\n49,0.02\n33,0.02\n", base=old)
    assert deck.accepted
    assert messages(deck, "vanished") == ["447 is no longer in the deck; its calls fall to 44 at 0.01"]


def test_a_deck_that_has_lost_a_third_of_its_codes_is_refused_unless_forced() -> None:
    """
    Thirty in a hundred may go, not one more.
    """
    old = base(*((str(code), "0.01") for code in range(200, 300)))
    for kept, accepted in ((70, True), (69, False)):
        text = "Prefix,Rate\n" + "".join(f"{code},0.01\n" for code in range(200, 200 + kept))
        deck = read_deck(text.encode(), base=old)
        assert deck.accepted == accepted, deck.report.reasons
        assert read_deck(text.encode(), base=old, force=True).accepted
    assert "has lost 31 of the 100 codes" in deck.report.reasons[0]


@pytest.mark.parametrize(("rate", "accepted"), [("0.029", True), ("0.03", False), ("0.0034", True), ("0.0033", False)])
def test_a_deck_whose_middle_price_triples_is_refused_unless_forced(rate: str, accepted: bool) -> None:
    """
    A decimal sign in the wrong place moves all prices at once.
    """
    old = base(("44", "0.01"), ("49", "0.01"))
    text = f"Prefix,Rate\n44,{rate}\n49,{rate}\n".encode()
    assert read_deck(text, base=old).accepted == accepted
    assert read_deck(text, base=old, force=True).accepted


def test_the_report_says_how_the_file_was_understood() -> None:
    """
    Which column is which, which were left out, and the fingerprint to save a mapping under.
    """
    report = read("Code,Rate,Rate Id\n44,0.01,7\n").report
    assert report.columns == {"prefix": "Code", "rate": "Rate"}
    assert report.ignored == ("Rate Id",)
    assert report.header == ("Code", "Rate", "Rate Id")
    assert Mapping(fingerprint=report.fingerprint).matches(report.header)


def test_a_report_is_plain_json() -> None:
    """
    It survives the way through JSON unchanged, and its status is the exit code's word.
    """
    statuses = {
        "Prefix,Rate,Inc\n44,0.01,1\n": "clean",
        "Prefix,Rate\n44,0.01\n": "warnings",
        "Prefix,Rate,Inc\n44,0.01,1\n49,,1\n": "warnings",
        "Prefix,Rate\n": "refused",
    }
    for text, status in statuses.items():
        report = read(text).report
        assert report.status == status
        assert json.loads(json.dumps(report.as_json())) == report.as_json()
        assert report.as_json()["status"] == status


def test_several_cards_of_a_document_are_read_one_by_one() -> None:
    """
    Asked for the one deck of such a file, the reader asks back which.
    """
    card = {"name": "A", "type": "termination", "currency": "USD", "endpoint": "x",
            "fields": [{"name": "prefix"}, {"name": "rate"}], "rates": [["44", 0.01]]}  # fmt: skip
    document = {"name": "X", "schema_version": "1.0.0", "version": "1.0", "date": "2026-01-01",
                "cards": {"a": card, "b": {**card, "currency": "EUR", "rates": [["49", 0.02]]}}}  # fmt: skip
    data = json.dumps(document).encode()
    decks = read_decks(data)
    assert [(deck.name, deck.currency, rates(deck)) for deck in decks] == [
        ("a", "USD", {"44": "0.01"}), ("b", "EUR", {"49": "0.02"}),
    ]  # fmt: skip
    assert not read_deck(data).accepted
    assert rates(read_deck(data, mapping=Mapping(sheet="b"))) == {"49": "0.02"}


def test_progress_is_told_in_rows() -> None:
    """
    From none done to all done.
    """
    told: list[tuple[int, int]] = []
    read_deck(b"Prefix,Rate\n44,1\n49,2\n", progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 3), (3, 3)]


def test_names_are_put_together_from_country_and_network() -> None:
    """
    A destination that already names its country is left as it is.
    """
    deck = read("Country,Network,Code,Rate\nGermany,Mobile - Vodafone,49152,0.05\nFrance,,33,0.01\n")
    assert column(deck, "name") == ["Germany - Mobile - Vodafone", "France"]
    deck = read("Country,Destination,Code,Rate\nKenya,Kenya Mobile,2547,0.2\nKenya,Mobile,2548,0.2\n,Peru,51,0.1\n")
    assert column(deck, "name") == ["Kenya Mobile", "Kenya - Mobile", "Peru"]


def test_a_short_file_of_long_ranges_does_not_fill_the_memory() -> None:
    """
    Ten thousand codes a cell, five million a deck.
    """
    rows = "".join(f"{100 + i}0000-{100 + i}9999,0.01\n" for i in range(99, 700))
    deck = read("Prefix,Rate\n" + rows)
    assert deck.report.reasons == ("stands for more than 5,000,000 codes",)


def test_a_saved_mapping_is_found_by_the_header_of_the_next_file() -> None:
    """
    Even where the header says nothing without it; a file with another header is read by its words.
    """
    header = ["A", "B", "C"]
    acme = Mapping(
        columns={"A": "name", "B": "prefix", "C": "rate"},
        decimal_comma=True,
        fingerprint=header_fingerprint(header),
        name="acme",
    )
    text = b"Notice of May\n\nA;B;C\nUK;44;1,234\n"
    assert not read_deck(text).accepted
    deck = read_deck(text, mappings=[Mapping(fingerprint="0" * 32, name="other"), acme])
    assert rates(deck) == {"44": "1.234"}
    assert deck.report.mapping == "acme"
    assert read_deck(b"Prefix,Rate\n44,0.01\n", mappings=[acme]).report.mapping == ""


def test_a_mapping_made_for_another_header_is_used_with_a_warning() -> None:
    """
    Asked for by name it is obeyed, and the rates manager told that the file has changed.
    """
    deck = read("Prefix,Rate,Inc\n44,0.01,1\n", fingerprint="0" * 32, name="acme")
    assert deck.accepted
    assert messages(deck, "mapping") == ["the header is not the one the mapping acme was made for"]


def test_a_column_the_mapping_names_and_the_file_lacks_is_told() -> None:
    """
    The carrier may have renamed it, and another be read in its place.
    """
    deck = read("Prefix,Rate,Inc\n44,0.01,1\n", columns={"Rate Peak": "rate", "Rate Id": "ignore"})
    assert messages(deck, "mapping") == ["the file has no column 'Rate Peak', which the mapping takes for rate"]


def test_a_connect_fee_of_the_mapping_is_for_rows_without_one() -> None:
    """
    A fee in the file wins, 0 included.
    """
    deck = read("Prefix,Rate,Connect Fee\n44,0.01,\n49,0.01,0\n", connect_fee="0.05")
    assert column(deck, "connect_fee_units") == [500_000_000, 0]


def test_a_blocked_row_with_a_bad_price_is_taken_and_told() -> None:
    """
    The block counts; the price beside it never would.
    """
    deck = read("Prefix,Rate,Status\n44,n/a,blocked\n49,0.01,active\n")
    assert column(deck, "blocked") == [True, False]
    assert messages(deck, "blocked") == ["44 is blocked; a price or increment beside it cannot be read"]


def test_an_open_rate_card_brings_its_terms() -> None:
    """
    How a cost is rounded is part of what a document says of a card; what it says wrongly is left out.
    """
    data = write_deck(base(("44", "0.01")), "json", "EUR", name="Acme", terms=Terms("EUR", 4, "up"))
    assert read_deck(data).card == CardFacts("Acme", precision=4, rounding="up")
    document = json.loads(data)
    document["cards"]["default"] |= {"charge": {"precision": 11, "rounding": "sideways"}, "tech_prefix": "5x",
                                     "direction": "outbound"}  # fmt: skip
    assert read_deck(json.dumps(document).encode()).card == CardFacts("Acme", "outbound")


def test_an_open_rate_card_states_its_time_zone() -> None:
    """
    The mapping's comes first; one that does not exist refuses the card.
    """
    document = json.loads(write_deck(base(("44", "0.01")), "json", "EUR"))
    card = document["cards"]["default"]
    card["rates"] = [["44", "", 0.01, 0, 1, 1, "2026-09-16", None, "active"]]
    document["timezone"] = "America/New_York"
    data = json.dumps(document).encode()
    assert column(read_deck(data), "effective") == [NOW + DAY + 4 * 3600]
    assert column(read_deck(data, mapping=Mapping(timezone="UTC")), "effective") == [NOW + DAY]
    document["timezone"] = "Mars/Olympus"
    assert "time zone that does not exist" in read_deck(json.dumps(document).encode()).report.reasons[0]


def test_an_area_code_column_alone_is_asked_about() -> None:
    """
    212 is New York, or Morocco.
    """
    assert "npa_nxx = true" in read("NPA,Rate\n212,0.01\n").report.reasons[0]
    assert list(rates(read("NPA,Rate\n212,0.01\n", npa_nxx=True))) == ["1212"]


def test_text_that_is_no_rate_is_counted_with_its_lines() -> None:
    """
    A footer in one cell, a comment, a heading between rows.
    """
    report = read("Prefix,Name,Rate\n,Europe,\n44,UK,0.01\n# internal\nRates may change,,\n").report
    assert (report.rows_read, report.rows_skipped, report.skipped_lines) == (1, 3, (2, 4, 5))


def test_what_stands_above_the_table_holds_for_every_row_if_it_says_something() -> None:
    """
    A date is taken for rows without one; a sentence behind the label is none.
    """
    deck = read("Effective date:,2026-09-16\nPrefix,Rate,Effective\n44,0.01,\n49,0.01,2026-10-01\n")
    assert column(deck, "effective")[0] == NOW + DAY
    assert "'2026-09-16' in line 1 is taken as effective" in messages(deck, "assumed")[1]
    deck = read("Effective date:,see the column\nPrefix,Rate,Effective\n44,0.01,\n")
    assert column(deck, "effective") == [None]


def test_a_currency_line_that_names_two_refuses_the_card() -> None:
    """
    One of them may be wrong.
    """
    assert "'USD/EUR' (the line above the table)" in read("Currency:,USD/EUR\nPrefix,Rate\n44,1\n").report.reasons[0]
