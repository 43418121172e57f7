"""
Whatever is asked, a simulation answers what the service would have answered, and is written in every format.
"""

import json
import random
from typing import Any
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from support.cards import NOW, RETAIL, random_rules
from support.examples import examples, some
from support.routes import Offer, routed, snapshot_of

from ratecards.compile import compile_card
from ratecards.model import Rule, Terms
from ratecards.profiles import Profile, Replace, Strip, country
from ratecards.rules import to_frame
from service.access.account import LIVE, LOOKUP, Account, Identity
from service.errors import ApiError
from service.http import ask
from service.http.query import Parameters
from service.http.respond import SERVICES
from service.http.simulate import SIMULATED, show, simulate
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.render.plain import to_json, to_xml
from service.snapshot import Desk, LiveCard, Snapshot

CURRENCIES = ("USD", "GBP", "EUR", "XAF")
BY_CALLER = [
    Rule("44", "any", 5), Rule("44", "near", 3, origin="local"), Rule("441", "Germans", 4, origin="49"),
    Rule("1", "US", 30, rate_inter_units=10, rate_intra_units=20, rate_indeterminate_units=40),
    Rule("1212", "NY", 31, rate_intra_units=2, min_digits=11, max_digits=11),
]  # fmt: skip
PROFILES = (None, country("uk"), Profile("odd", (Strip("x\ud800"), Replace("[^0-9+]", ""))))


def _world() -> Snapshot:
    offers = {f"c{n}": Offer(random_rules(n, 200), CURRENCIES[n % 4]) for n in range(5)}
    offers["c5"] = Offer(BY_CALLER)
    known = snapshot_of(*routed(RETAIL + random_rules(70, 300), offers, until=NOW + 900, missing=("cold",)))
    known.cards["lrn"] = LiveCard(
        "lrn", 2, compile_card(to_frame(BY_CALLER), Terms("GBP", 3, "up", rates_by_lrn=True, origin_group="33 49"))
    )
    return known


SNAPSHOT = _world()
NUMBERS = st.one_of(
    st.from_regex(r"\A\+?(44113|4470|4477|4478|49|1212|1315|1800|5|[1-9])[0-9]{0,11}\Z"),
    st.sampled_from(["0044 113 245 6789", "0113 245 6789", "44 (0) 113", "anonymous", "", "441132456789"]),
)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "number": NUMBERS,
    "cli": NUMBERS,
    "lrn": NUMBERS,
    "card": st.sampled_from(["retail", "lrn", "c1", "nope", ""]),
    "duration": st.one_of(st.integers(0, 10**8).map(str), st.sampled_from(["0", "36.000001", "60.50", "-1", "NaN"])),
    "at": st.one_of(st.integers(NOW - 10**7, NOW + 10**7).map(str), st.integers(-(10**11), 10**11).map(str)),
    "strategy": st.sampled_from(["cost", "margin", "quality", "priority", "luck"]),
    "limit": st.integers(0, 70).map(str),
    "explain": st.sampled_from(["0", "1", "yes"]),
    "carriers": st.sampled_from(["c1,c2", "c3", ",", "\ud800,c1"]),
    "exclude": st.sampled_from(["c1", "c4,c5", "", "<b>,\x1b[31m"]),
    "colour": st.just("red"),
}
LIKELY = {"number": VALUES["number"], "card": st.sampled_from(["retail", "lrn"])}
SENSIBLE = st.fixed_dictionaries(LIKELY, optional={n: VALUES[n] for n in ("cli", "lrn", "duration", "at")})
ANYTHING = st.fixed_dictionaries({}, optional={n: v | st.text(max_size=90) for n, v in VALUES.items()})
ROUTING = st.fixed_dictionaries(
    LIKELY | {"card": st.just("retail")},
    optional={n: VALUES[n] for n in ("cli", "duration", "at", "strategy", "limit", "explain", "carriers", "exclude")},
)


def who(profile: Profile | None) -> Identity:
    account = Account(1, "acme", "retail", None, profile)
    return Identity(account, LIVE, frozenset({LOOKUP}), Meters(1).of("a", Plan()))


def said(service: str, parameters: Parameters, profile: Profile | None) -> tuple[int, Any]:
    """
    Status and JSON of the service itself.
    """
    answer, known = SERVICES[service]
    try:
        ask.check_names(parameters, known)
        told = answer(parameters, who(profile), Desk(SNAPSHOT, clock=lambda: NOW + 0.5), True)
    except ApiError as error:
        return error.status, to_json(error.body())
    return 200, told if isinstance(told, bytes) else to_json(told)


def simulated(parameters: Parameters, profile: Profile | None) -> tuple[int, Any]:
    """
    Status of the simulation, and what it says.
    """
    try:
        return 200, simulate(parameters, who(profile), SNAPSHOT, NOW)
    except ApiError as error:
        return error.status, error.body()


def check(service: str, parameters: Parameters, profile: Profile | None) -> None:
    asked = {**parameters, "service": service}
    status, expected = said(service, parameters, profile)
    simulated_status, told = simulated(asked, profile)
    answer = told.get("answer", told)
    assert to_json(answer) == expected
    assert answer.get("error", {"code": 200})["code"] == status
    assert simulated_status == (200 if "answer" in told else status) < 500
    assert told.get("verdict") == answer.get("error", {}).get("verdict")
    assert json.loads(to_json(told))
    ElementTree.fromstring(to_xml("simulate", told).decode())
    assert show(asked, told).startswith(b"<!doctype html>")


@examples(300)
@given(st.sampled_from(sorted(SIMULATED)), ANYTHING, st.sampled_from(PROFILES))
def test_any_parameters_at_all(service: str, parameters: Parameters, profile: Profile | None) -> None:
    check(service, parameters, profile)


@examples(400)
@given(SENSIBLE, st.sampled_from(PROFILES))
def test_questions_for_a_price(parameters: Parameters, profile: Profile | None) -> None:
    check("rate", parameters, profile)


@examples(200)
@given(ROUTING)
def test_questions_for_routes(parameters: Parameters) -> None:
    check("lcr", parameters, None)


def test_a_thousand_questions_for_routes_have_all_kinds_of_answers() -> None:
    """
    Whatever becomes of a carrier is what the service says of it, in its order.
    """
    rng, seen = random.Random(8), set()
    for _ in range(some(600)):
        number = rng.choice(["44113", "4478", "49", "1212", "33", ""]) + str(rng.randrange(10**6, 10**8))
        told = simulate(
            {"service": "lcr", "number": number.lstrip("0"), "explain": "1", "duration": str(rng.randrange(400)),
             "limit": rng.choice("1239")},
            who(None), SNAPSHOT, NOW,
        )  # fmt: skip
        steps = [step for step in told["steps"] if step["step"] == "carrier"]
        answer = told["answer"]
        routes = [(route["card"], route["cost"], route["margin"]) for route in answer.get("routes", ())]
        shown = [step for step in steps if step.get("is_answer")]
        assert [step["card"] for step in shown] == [card for card, _, _ in routes]
        for step, (_, cost, margin) in zip(shown, routes, strict=True):
            values = {line["line"]: line.get("value") for line in step["lines"]}
            assert (values["rounded"], values["margin"]) == (cost, margin)
        rejected = answer.get("error", answer).get("rejected", ())
        assert [(step["card"], step["reason"]) for step in steps if not step["kept"]] == [
            (one["card"], one["reason"]) for one in rejected
        ]
        seen |= {one["reason"] for one in rejected} | {told["verdict"]}
    assert seen >= {None, "no_rate", "no_margin", "no_exchange_rate", "not_loaded", "blocked"}
