"""
What ``lcr`` answers: the routes of the library with everything a softswitch needs, or why there is none.
"""

import json
import random
from xml.etree import ElementTree

import pytest
from support.cards import NOW, RETAIL, random_rules
from support.routes import Offer, routed, snapshot_of

from ratecards.model import Rule
from ratecards.money import parse_units
from service.access.account import LIVE, LOOKUP, TEST, Account, Identity
from service.errors import ApiError, no_route
from service.http.ask import lcr_query
from service.lookups.lcr import lcr, lcr_json
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.render.html import to_html
from service.render.plain import to_json, to_xml
from service.snapshot import LiveCard, LiveRoutes

NUMBER = "441132456789"
A = Offer(
    [Rule("4411", "UK", parse_units("0.0041"))],
    about={"carrier": "Carrier A", "tech_prefix": "9001", "endpoint": "sip:gw.carrier-a.example"},
)
ROUTE = {
    "card": "carrier-a", "revision": 7, "carrier": "Carrier A", "prefix": "4411", "name": "UK", "rate": "0.0041",
    "cost": "0.0041", "margin": "0.0034", "currency": "USD", "billing": "1/1", "connect_fee": "0",
    "tech_prefix": "9001", "endpoint": "sip:gw.carrier-a.example",
    "break_even_seconds": None, "worst_loss": None, "worst_loss_seconds": None,
}  # fmt: skip


def staff(environment: str = LIVE, **account: object) -> Identity:
    account = {"cards": None, **account}
    return Identity(
        Account(1, "acme", "retail", **account), environment, frozenset({LOOKUP}), Meters(1).of("a", Plan())
    )


def ask(world: tuple[LiveCard, LiveRoutes], identity: Identity | None = None, /, **asked: str) -> dict[str, object]:
    """
    The answer; its JSON is put together another way, and must be the same bytes.
    """
    snapshot = snapshot_of(*world)
    query = lcr_query({"number": NUMBER, **asked}, identity or staff(), snapshot, NOW)
    answer = lcr(query)
    assert lcr_json(query) == to_json(answer) == lcr_json(query)
    return json.loads(to_json(answer))


def refused(world: tuple[LiveCard, LiveRoutes], identity: Identity | None = None, /, **asked: str) -> ApiError:
    with pytest.raises(ApiError) as raised:
        ask(world, identity, **asked)
    return raised.value


def test_the_contract_s_example_is_answered_field_for_field() -> None:
    answer = ask(routed(RETAIL, {"carrier-a": A}))
    assert answer["routes"] == [ROUTE]
    assert (answer["number"], answer["card"], answer["ttl"]) == (NUMBER, "retail", 86400)
    sell = {"card": "retail", "revision": 3, "prefix": "44113", "rate": "0.0075", "cost": "0.0075", "duration": 60}
    assert answer["sell"].items() >= sell.items()


def test_money_is_that_of_the_duration_asked_for() -> None:
    answer = ask(routed(RETAIL, {"carrier-a": A}), duration="37")
    route = answer["routes"][0]
    # Sold: 42 s billed at 0.0075 a minute. Bought: 37 s at 0.0041.
    assert (answer["sell"]["cost"], route["cost"], route["margin"]) == ("0.00525", "0.00252833", "0.00272167")


def test_a_loss_at_some_duration_is_told_with_the_durations() -> None:
    dear = Offer([Rule("44", "UK", parse_units("0.007"), 0, 60, 60)])
    route = ask(routed(RETAIL, {"b": dear}))["routes"][0]
    # Sold by 30/6, bought by the minute. At 61 s two minutes are paid for, 0.014, and 66 s earn 0.00825; a first second
    # costs 0.00325, and a 121st 0.00525.
    assert route["worst_loss_seconds"] == 61
    assert route["worst_loss"] == "0.00575"


def test_a_destination_that_is_renamed_at_a_date_is_told_by_its_name_of_then() -> None:
    """
    Prefix and price stay the same.
    """
    renamed = Offer([Rule("44", "Old", 1, expires=NOW + 50), Rule("44", "New", 1, effective=NOW + 50)])
    world = routed(RETAIL, {"a": renamed})
    names = [ask(world, at=str(NOW + later))["routes"][0]["name"] for later in (0, 49, 50, 0)]
    assert names == ["Old", "Old", "New", "Old"]


def test_many_questions_have_the_same_bytes_written_either_way() -> None:
    rng = random.Random(5)
    offers = {f"c{n}": Offer(random_rules(n, 400), rng.choice(("USD", "GBP", "EUR", "XAF"))) for n in range(6)}
    world = routed(random_rules(77, 400), offers)
    statuses = []
    for _ in range(400):
        number = str(rng.randrange(10**9, 10**12))
        asked = {
            "duration": str(rng.randrange(4000)),
            "explain": rng.choice("01"),
            "strategy": rng.choice(("cost", "margin")),
        }
        try:
            statuses += [200 for _ in ask(world, number=number, **asked)["routes"][:1]]
        except ApiError as error:
            statuses.append(error.status)
    assert {200, 403} <= set(statuses) <= {200, 403, 404}


def test_it_is_xml_and_a_page_too() -> None:
    answer = ask(routed(RETAIL, {"carrier-a": A, "none": Offer([Rule("1", "US", 1)])}), explain="1")
    root = ElementTree.fromstring(to_xml("lcr", answer))
    assert root.findtext("routes/endpoint") == "sip:gw.carrier-a.example"
    page = to_html("lcr", answer, {}).decode()
    assert "<h2>routes</h2>" in page
    assert "no_rate" in page


@pytest.mark.parametrize(
    ("reason", "status", "words", "verdict", "sip_code"),
    [
        ("no_rate", 404, "No rate for number", "no_rate", 404),
        ("expired", 404, "No rate for number", "expired", 404),
        ("blocked", 403, "Prefix blocked", "blocked", 403),
        ("capped", 403, "Rate above cap", "capped", 403),
        ("no_margin", 403, "No profitable route", "no_margin", 503),
        ("connect_fee", 403, "No profitable route", "no_margin", 503),
        ("no_exchange_rate", 403, "No profitable route", "no_margin", 503),
        ("disabled", 404, "No rate for number", "no_rate", 404),
        ("excluded", 404, "No rate for number", "no_rate", 404),
        ("not_allowed", 404, "No rate for number", "no_rate", 404),
    ],
)
def test_no_route_is_a_decision_and_never_a_fault(
    reason: str, status: int, words: str, verdict: str, sip_code: int
) -> None:
    error = no_route(reason)
    assert (error.status, error.reason) == (status, words)
    assert error.more == {"verdict": verdict, "sip_code": sip_code}


def test_a_number_the_customer_may_not_call_is_refused_as_by_rate() -> None:
    world = routed(RETAIL, {"carrier-a": A})
    assert refused(world, number="447012345678").more["verdict"] == "blocked"
    assert refused(world, number="33").reason == "No rate for number"


def test_a_loss_is_refused_and_explained() -> None:
    error = refused(routed(RETAIL, {"dear": Offer([Rule("44", "UK", parse_units("0.0076"))])}), explain="1")
    assert (error.status, error.more["verdict"], error.more["sip_code"]) == (403, "no_margin", 503)
    assert error.more["rejected"] == [
        {"card": "dear", "reason": "no_margin", "prefix": "44", "rate": "0.0076", "currency": "USD", "cost": "0.0076"}
    ]


def test_a_cap_is_that_of_the_price_asked() -> None:
    assert refused(routed(RETAIL, {"carrier-a": A}, cap="0.0074")).reason == "Rate above cap"
    assert ask(routed(RETAIL, {"carrier-a": A}, cap="0.0075"))["routes"]


@pytest.mark.parametrize(("margin", "kept"), [("0.0034", True), ("0.0035", False), ("45%", True), ("46%", False)])
def test_a_margin_is_an_amount_or_a_share(margin: str, kept: bool) -> None:
    world = routed(RETAIL, {"carrier-a": A}, min_margin=margin)
    assert ask(world)["routes"] if kept else refused(world).more["verdict"] == "no_margin"


def test_the_answer_is_true_until_any_card_it_was_chosen_from_changes() -> None:
    later = Offer(A.rules, about=A.about, until=NOW + 500)
    assert ask(routed(RETAIL, {"carrier-a": A, "b": later}))["ttl"] == 500
    assert ask(routed(RETAIL, {"carrier-a": A}, until=NOW + 400))["ttl"] == 400
    dated = Offer([*A.rules, Rule("44113", "Leeds", 1, effective=NOW + 300)])
    assert ask(routed(RETAIL, {"carrier-a": dated}))["ttl"] == 300


def test_a_card_that_does_not_answer_is_told_and_holds_up_nothing() -> None:
    answer = ask(routed(RETAIL, {"carrier-a": A}, missing=("lost",)), explain="1")
    assert answer["routes"] == [ROUTE]
    assert answer["rejected"] == [{"card": "lost", "reason": "not_loaded"}]


def test_carriers_are_chosen_by_the_names_of_their_cards() -> None:
    world = routed(RETAIL, {"carrier-a": A, "b": A})
    assert [route["card"] for route in ask(world, exclude="carrier-a")["routes"]] == ["b"]
    assert [route["card"] for route in ask(world, carriers="carrier-a")["routes"]] == ["carrier-a"]
    assert len(ask(world, limit="1")["routes"]) == 1


def test_the_sandbox_knows_its_cards_by_their_own_names() -> None:
    world = routed(RETAIL, {"carrier-a": A, "dear": Offer([])}, environment="test/", missing=("test/lost",))
    answer = ask(world, staff(TEST), explain="1", exclude="dear")
    assert "test/" not in json.dumps(answer)
    assert {one["reason"] for one in answer["rejected"]} == {"excluded", "not_loaded"}


def test_prices_of_carriers_are_for_those_who_may_ask_their_cards() -> None:
    world = routed(RETAIL, {"carrier-a": A})
    assert refused(world, staff(cards=frozenset())).reason == "Unauthorized"
    assert ask(world, staff(cards=frozenset({"carrier-a"})))["routes"]
    assert refused(world, staff(cards=frozenset({"carrier-a"})), card="other").status == 404


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "65"}, "limit"),
        ({"limit": "٣"}, "limit"),
        ({"strategy": "luck"}, "strategy"),
        ({"explain": "yes"}, "explain"),
        ({"exclude": ","}, "exclude"),
        ({"carriers": ""}, "carriers"),
        ({"duration": "NaN"}, "duration"),
    ],
)
def test_a_bad_parameter_is_named(asked: dict[str, str], named: str) -> None:
    error = refused(routed(RETAIL, {"carrier-a": A}), **asked)
    assert (error.status, error.reason.split(":")[0]) == (400, f"Invalid Parameter '{named}'")
