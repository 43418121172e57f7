"""
Routes with each step shown: what became of every carrier behind a customer card, and why.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from support.cards import NOW, RETAIL
from support.routes import Offer, routed, snapshot_of

from ratecards.lcr import Provider
from ratecards.model import Rule
from ratecards.money import parse_units
from service.access.account import LIVE, LOOKUP, TEST, Account, Identity
from service.errors import ApiError
from service.http.simulate import simulate
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import LiveCard, LiveRoutes
from service.store.routings import Carrier

NUMBER = "441132456789"
World = tuple[LiveCard, LiveRoutes]


def offer(rate: str, *more: int, currency: str = "USD", carrier: Carrier | None = None) -> Offer:
    """
    A carrier that takes calls to the United Kingdom.
    """
    return Offer([Rule("44", "UK", parse_units(rate), *more)], currency, carrier)


def told(world: World, environment: str = LIVE, /, cards: frozenset[str] | None = None, **asked: str) -> dict[str, Any]:
    who = Identity(Account(1, "acme", "retail", cards), environment, frozenset({LOOKUP}), Meters(1).of("a", Plan()))
    return simulate({"service": "lcr", "number": NUMBER, **asked}, who, snapshot_of(*world), NOW)


def capped(world: World, caps: Mapping[str, int]) -> World:
    customer, routes = world
    behind = routes.router.behind

    def with_cap(provider: Provider) -> Provider:
        return replace(provider, cap_units=caps.get(provider.card))

    behind = replace(behind, providers=tuple(map(with_cap, behind.providers)))
    return customer, LiveRoutes(routes.routing, behind, routes.revisions, routes.missing, routes.until)


def carriers(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["card"]: step for step in answer["steps"] if step["step"] == "carrier"}


def line(found: dict[str, Any], word: str) -> str:
    (says,) = [line["says"] for line in found["lines"] if line["line"] == word]
    return str(says)


def only(answer: dict[str, Any], word: str) -> dict[str, Any]:
    (found,) = [step for step in answer["steps"] if step["step"] == word]
    return dict(found)


def test_the_customer_s_card_comes_first_then_every_carrier_then_the_ttl() -> None:
    answer = told(routed(RETAIL, {"a": offer("0.004"), "b": offer("0.003")}))
    words = [step["step"] for step in answer["steps"]]
    assert words == [
        "account", "normalise", "card", "caller", "prefix", "prefix", "rule", "money", "carriers", "carrier", "carrier",
        "ttl",
    ]  # fmt: skip
    assert list(carriers(answer)) == ["b", "a"]
    assert only(answer, "money")["says"] == "A call of 60 s, the usual duration, costs 0.0075 USD on card retail."


def test_the_sums_of_a_carrier_in_another_currency_are_shown_before_and_after_the_exchange() -> None:
    """
    With 1 USD = 0.9 EUR, 0.0031 EUR a minute for 61 s are 0.0031 * 61 / 60 / 0.9 USD.
    """
    answer = told(routed(RETAIL, {"a": offer("0.0031", currency="EUR")}), duration="61")
    found = carriers(answer)["a"]
    cost, sold = Fraction("0.0031") * 61 / 60 / Fraction("0.9"), Fraction("0.0075") * 66 / 60
    assert line(found, "exact") == f"0 + 0.0031 * 61 / 60 = {Fraction('0.0031') * 61 / 60} = 0.003151666666…"
    assert line(found, "exchange") == "1 EUR = 10/9 = 1.111111111111… USD"
    assert line(found, "converted") == "0.003151666666… EUR are 0.003501851851… USD"
    assert int(cost * 10**12) == 3501851851
    assert line(found, "rounded") == "0.00350185 USD: rounded once, to 8 decimals, half up"
    assert int((sold - cost) * 10**12) == 4748148148
    assert line(found, "margin") == "0.00825 - 0.003501851851… = 0.004748148148… USD, rounded once: 0.00474815 USD"
    route = answer["answer"]["routes"][0]
    assert (route["cost"], route["margin"]) == ("0.00350185", "0.00474815")


REASONS: dict[str, tuple[World, dict[str, str], str, str]] = {
    "loss": (routed(RETAIL, {"x": offer("0.0076")}), {}, "no_margin",
             "the call costs 0.0076 USD and sells for 0.0075: it would lose 0.0001."),
    "margin": (routed(RETAIL, {"x": offer("0.0074")}, min_margin="0.0002"), {}, "no_margin",
               "it would leave 0.0001, less than the 0.0002 wanted."),
    "share": (routed(RETAIL, {"x": offer("0.0074")}, min_margin="2%"), {}, "no_margin",
              "it would leave 0.0001, less than the 0.00015 wanted, 2 % of the price."),
    "fee": (routed(RETAIL, {"x": offer("0.001", parse_units("0.0001"))}, block_connect_fee=True), {}, "connect_fee",
            "it charges 0.0001 USD once a call, and no connect fee is taken."),
    "exchange": (routed(RETAIL, {"x": offer("0.001", currency="XAF")}), {}, "no_exchange_rate",
                 "its card is in XAF and there is no rate of exchange to USD; unlike currencies never compare."),
    "cap": (capped(routed(RETAIL, {"x": offer("0.003", currency="GBP")}), {"x": parse_units("0.0029")}), {}, "capped",
            "it asks 0.003 GBP for 60 s, above its cap of 0.0029 GBP."),
    "blocked": (routed(RETAIL, {"x": Offer([Rule("44", "UK", 1), Rule("4411", "UK", 1, blocked=True)])}), {}, "blocked",
                "its card blocks 4411, and no shorter prefix answers instead."),
    "expired": (routed(RETAIL, {"x": Offer([Rule("44", "UK", 1, expires=NOW)])}), {}, "expired",
                "no rule its card has for the number is in force any more."),
    "no prefix": (routed(RETAIL, {"x": Offer([Rule("1", "US", 1)])}), {}, "no_rate",
                  "its card has no rule in force for this call."),
    "origin": (routed(RETAIL, {"x": Offer([Rule("44", "UK", 1, origin="49")])}), {}, "no_rate",
               "its card has no rule in force for this call at 44."),
    "off": (routed(RETAIL, {"x": offer("0.001", carrier=Carrier("x", enabled=False))}), {}, "disabled",
            "staff switched it off for this card."),
    "excluded": (routed(RETAIL, {"x": offer("0.001")}), {"exclude": "x"}, "excluded", "it is excluded."),
    "others": (routed(RETAIL, {"x": offer("0.001")}), {"carriers": "y"}, "not_allowed",
               "only other carriers are allowed."),
}  # fmt: skip


@pytest.mark.parametrize(("world", "asked", "reason", "says"), REASONS.values(), ids=REASONS)
def test_every_reason_to_drop_a_carrier_is_a_sentence(
    world: World, asked: dict[str, str], reason: str, says: str
) -> None:
    found = carriers(told(world, explain="1", **asked))["x"]
    assert (found["kept"], found["reason"]) == (False, reason)
    assert found["says"].startswith("x: dropped: ")
    assert found["says"].endswith(says)


def test_a_carrier_that_was_not_asked_shows_no_price() -> None:
    answer = told(routed(RETAIL, {"a": offer("0.001"), "b": offer("0.002")}), exclude="a")
    assert carriers(answer)["a"]["lines"] == []
    assert "0.001" not in json.dumps(carriers(answer)["a"])


def test_a_card_that_does_not_answer_is_dropped_for_that() -> None:
    found = carriers(told(routed(RETAIL, {"a": offer("0.001")}, missing=("cold",))))["cold"]
    assert (found["reason"], found["says"]) == ("not_loaded", "cold: dropped: no revision of its card answers.")


def test_those_behind_the_limit_are_kept_and_told_so() -> None:
    world = routed(RETAIL, {"a": offer("0.001"), "b": offer("0.002"), "c": offer("0.003")})
    answer = told(world, limit="2")
    found = carriers(answer)
    assert [route["card"] for route in answer["answer"]["routes"]] == ["a", "b"]
    assert [(step["place"], step["is_answer"]) for step in found.values()] == [(1, True), (2, True), (3, False)]
    assert found["c"]["says"] == "c: kept, but behind the limit of 2; it leaves 0.0045 USD."
    assert line(found["c"], "place") == "3 of 3 by cost 0.003 USD; only 2 are wanted"


@pytest.mark.parametrize(
    ("strategy", "order", "words"),
    [("cost", ["a", "b"], "1 of 2 by cost 0.001 USD"), ("margin", ["a", "b"], "1 of 2 by cost 0.001 USD"),
     ("priority", ["b", "a"], "1 of 2 by priority 1, then cost 0.002 USD"),
     ("quality", ["a", "b"], "1 of 2 by quality, of which nothing is known, then cost 0.001 USD")],
)  # fmt: skip
def test_the_order_is_shown_with_what_it_is_by(strategy: str, order: list[str], words: str) -> None:
    world = routed(RETAIL, {"a": offer("0.001"), "b": offer("0.002", carrier=Carrier("b", priority=1))})
    answer = told(world, strategy=strategy)
    assert list(carriers(answer)) == [route["card"] for route in answer["answer"]["routes"]] == order
    assert line(carriers(answer)[order[0]], "place") == words
    assert only(answer, "carriers")["strategy"] == strategy


@pytest.mark.parametrize("others", [{}, {"far": offer("1", currency="EUR"), "farther": offer("1", currency="GBP")}])
def test_the_worst_loss_is_the_answer_s_whatever_currencies_stand_behind_the_card(others: dict[str, Offer]) -> None:
    """
    Sold by 30/6, bought by the minute: at 61 s two minutes are paid for, 0.014, and 66 s earn 0.00825.
    """
    answer = told(routed(RETAIL, {"b": offer("0.007", 0, 60, 60), **others}))
    words = line(carriers(answer)["b"], "worst_loss")
    (route,) = answer["answer"]["routes"]
    assert (route["worst_loss"], route["worst_loss_seconds"]) == ("0.00575", 61)
    assert words.startswith("the first loss is at 1 s, the worst, 0.00575 USD, at 61 s; ")
    even_s = route["break_even_seconds"]
    assert words.endswith("it still loses at 3600 s" if even_s is None else f"from {even_s} s on it never loses")
    sound = told(routed(RETAIL, {"a": offer("0.001"), **others}))
    assert line(carriers(sound)["a"], "worst_loss") == "it loses at no duration from 1 to 3600 s"


def test_no_carrier_is_asked_for_a_call_the_customer_has_no_price_for() -> None:
    answer = told(routed(RETAIL, {"a": offer("0.001")}), number="447012345678")
    assert carriers(answer) == {}
    assert only(answer, "carriers")["says"] == "No carrier is asked: card retail has no price for the call."
    assert answer["verdict"] == "blocked"


def test_no_carrier_is_asked_for_a_call_above_the_customer_s_cap() -> None:
    answer = told(routed(RETAIL, {"a": offer("0.001")}, cap="0.0074"))
    assert carriers(answer) == {}
    assert only(answer, "carriers")["says"].endswith("charges more for 60 s than the customer may be charged.")
    assert answer["verdict"] == "capped"


def test_what_is_wanted_of_a_route_is_said() -> None:
    world = routed(RETAIL, {"a": offer("0.001")}, cap="0.02", min_margin="0.0001", block_connect_fee=True)
    words = [line["says"] for line in only(told(world, exclude="z"), "carriers")["lines"]]
    assert words[:4] == [
        "the customer is charged at most 0.02 USD for 60 s", "a call leaves at least 0.0001 USD",
        "the carrier has no connect fee", "the carrier is none of those the question excludes",
    ]  # fmt: skip
    assert words[-1] == "at most 10 routes are given"


def test_the_ttl_ends_with_the_first_change_of_any_card_asked() -> None:
    dated = Offer([Rule("44", "UK", 1), Rule("4411", "UK", 1, effective=NOW + 30)])
    answer = told(routed(RETAIL, {"a": dated, "b": offer("0.001")}))
    assert only(answer, "ttl")["ttl"] == answer["answer"]["ttl"] == 30
    assert only(answer, "ttl")["says"].endswith("a rule of card a at 4411 starts.")
    planned = replace(offer("0.001"), until=NOW + 20)
    answer = told(routed(RETAIL, {"a": dated, "b": planned}))
    assert only(answer, "ttl")["ttl"] == answer["answer"]["ttl"] == 20
    assert only(answer, "ttl")["says"].endswith("another revision of a card takes over.")


def test_who_may_not_ask_the_carriers_cards_learns_nothing_of_them() -> None:
    world = routed(RETAIL, {"secret": offer("0.001")})
    with pytest.raises(ApiError) as raised:
        told(world, cards=frozenset({"retail"}))
    assert raised.value.status == 403
    assert "secret" not in json.dumps(raised.value.body())


def test_the_sandbox_knows_its_cards_by_their_own_names() -> None:
    world = routed(RETAIL, {"a": offer("0.001"), "b": Offer([])}, environment="test/", missing=("test/cold",))
    answer = told(world, TEST, carriers="a,b")
    assert "test/" not in json.dumps(answer)
    assert set(carriers(answer)) == {"a", "b", "cold"}
