"""
The longest match of a number at an instant, and what does and does not fall through to a shorter one.
"""

import pytest
from support.cards import NOW

from ratecards.compile import compile_card
from ratecards.index import CardIndex
from ratecards.model import Caller, Rule, Terms, Verdict
from ratecards.rules import to_frame


def card(*rules: Rule, **terms: object) -> CardIndex:
    return compile_card(to_frame(rules), Terms(**terms))


PARENT = Rule("44", "UK", 100)


def test_the_longest_prefix_answers_even_when_a_shorter_one_is_cheaper() -> None:
    quote = card(PARENT, Rule("4470", "Personal", 9000)).quote("447012345678", NOW)
    assert (quote.prefix, quote.rate_units) == ("4470", 9000)
    assert quote.tried == ("4470", "44")


def test_a_blocked_prefix_is_not_carried_at_its_parent_s_price() -> None:
    quote = card(PARENT, Rule("4470", "Personal", 0, blocked=True)).quote("447012345678", NOW)
    assert (quote.verdict, quote.prefix) == (Verdict.BLOCKED, "4470")


@pytest.mark.parametrize("window", [{"effective": NOW + 1}, {"expires": NOW}])
def test_a_rule_out_of_force_lets_its_parent_answer(window: dict[str, int]) -> None:
    assert card(PARENT, Rule("4477", "Mobile", 9000, **window)).quote("447712345678", NOW).prefix == "44"


def test_a_rule_holds_from_its_first_second_up_to_but_not_in_its_last() -> None:
    one = card(Rule("44", "UK", 1, effective=100, expires=200))
    assert [one.quote("44", at).verdict for at in (99, 100, 199, 200)] == ["no_rate", None, None, "expired"]


def test_of_two_rules_in_force_the_one_that_started_last_answers() -> None:
    one = card(
        Rule("44", "old", 1, effective=None), Rule("44", "new", 2, effective=100), Rule("44", "later", 3, effective=300)
    )
    assert [one.quote("44", at).rate_units for at in (0, 99, 100, 299, 300)] == [1, 1, 2, 2, 3]


def test_a_temporary_price_gives_way_to_the_one_before_when_it_ends() -> None:
    one = card(Rule("44", "usual", 1), Rule("44", "offer", 2, effective=100, expires=200))
    assert [one.quote("44", at).rate_units for at in (99, 150, 200)] == [1, 2, 1]


def test_an_answer_says_until_when_it_holds() -> None:
    one = card(PARENT, Rule("4477", "Mobile", 2, effective=500, expires=900))
    assert one.quote("447712345678", 100).until == 500
    assert one.quote("447712345678", 500).until == 900
    assert one.quote("447712345678", 900).until is None
    assert one.quote("441112345678", 100).until is None


def test_a_miss_says_until_when_it_holds_too() -> None:
    assert card(Rule("44", "UK", 1, effective=500)).quote("44", 100).until == 500


def test_a_number_nobody_prices_is_a_miss_and_not_an_error() -> None:
    quote = card(PARENT).quote("33123456789", NOW)
    assert (quote.rule, quote.verdict, quote.tried) == (None, Verdict.NO_RATE, ())


def test_a_price_of_zero_is_a_price() -> None:
    quote = card(Rule("1800", "Toll free", 0)).quote("18005551234", NOW)
    assert (quote.verdict, quote.rate_units) == (None, 0)


def test_a_number_as_short_as_its_prefix_matches_it() -> None:
    assert card(PARENT).quote("44", NOW).prefix == "44"
    assert card(PARENT).quote("4", NOW).verdict == "no_rate"


def test_a_rule_for_other_lengths_of_number_does_not_fall_through() -> None:
    one = card(PARENT, Rule("4411", "Leeds", 5, min_digits=11, max_digits=12))
    assert one.quote("441132456789", NOW).rate_units == 5
    assert one.quote("4411324567", NOW).verdict == "no_rate"


def test_the_rule_that_names_the_caller_most_closely_answers() -> None:
    one = card(Rule("43", "any", 9), Rule("43", "Europe", 5, origin="44 49"), Rule("43", "Berlin", 3, origin="4930"))
    calls = [
        one.quote("431234567", NOW, Caller(cli)).rate_units for cli in ("", "12125550100", "447700900123", "49301234")
    ]
    assert calls == [9, 9, 5, 3]


def test_a_prefix_with_no_rule_for_the_caller_does_not_fall_through() -> None:
    assert card(Rule("4", "parent", 1), Rule("43", "Europe", 5, origin="49")).quote("431", NOW).verdict == "no_rate"


def test_a_card_that_rates_by_lrn_looks_it_up_instead_of_the_number() -> None:
    rules = (Rule("1212", "New York", 1), Rule("1415", "San Francisco", 2))
    ported = Caller("", "14155550000")
    assert card(*rules, rates_by_lrn=True).quote("12125550100", NOW, ported).rate_units == 2
    assert card(*rules).quote("12125550100", NOW, ported).rate_units == 1


def test_a_card_may_have_no_rule_at_all() -> None:
    assert card().quote("44", NOW).verdict == "no_rate"


def test_all_rules_of_a_prefix_are_told_in_force_or_not_the_latest_start_first() -> None:
    rules = [Rule("44", "later", 3, effective=NOW + 9), Rule("44", "now", 2, effective=5), Rule("44", "old", 1)]
    one = card(*reversed(rules), Rule("441", "", 7), Rule("4", "", 8))
    assert [one.rule(row, "44") for row in one.rows_of("44")] == rules
    assert [one.rule(row, "441").rate_units for row in one.rows_of("441")] == [7]
