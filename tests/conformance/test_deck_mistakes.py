"""
Mistakes rating engines make while they read a deck; each is a promise here.
"""

import polars as pl

from ratecards.deck import read_deck
from ratecards.money import UNITS


def test_a_blank_price_is_not_read_as_0() -> None:
    """
    Blank, blank in quotes and blank but for spaces are refused; 0 is a price.
    """
    deck = read_deck(b'Prefix,Rate\n44,\n45,""\n46,  \n1800,0\n')
    assert deck.rules["prefix"].to_list() == ["1800"]
    assert [refusal.line for refusal in deck.report.refusals] == [2, 3, 4]


def test_money_is_no_float() -> None:
    """
    A tenth, two tenths and three tenths add up, and no digit of ten is lost.
    """
    deck = read_deck(b"Prefix,Rate\n1,0.1\n2,0.2\n3,0.3\n4,99999999.0123456789\n")
    units = deck.rules["rate_units"]
    assert units.dtype == pl.Int64
    assert units[0] + units[1] == units[2]
    assert units[3] == 99_999_999 * UNITS + 123_456_789


def test_one_bad_row_aborts_nothing_and_is_not_dropped_in_silence() -> None:
    """
    The rows around it are loaded, and it is listed with its cell and reason.
    """
    deck = read_deck(b"Prefix,Rate\n44,0.01\nx,0.01\n49,y\n33,0.02\n")
    assert deck.accepted
    assert deck.rules["prefix"].to_list() == ["44", "33"]
    assert [(r.line, r.column, r.value) for r in deck.report.refusals] == [(3, "Prefix", "x"), (4, "Rate", "y")]
    assert (deck.report.rows_read, deck.report.rows_taken, deck.report.rows_refused) == (4, 2, 2)


def test_a_blocked_code_never_falls_to_its_parents_price() -> None:
    """
    It is a rule of its own, whatever else its row has or lacks.
    """
    text = b"Prefix,Rate,Increment,Status\n44,0.01,1/1,active\n447,,,blocked\n448,n/a,x,Closed\n"
    rules = read_deck(text).rules
    assert rules.filter("blocked")["prefix"].to_list() == ["447", "448"]


def test_prices_of_two_currencies_are_never_on_one_card() -> None:
    """
    Not from one file, and not from a file in another currency than the card's.
    """
    assert not read_deck(b"Prefix,Rate\n44,$0.01\n49,\xe2\x82\xac0.01\n").accepted
    assert not read_deck(b"Prefix,Rate (EUR)\n44,0.01\n", currency="USD").accepted


def test_the_same_prefix_of_two_prices_is_not_settled_by_the_order_of_rows() -> None:
    """
    Neither is loaded until somebody says which is meant.
    """
    deck = read_deck(b"Prefix,Rate\n44,0.01\n49,0.01\n44,0.02\n")
    assert deck.rules["prefix"].to_list() == ["49"]
    assert [refusal.line for refusal in deck.report.refusals] == [2, 4]
