"""
The prepared answer is the computed one, and is true for as long as it says.
"""

import json
from decimal import Decimal

import pytest
from support.cards import NOW, random_rules

from ratecards.compile import compile_card
from ratecards.model import Caller, Rule, Terms
from ratecards.rules import to_frame
from service import snapshot
from service.errors import ApiError
from service.lookups import ready as lookup
from service.lookups.rate import RateQuery, rate
from service.lookups.ready import rate_json
from service.render.plain import to_json
from service.snapshot import LiveCard


def live(*rules: Rule) -> LiveCard:
    return LiveCard("c", 1, compile_card(to_frame(rules), Terms()))


def test_prepared_and_computed_answers_are_the_same_over_a_whole_deck() -> None:
    rules = random_rules(9, 3000)
    card = live(*rules)
    for rule in rules:
        number = rule.prefix + "123"
        for at in (NOW, NOW + 1, NOW + 10**6, NOW):
            for duration in (None, Decimal(37), Decimal("0.5")):
                ready = rate_json(card, number, at, duration)
                try:
                    computed = rate(RateQuery(number, card, at, duration_s=duration))
                except ApiError:
                    assert ready is None
                    continue
                if ready is not None:
                    assert ready == to_json(computed)
    assert len(card.rendered) > 500


@pytest.mark.parametrize(("before", "ttl"), [(100_000, 86400), (86400, 86400), (86399, 86399), (1, 1)])
def test_an_answer_s_ttl_ends_with_the_next_change(before: int, ttl: int) -> None:
    card = live(Rule("44", "UK", 1), Rule("4477", "Mobile", 2, effective=NOW))
    answer = rate(RateQuery("447712", card, NOW - before))
    assert (answer["ttl"], answer["rate"]) == (ttl, "0.0000000001")
    ready = rate_json(card, "447712", NOW - before)
    assert ready is None or json.loads(ready) == answer


def test_a_prepared_answer_is_not_given_past_the_change() -> None:
    card = live(Rule("44", "UK", 1), Rule("4477", "Mobile", 2, effective=NOW))
    assert rate_json(card, "447712", NOW - 10**6) is not None
    prices = [rate(RateQuery("447712", card, at))["rate"] for at in (NOW - 1, NOW)]
    assert prices == ["0.0000000001", "0.0000000002"]
    assert json.loads(rate_json(card, "447712", NOW))["rate"] == "0.0000000002"


def test_prepared_answers_are_bounded_and_only_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "MAX_RENDERED", 10)
    monkeypatch.setattr(lookup, "AT_ONCE", 3)
    card = live(*(Rule(str(prefix), "", 1) for prefix in range(100, 195)))
    for prefix in range(100, 195):
        assert rate_json(card, f"{prefix}5", NOW) is not None
        assert len(card.rendered) <= 10
        assert rate_json(card, f"{prefix}567890", NOW) is not None
        assert len(card.by_head) <= 10
    assert [*card.rendered] == [str(prefix) for prefix in range(187, 195)]
    assert [*card.by_head] == [f"{prefix}5678" for prefix in range(187, 195)]
    assert snapshot.MAX_RENDERED > 10
    assert lookup.AT_ONCE <= 1000


def test_numbers_that_start_alike_may_have_different_prefixes() -> None:
    """
    Seven digits settle the prefix, or they do not because a longer one starts with them; asked in every order.
    """
    card = live(
        Rule("44", "UK", 1), Rule("441132", "Leeds", 2), Rule("44113245", "a longer one", 3), Rule("4411324", "x", 4)
    )
    prices = {"441132999": 2, "441132456": 3, "441132466": 4, "4411324": 4, "441132": 2, "44113": 1, "4411325": 2}
    for _ in range(3):
        for number, units in prices.items():
            assert json.loads(rate_json(card, number, NOW))["rate"] == f"0.000000000{units}", number


def test_a_kept_answer_ends_with_its_rule_however_it_was_found() -> None:
    card = live(Rule("44", "UK", 1), Rule("44113", "Leeds", 2, effective=NOW - 5, expires=NOW + 10**6))
    assert json.loads(rate_json(card, "441132456", NOW))["rate"] == "0.0000000002"
    assert json.loads(rate_json(card, "441132456", NOW + 10**6))["rate"] == "0.0000000001"
    assert json.loads(rate_json(card, "441132456", NOW))["rate"] == "0.0000000002"


def test_a_card_whose_price_depends_on_the_caller_has_no_prepared_answer() -> None:
    assert rate_json(live(Rule("44", "UK", 1), Rule("44", "from NY", 2, origin="1212")), "44", NOW) is None
    assert rate_json(live(Rule("44", "UK", 1, min_digits=5)), "44", NOW) is None


def test_a_call_rated_by_its_lrn_says_so_and_others_do_not() -> None:
    rules = to_frame([Rule("1212", "New York", 1), Rule("1415", "San Francisco", 2)])
    ported = Caller("", "14155550000")
    by_lrn, dialled = (LiveCard("c", 1, compile_card(rules, Terms(rates_by_lrn=by))) for by in (True, False))
    answer = rate(RateQuery("12125550100", by_lrn, NOW, ported))
    assert (answer["prefix"], answer["lrn"]) == ("1415", "14155550000")
    assert "lrn" not in rate(RateQuery("12125550100", dialled, NOW, ported))


def test_a_jurisdiction_is_named_with_the_rate_it_has() -> None:
    rule = Rule("1", "US", 3, rate_inter_units=1, rate_intra_units=2, rate_indeterminate_units=3)
    card = live(rule)
    calls = {
        "13155550100": ("intrastate", "0.0000000002"),
        "12245550100": ("interstate", "0.0000000001"),
        "": ("indeterminate", "0.0000000003"),
        "442071234567": ("indeterminate", "0.0000000003"),
    }
    for cli, expected in calls.items():
        answer = rate(RateQuery("12125550100", card, NOW, Caller(cli)))
        assert (answer["jurisdiction"], answer["rate"]) == expected


def changing(until: int, *rules: Rule) -> LiveCard:
    card = live(*rules)
    return LiveCard("c", 1, card.index, until)


@pytest.mark.parametrize("rule_ends", [None, NOW + 50, NOW + 150, NOW + 86_400 + 50])
def test_ttl_never_promises_beyond_the_next_revision_and_kept_answers_count_down_alike(rule_ends: int | None) -> None:
    """
    Asked each second, in order and not, around the change of the card and of its rule, and a day before either.
    """
    until = NOW + 100
    card = changing(until, Rule("44", "UK", 1, expires=rule_ends), Rule("4", "", 2))
    edges = (until - 86_400, until, NOW + 50, NOW + 50 - 86_400)
    seconds = sorted({edge + near for edge in edges for near in range(-3, 4) if edge + near < until})
    for at in (*seconds, *reversed(seconds)):
        general = rate(RateQuery("441132456789", card, at))
        changes = [until] + ([rule_ends] if rule_ends and rule_ends > at else [])
        assert general["ttl"] == min(86_400, *(change - at for change in changes))
        for part in (0, 0.001, 0.999):
            for _ in range(2):
                assert rate_json(card, "441132456789", at + part) == to_json(general)


def test_answers_kept_before_a_plan_was_known_do_not_outlive_it() -> None:
    before = live(Rule("44", "UK", 1))
    assert json.loads(rate_json(before, "441132456789", NOW))["ttl"] == 86_400
    after = before.changing_at(NOW + 10)
    assert json.loads(rate_json(after, "441132456789", NOW))["ttl"] == 10
    assert json.loads(rate_json(after.changing_at(None), "441132456789", NOW))["ttl"] == 86_400
