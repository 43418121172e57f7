"""
The thirteen mistakes routing engines make, each a promise here, as far as a library can make it.
"""

from decimal import Decimal

import pytest
from support.lcr import EXCHANGE, NOW, Card, asks_call, stand_behind

from ratecards.deck import read_deck
from ratecards.lcr import Ask, Conditions, Router, Routes
from ratecards.lcr.answers import MAX_ANSWERS
from ratecards.model import Caller, Rule, Terms
from ratecards.money import format_units, parse_units
from ratecards.rules import from_frame

ANY = Conditions()


def card(name: str, currency: str = "USD", cap: str | None = None, **rates: str) -> Card:
    """
    A card by prefix: ``p44="0.01"``, ``p44="0.01 60/60 fee 0.1"``.
    """
    rules = [rule(prefix[1:], *text.split()) for prefix, text in rates.items()]
    return Card(name, tuple(rules), Terms(currency), cap_units=cap and parse_units(cap))


def rule(prefix: str, rate: str, increments: str = "1/1", _fee: str = "", fee: str = "0") -> Rule:
    mcd_s, pulse_s = map(int, increments.split("/"))
    return Rule(prefix, "", parse_units(rate), parse_units(fee), mcd_s, pulse_s)


def ask(sell: Card, *cards: Card, number: str = "441132456789", duration: int = 60, cli: str = "") -> Routes:
    joined = [one.name for one in cards if not asks_call(one)]
    question = Ask(number, NOW, duration, Caller(cli), explain=True)
    return Router(stand_behind(sell, cards, ANY, joined)).route(question)


def order(found: Routes) -> list[tuple[str, str]]:
    return [(one.provider.card, format_units(one.cost_units)) for one in found.routes]


def reasons(found: Routes) -> dict[str, str]:
    return {one.provider.card: str(one.reason) for one in found.rejected}


def test_1_a_carrier_without_a_price_is_not_the_cheapest() -> None:
    found = ask(card("retail", p44="0.01"), card("a", p49="0.001"), card("b", p44="0.009"))
    assert (order(found), reasons(found)) == ([("b", "0.009")], {"a": "no_rate"})


def test_2_margins_are_not_compared_across_currencies() -> None:
    """
    0.0095 EUR are 0.01032608 USD, above the selling price of 0.01; francs have no rate of exchange here.
    """
    found = ask(card("retail", p44="0.01"), card("a", "EUR", p44="0.0095"), card("b", "CHF", p44="0.001"))
    assert EXCHANGE.per_base["EUR"] == Decimal("0.92")
    assert (order(found), reasons(found)) == ([], {"a": "no_margin", "b": "no_exchange_rate"})


def test_3_the_longest_prefix_of_any_card_does_not_beat_a_cheaper_card() -> None:
    found = ask(card("retail", p44="0.01"), card("a", p44113="0.009"), card("b", p44="0.008"))
    assert order(found) == [("b", "0.008"), ("a", "0.009")]


def test_4_within_a_card_the_longest_prefix_prices_and_not_the_cheapest() -> None:
    assert order(ask(card("retail", p44="0.01"), card("a", p44="0.001", p44113="0.009"))) == [("a", "0.009")]


def test_5_buying_and_selling_need_not_share_a_prefix() -> None:
    found = ask(card("retail", p4411="0.01"), card("a", p44="0.008"), card("b", p441132="0.007"))
    assert [(one.provider.card, one.prefix) for one in found.routes] == [("b", "441132"), ("a", "44")]
    assert found.sold.prefix == "4411"


def test_6_margin_is_that_of_the_call_with_its_increments_and_fee() -> None:
    """
    Ten seconds sold at 0.06 a minute earn 0.01. Of two cards at half that price a minute begun costs 0.03, and ten
    seconds with a fee 0.005 + 0.0051.
    """
    cards = card("a", p44="0.03 60/60"), card("b", p44="0.03 1/1 fee 0.0051"), card("c", p44="0.03 1/1 fee 0.005")
    found = ask(card("retail", p44="0.06"), *cards, duration=10)
    assert (order(found), reasons(found)) == ([("c", "0.01")], {"a": "no_margin", "b": "no_margin"})


def test_7_a_cap_is_held_against_the_longest_match() -> None:
    """
    The premium number is not carried at the price of its parent, by the provider's cap or by the customer's.
    """
    found = ask(card("retail", p44="1"), card("a", cap="0.02", p44="0.01", p4487="0.5"), number="448712345678")
    assert (order(found), reasons(found), found.verdict) == ([], {"a": "capped"}, "capped")
    sell = card("retail", p44="0.01", p4487="0.9")
    capped = Router(stand_behind(sell, [card("a", p44="0.001")], Conditions(cap_units=parse_units("0.02")), ["a"]))
    assert capped.route(Ask("448712345678", NOW)).verdict == "capped"


def test_8_answers_that_say_no_are_not_kept_without_bound() -> None:
    """
    Nor do numbers that nobody has ever fill anything: they are one answer.
    """
    router = Router(stand_behind(card("retail", p4="0.01"), [card("a", p49="0.001")], ANY, ["a"]))
    for last in range(500):
        assert router.route(Ask(f"44{last:09}", NOW)).verdict == "no_rate"
    assert len(router._answers._known) == 1
    assert MAX_ANSWERS < 10_000


def test_9_a_blank_price_is_not_0() -> None:
    """
    The deck reader refuses the row, so that the carrier has no route, and not the best one.
    """
    deck = read_deck(b"Prefix,Rate\n44,\n49,0.001\n")
    carrier = Card("a", tuple(from_frame(deck.rules)))
    assert reasons(ask(card("retail", p44="0.01"), carrier)) == {"a": "no_rate"}


def test_10_money_is_no_float() -> None:
    """
    0.1 + 0.2 is 0.3, which is no loss; a ten-thousand-millionth more is one.
    """
    cards = card("a", p44="0.2 1/1 fee 0.1"), card("b", p44="0.2 1/1 fee 0.1000000001")
    found = ask(card("retail", p44="0.3"), *cards)
    assert (order(found), reasons(found)) == ([("a", "0.3")], {"b": "no_margin"})


@pytest.mark.parametrize(
    ("sell", "buy", "verdict"),
    [
        (card("retail", p49="1"), card("a", p44="0.01"), "no_rate"),
        (card("retail", p44="1"), card("a", p49="0.01"), "no_rate"),
        (card("retail", p44="0.01"), card("a", p44="0.02"), "no_margin"),
        (Card("retail", ()), Card("a", ()), "no_rate"),
    ],
)
def test_11_no_route_is_an_answer_and_not_a_fault(sell: Card, buy: Card, verdict: str) -> None:
    assert ask(sell, buy).verdict == verdict


def test_12_one_bad_row_neither_stops_a_carrier_nor_is_dropped_in_silence() -> None:
    deck = read_deck(b"Prefix,Rate\n44,0.001\n441,x\n4411,0.002\n")
    assert [refusal.line for refusal in deck.report.refusals] == [3]
    carrier = Card("a", tuple(from_frame(deck.rules)))
    assert order(ask(card("retail", p44="0.01"), carrier)) == [("a", "0.002")]


def test_13_the_same_state_is_told_by_the_state_and_not_by_the_area_code() -> None:
    """
    212 and 315 are both in New York, 224 is in Illinois.
    """
    us = Rule("1315", "Syracuse", 9, rate_inter_units=5, rate_intra_units=7, rate_indeterminate_units=9)
    prices = [
        ask(card("retail", p1="1"), Card("a", (us,)), number="13155550100", cli=cli).routes[0].charge.rate_units
        for cli in ("12125550100", "12245550100", "")
    ]
    assert prices == [7, 5, 9]
