"""
Which carriers are tried, in what order, and why others are not.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from support.lcr import EXCHANGE, NOW, Card, asks_call, seen, stand_behind

from ratecards.lcr import Ask, Behind, Conditions, Crossing, Provider, Quality, Reason, Router, Routes, Strategy
from ratecards.model import Caller, Rule, Terms
from ratecards.money import parse_units

NUMBER = "441132456789"
ANY = Conditions()
SELL = Card("retail", (Rule("44", "UK", parse_units("0.0100"), 0, 60, 60),))


def carrier(name: str, rate: str = "0.005", *, prefix: str = "44", currency: str = "USD", **rest: object) -> Card:
    """
    A carrier with one rule; what a card has is told from what a rule has by its name.
    """
    own = {key: rest.pop(key) for key in ("carrier", "priority", "cap_units", "enabled") if key in rest}
    return Card(name, (Rule(prefix, f"{name} UK", parse_units(rate), **rest),), Terms(currency), **own)


def route(*cards: Card, sell: Card = SELL, conditions: Conditions = ANY, **ask: object) -> Routes:
    """
    Ask a router that has all cards joined, and see that one without a joint index says the same.
    """
    question = Ask(**{"number": NUMBER, "at": NOW} | ask)
    joined = [card.name for card in cards if not asks_call(card)]
    answers = [Router(stand_behind(sell, cards, conditions, some)).route(question) for some in (joined, ())]
    assert seen(answers[0]) == seen(answers[1])
    return answers[0]


def names(routes: Routes) -> list[str]:
    return [one.provider.card for one in routes.routes]


def reasons(routes: Routes) -> dict[str, Reason]:
    return {one.provider.card: one.reason for one in routes.rejected}


def test_the_cheapest_comes_first_and_a_route_says_all_there_is_to_it() -> None:
    cheap = carrier("b", "0.0041", prefix="4411", carrier="Carrier B")
    found = route(carrier("a", "0.0050"), cheap)
    assert names(found) == ["b", "a"]
    first = found.routes[0]
    assert (first.prefix, first.name, first.provider.carrier) == ("4411", "b UK", "Carrier B")
    assert (first.cost_units, first.margin_units) == (parse_units("0.0041"), parse_units("0.0059"))
    assert first.charge == (parse_units("0.0041"), 0, 1, 1)
    assert first.crossing is None
    assert (found.sold.prefix, found.cost_units, found.billed_s) == ("44", parse_units("0.01"), 60)
    assert found.sell.rule == SELL.rules[0]
    assert found.verdict is None


def test_order_is_by_the_cost_of_the_call_and_not_of_the_minute() -> None:
    """
    At 6 s the minute begun of a costs 0.004, six seconds of b cost 0.0006.
    """
    cards = carrier("a", "0.004", mcd_s=60, pulse_s=60), carrier("b", "0.006", mcd_s=6, pulse_s=6)
    assert names(route(*cards, duration_s=6)) == ["b", "a"]
    assert names(route(*cards, duration_s=60)) == ["a", "b"]


def test_costs_that_only_rounding_makes_equal_are_ordered_exactly() -> None:
    """
    One second of 0.0000000060 and of 0.0000000061 a minute: both 0 at eight decimals.
    """
    cards = carrier("a", "0.0000000061"), carrier("b", "0.0000000060")
    found = route(*cards, duration_s=1)
    assert names(found) == ["b", "a"]
    assert [one.cost_units for one in found.routes] == [0, 0]


def test_of_equal_costs_the_manual_order_decides_and_then_the_name() -> None:
    assert names(route(carrier("c"), carrier("b"), carrier("a", priority=1))) == ["b", "c", "a"]


def test_equal_costs_of_unequal_prices_are_equal() -> None:
    """
    0.005 a minute by the second, and 0.004 with a fee of 0.001, cost the same at 60 s.
    """
    cards = carrier("b"), carrier("a", "0.004", connect_fee_units=parse_units("0.001"))
    assert names(route(*cards, limit=1)) == ["a"]


def test_the_limit_cuts_and_what_it_cuts_is_not_rejected() -> None:
    found = route(carrier("a"), carrier("b"), carrier("c"), limit=2, explain=True)
    assert names(found) == ["a", "b"]
    assert found.rejected == ()


def test_a_route_that_loses_at_the_asked_duration_is_not_kept() -> None:
    found = route(carrier("a", "0.0101"), carrier("b", "0.01"), explain=True)
    assert names(found) == ["b"]
    assert reasons(found) == {"a": Reason.NO_MARGIN}
    assert found.rejected[0].cost_units == parse_units("0.0101")


def test_a_route_says_where_it_would_lose() -> None:
    """
    Sold by the second at 0.01, bought by the minute at 0.005: 30 s earn what they cost, one second loses most.
    """
    sell = Card("retail", (replace(SELL.rules[0], mcd_s=1, pulse_s=1),))
    first = route(carrier("a", "0.005", mcd_s=60, pulse_s=60), sell=sell).routes[0]
    # A second sold at 0.01 a minute is 0.000166..., so that 0.004833... are lost: 290,000,000 sixtieths of a unit.
    assert first.crossing == Crossing(30, 1, 48_333_333 * 60 + 20, 1)
    assert first.worst_loss_units == parse_units("0.00483334")


def test_nothing_lost_is_not_enough_where_a_margin_is_asked() -> None:
    cards = carrier("a", "0.008"), carrier("b", "0.0075")
    assert names(route(*cards, conditions=Conditions(min_margin_units=parse_units("0.0025")))) == ["b"]
    assert names(route(*cards, conditions=Conditions(min_margin_percent=Decimal(25)))) == ["b"]
    assert names(route(*cards, conditions=Conditions(min_margin_percent=Decimal("25.01")))) == []


@pytest.mark.parametrize("wrong", [{"min_margin_units": -1}, {"min_margin_percent": Decimal(101)}])
def test_a_margin_that_would_allow_a_loss_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="min_margin"):
        Conditions(**wrong)


def test_a_cap_of_the_customer_refuses_the_question() -> None:
    found = route(carrier("a"), conditions=Conditions(cap_units=parse_units("0.0099")))
    assert (found.verdict, found.routes) == (Reason.CAPPED, ())
    assert names(route(carrier("a"), conditions=Conditions(cap_units=parse_units("0.01")))) == ["a"]


def test_a_cap_of_a_provider_rejects_its_route_only() -> None:
    found = route(carrier("a", cap_units=parse_units("0.0049")), carrier("b"), explain=True)
    assert (names(found), reasons(found)) == (["b"], {"a": Reason.CAPPED})


def test_routes_with_a_connect_fee_can_be_blocked() -> None:
    cards = carrier("a", "0.001", connect_fee_units=1), carrier("b")
    found = route(*cards, conditions=Conditions(block_connect_fee=True), explain=True)
    assert (names(found), reasons(found)) == (["b"], {"a": Reason.CONNECT_FEE})
    assert names(route(*cards)) == ["a", "b"]


def test_carriers_are_allowed_and_excluded_by_card_or_by_carrier_by_the_set_and_by_the_question() -> None:
    cards = carrier("a", carrier="X"), carrier("b", carrier="X"), carrier("c", carrier="Y"), carrier("d", enabled=False)
    found = route(*cards, conditions=Conditions(allow=frozenset({"X"})), exclude=frozenset({"b"}), explain=True)
    assert names(found) == ["a"]
    assert reasons(found) == {"b": "excluded", "c": "not_allowed", "d": "disabled"}
    assert names(route(*cards, allow=frozenset({"Y"}))) == ["c"]


def test_costs_in_another_currency_are_compared_at_the_rate_of_exchange() -> None:
    """
    0.0046 EUR are 0.005 USD; 0.0045 EUR are 0.00489130..., rounded once.
    """
    cards = carrier("a", "0.005"), carrier("b", "0.0046", currency="EUR"), carrier("c", "0.0045", currency="EUR")
    found = route(*cards)
    assert names(found) == ["c", "a", "b"]
    assert [one.cost_units for one in found.routes] == [parse_units(x) for x in ("0.0048913", "0.005", "0.005")]
    assert found.routes[0].charge.rate_units == parse_units("0.0045")


def test_a_provider_without_a_rate_of_exchange_is_no_route() -> None:
    found = route(carrier("a", "0.001", currency="CHF"), carrier("b"), explain=True)
    assert (names(found), reasons(found)) == (["b"], {"a": Reason.NO_EXCHANGE_RATE})
    assert found.rejected[0].cost_units is None


def test_what_depends_on_the_caller_is_asked_of_the_card_itself() -> None:
    europe = carrier("a", "0.001", origin="49")
    assert names(route(europe, carrier("b"), caller=Caller("49301234567"))) == ["a", "b"]
    assert names(route(europe, carrier("b"), caller=Caller("12125550100"))) == ["b"]


def test_a_card_that_rates_by_lrn_is_asked_where_there_is_one() -> None:
    by_lrn = Card("a", (Rule("44", "UK", 5), Rule("49", "DE", 7)), Terms(rates_by_lrn=True))
    assert route(by_lrn, caller=Caller("", "49301234567")).routes[0].prefix == "49"
    assert route(by_lrn).routes[0].prefix == "44"


def test_manual_order_comes_before_cost_where_it_is_the_strategy() -> None:
    cards = carrier("a", "0.001", priority=2), carrier("b", "0.004", priority=1), carrier("c", "0.003", priority=1)
    assert names(route(*cards, strategy=Strategy.PRIORITY)) == ["c", "b", "a"]
    assert names(route(*cards, strategy=Strategy.PRIORITY, limit=1)) == ["c"]


def test_the_better_answered_comes_first_by_quality_and_the_unknown_last() -> None:
    """
    Whole percent of answers; then how long they talk; then what it costs.
    """
    cards = [carrier(name, rate) for name, rate in (("a", "0.001"), ("b", "0.004"), ("c", "0.003"), ("d", "0.002"))]
    seen_of = {"b": ("48.9", "120"), "c": ("48.1", "120"), "d": ("48.2", "90")}
    quality = {name: Quality(Decimal(asr), Decimal(acd)) for name, (asr, acd) in seen_of.items()}
    assert names(route(*cards, strategy=Strategy.QUALITY, quality=quality)) == ["c", "b", "d", "a"]


def test_by_margin_the_order_is_that_of_cost_because_all_routes_sell_for_the_same() -> None:
    cards = carrier("a", "0.004"), carrier("b", "0.003"), carrier("c", "0.005")
    margins = [one.margin_units for one in route(*cards, strategy=Strategy.MARGIN).routes]
    assert margins == sorted(margins, reverse=True)
    assert names(route(*cards, strategy=Strategy.MARGIN)) == names(route(*cards)) == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("cards", "verdict"),
    [
        ([carrier("a", prefix="49")], "no_rate"),
        ([carrier("a", blocked=True), carrier("b", prefix="49")], "blocked"),
        ([carrier("a", expires=NOW), carrier("b", prefix="49")], "expired"),
        ([carrier("a", cap_units=1), carrier("b", blocked=True)], "capped"),
        ([carrier("a", "0.02"), carrier("b", cap_units=1)], "no_margin"),
        ([carrier("a", currency="CHF"), carrier("b", blocked=True)], "no_margin"),
        ([carrier("a", enabled=False)], "no_rate"),
        ([], "no_rate"),
    ],
)
def test_without_a_route_there_is_a_verdict(cards: list[Card], verdict: str) -> None:
    assert route(*cards).verdict == verdict


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [({"prefix": "49"}, "no_rate"), ({"blocked": True}, "blocked"), ({"expires": NOW}, "expired")],
)
def test_what_the_customer_s_card_refuses_no_provider_is_asked_for(rule: dict[str, object], verdict: str) -> None:
    found = route(carrier("a"), sell=Card("retail", (replace(SELL.rules[0], **rule),)), explain=True)
    assert (found.verdict, found.sold, found.routes, found.rejected) == (verdict, None, (), ())


def test_a_call_of_no_duration_costs_nobody_anything() -> None:
    found = route(carrier("b", "5", connect_fee_units=7), carrier("a"), duration_s=0)
    assert [(one.provider.card, one.cost_units, one.margin_units) for one in found.routes] == [("a", 0, 0), ("b", 0, 0)]


def test_part_of_a_second_counts_as_one() -> None:
    assert route(carrier("a", "0.006"), duration_s=Decimal("1.5")).routes[0].cost_units == parse_units("0.0002")


def test_an_answer_says_until_when_it_holds() -> None:
    changing = Card(
        "a", (Rule("44", "UK", 5), Rule("44", "UK", 6, effective=NOW + 50), Rule("4411", "L", 7, expires=NOW))
    )
    assert route(changing, carrier("b")).until == NOW + 50
    assert route(changing, carrier("b"), exclude=frozenset({"a"})).until is None
    sold = Card("retail", (replace(SELL.rules[0], expires=NOW + 9),))
    assert route(changing, carrier("b"), sell=sold).until == NOW + 9


def test_a_verdict_says_until_when_it_holds_too() -> None:
    """
    In francs there is a price that nobody can compare; once it has ended there is none.
    """
    found = route(carrier("a", currency="CHF", expires=NOW + 7), carrier("b", prefix="49"))
    assert (found.verdict, found.until) == ("no_margin", NOW + 7)
    later = route(carrier("a", currency="CHF", expires=NOW + 7), carrier("b", prefix="49"), at=NOW + 7)
    assert (later.verdict, later.until) == ("expired", None)


def test_what_is_kept_for_a_carrier_s_prefix_is_not_given_to_another_price_of_the_customer() -> None:
    """
    One carrier's 44 serves both the customer's 44 and 4411.
    """
    sell = Card("retail", (*SELL.rules, Rule("4411", "Leeds", parse_units("0.02"))))
    router = Router(stand_behind(sell, [carrier("a")], ANY, ["a"]))
    margins = [router.route(Ask(number, NOW)).routes[0].margin_units for number in ("4420", "4411", "4420")]
    assert margins == [parse_units("0.005"), parse_units("0.015"), parse_units("0.005")]


def test_a_price_to_come_is_not_the_price_yet() -> None:
    """
    Though the answer before was kept for numbers with the same prefixes.
    """
    cards = Card("a", (Rule("44", "UK", 5), Rule("44", "UK", 6, effective=NOW + 50))), carrier("b")
    router = Router(stand_behind(SELL, cards, ANY, ["a", "b"]))
    prices = [router.route(Ask(NUMBER, at)).routes[0].charge.rate_units for at in (NOW, NOW + 49, NOW + 50, NOW)]
    assert prices == [5, 5, 6, 5]


def test_two_providers_with_the_same_card_are_two_routes() -> None:
    cards = carrier("a"), carrier("b")
    same = replace(cards[1], rules=cards[0].rules)
    assert names(route(cards[0], same)) == ["a", "b"]


def test_a_question_before_the_joint_index_is_right_is_asked_of_the_cards() -> None:
    card = carrier("a", effective=NOW - 10)
    behind = stand_behind(SELL, [card], ANY, ["a"], as_of=NOW)
    assert Router(behind).route(Ask(NUMBER, NOW - 11)).verdict == "no_rate"
    assert names(Router(behind).route(Ask(NUMBER, NOW - 10))) == ["a"]


def test_answers_are_kept_for_numbers_with_the_same_prefixes_and_room_for_what_was_rendered() -> None:
    router = Router(stand_behind(SELL, [carrier("a", prefix="4411")], ANY, ["a"]))
    first = router.route(Ask(NUMBER, NOW))
    first.kept["json"] = b"[...]"
    again = router.route(Ask("441199", NOW))
    assert (again.kept, again.ask.number) == ({"json": b"[...]"}, "441199")
    assert router.route(Ask("4422", NOW)).kept == {}


def test_numbers_that_cost_the_same_on_every_card_share_an_answer_but_for_its_prefixes() -> None:
    many = Card("a", tuple(Rule(f"44{place}", f"UK {place}", parse_units("0.005")) for place in range(10, 20)))
    router = Router(stand_behind(SELL, [many, carrier("b", "0.006")], ANY, ["a", "b"]))
    asks = [Ask(f"44{place}1", NOW) for place in range(10, 20)]
    found = [router.route(ask) for ask in asks]
    assert [[(one.prefix, one.name) for one in answer.routes] for answer in found] == [
        [(f"44{place}", f"UK {place}"), ("44", "b UK")] for place in range(10, 20)
    ]
    assert all(answer.chosen.kept is found[0].chosen.kept for answer in found)
    others = [router.route(replace(asks[0], **other)) for other in ({"limit": 1}, {"duration_s": 61})]
    assert [[one.cost_units for one in answer.routes] for answer in others] == [
        [parse_units("0.005")],
        [parse_units("0.00508333"), parse_units("0.0061")],
    ]


def test_what_costs_the_same_but_is_sold_for_less_is_another_answer() -> None:
    """
    The second is sold for less than it costs with a.
    """
    sell = Card("retail", (Rule("441", "UK", parse_units("0.0100")), Rule("442", "UK", parse_units("0.0055"))))
    router = Router(stand_behind(sell, [carrier("a", "0.006"), carrier("b", "0.005")], ANY, ["a", "b"]))
    assert [names(router.route(Ask(number, NOW))) for number in ("441", "442", "441")] == [
        ["b", "a"],
        ["b"],
        ["b", "a"],
    ]


def test_answers_at_one_price_each_are_kept_within_bounds() -> None:
    rules = tuple(Rule(f"44{place}", "UK", place) for place in range(100, 200))
    router = Router(stand_behind(SELL, [Card("a", rules)], ANY, ["a"]), answers=10)
    assert [router.route(Ask(f"44{place}0000", NOW)).cost_units for place in range(100, 200)] == [10**8] * 100
    assert len(router._answers._alike) <= 10


def test_answers_that_say_no_are_kept_within_bounds() -> None:
    rules = tuple(Rule(f"44{place}", "UK", parse_units("0.02")) for place in range(100, 200))
    router = Router(stand_behind(SELL, [Card("a", rules)], ANY, ["a"]), answers=10)
    verdicts = {router.route(Ask(f"44{place}0000", NOW)).verdict for place in range(100, 200)}
    assert verdicts == {"no_margin"}
    assert len(router._answers._known) <= 10


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"duration_s": -1}])
def test_a_question_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        route(carrier("a"), **wrong)


def test_a_provider_needs_no_more_than_a_name_and_a_card() -> None:
    index = stand_behind(SELL, [], ANY).index
    assert names(Router(Behind(index, (Provider("self", index),), exchange=EXCHANGE)).route(Ask(NUMBER, NOW))) == [
        "self"
    ]
