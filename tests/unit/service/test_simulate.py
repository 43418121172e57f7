"""
A rate with each step shown: what became of every prefix and rule, and the money line by line.
"""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from support.cards import NOW, RETAIL, random_rules

from ratecards.compile import compile_card
from ratecards.model import Rule, Terms
from ratecards.money import UNITS, parse_units
from ratecards.profiles import Profile, country
from ratecards.rules import to_frame
from service.access.account import LIVE, LOOKUP, Account, Identity
from service.errors import ApiError
from service.http.simulate import simulate
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import LiveCard, Snapshot

NUMBER = "441132456789"


def live(*rules: Rule, until: int | None = None, **terms: Any) -> LiveCard:
    return LiveCard("retail", 3, compile_card(to_frame(rules), Terms(**terms)), until)


def told(card: LiveCard, profile: Profile | None = None, /, **asked: str) -> dict[str, Any]:
    who = Identity(Account(1, "acme", "retail", profile=profile), LIVE, frozenset({LOOKUP}), Meters(1).of("a", Plan()))
    return simulate({"number": NUMBER, **asked}, who, Snapshot(cards={"retail": card}), NOW)


def steps(answer: dict[str, Any], word: str) -> list[dict[str, Any]]:
    return [step for step in answer["steps"] if step["step"] == word]


def step(answer: dict[str, Any], word: str) -> dict[str, Any]:
    (found,) = steps(answer, word)
    return found


def line(found: dict[str, Any], word: str) -> str:
    (says,) = [line["says"] for line in found["lines"] if line["line"] == word]
    return str(says)


def states(answer: dict[str, Any]) -> dict[str, list[str]]:
    """
    By prefix, what became of its rules.
    """
    return {
        step["prefix"]: [line["state"] for line in step["lines"] if line["line"] == "rule"]
        for step in steps(answer, "prefix")
    }


def test_the_steps_come_in_the_order_in_which_a_call_is_rated() -> None:
    words = [step["step"] for step in told(live(*RETAIL), duration="37")["steps"]]
    assert words == ["account", "normalise", "card", "caller", "prefix", "prefix", "rule", "money", "ttl"]


def test_the_question_is_shown_as_it_was_understood() -> None:
    question = told(live(*RETAIL), number="+44 (113) 245-6789", cli="anonymous", duration="36.50", at="1970-01-01")
    assert question["question"] == {
        "dialled": "+44 (113) 245-6789", "number": NUMBER, "card": "retail", "cli": None, "lrn": None,
        "duration": Decimal("36.5"), "at": 0, "now": NOW,
    }  # fmt: skip


def test_normalisation_is_shown_rule_by_rule() -> None:
    profile = Profile.from_json(
        {
            "name": "switch",
            "steps": [
                {"step": "strip", "characters": " -"},
                {"step": "tech_prefix", "prefix": "9001#"},
                {"step": "replace", "pattern": "^7$", "replacement": "8"},
                {"step": "length", "minimum": 3},
                {"step": "national", "country": "GB"},
            ],
        }
    )
    found = step(told(live(*RETAIL), profile, number="9001#0113 245-6789"), "normalise")
    assert found["says"] == "“9001#0113 245-6789” is 441132456789 by the account's profile switch."
    assert [(line["line"], line["before"], line["after"]) for line in found["lines"]] == [
        ("strip", "9001#0113 245-6789", "9001#01132456789"),
        ("tech_prefix", "9001#01132456789", "01132456789"),
        ("replace", "01132456789", "01132456789"),
        ("length", "01132456789", "01132456789"),
        ("national", "01132456789", NUMBER),
        ("e164", NUMBER, NUMBER),
    ]
    assert line(found, "national") == "read it as dialled in GB: “01132456789” becomes “441132456789”"


def test_a_number_that_cannot_be_read_is_refused_as_by_the_service() -> None:
    with pytest.raises(ApiError, match=r"Invalid Parameter 'number': 'x' is not a digit \(step 2, national\)"):
        told(live(*RETAIL), country("uk"), number="44x")


@pytest.mark.parametrize(("asked", "why"), [({}, "the account's own"), ({"card": "retail"}, "named in the question")])
def test_it_is_said_why_this_card_answers(asked: dict[str, str], why: str) -> None:
    found = step(told(live(*RETAIL, precision=4, rounding="up"), **asked), "card")
    assert why in found["says"]
    assert (found["revision"], found["precision"], found["rounding"], found["rated"]) == (3, 4, "up", NUMBER)
    assert "to 4 decimals, up, away from zero" in line(found, "money")


@pytest.mark.parametrize(
    ("by_lrn", "lrn", "rated", "prefix"),
    [(True, "14155550000", "14155550000", "1415"), (True, "", "12125550100", "1212"),
     (False, "14155550000", "12125550100", "1212")],
)  # fmt: skip
def test_a_card_that_rates_by_lrn_shows_the_prefixes_of_that(by_lrn: bool, lrn: str, rated: str, prefix: str) -> None:
    card = live(Rule("1212", "New York", 1), Rule("1415", "San Francisco", 2), rates_by_lrn=by_lrn)
    asked = {"lrn": lrn} if lrn else {}
    answer = told(card, number="12125550100", **asked)
    assert step(answer, "card")["rated"] == rated
    assert list(states(answer)) == [prefix]
    words = {True: "is looked up, not 12125550100", False: "12125550100"}
    assert words[rated == lrn] in line(step(answer, "card"), "rated")
    assert ("so 14155550000 is not used" in line(step(answer, "card"), "rated")) == (lrn not in ("", rated))


def test_every_prefix_is_shown_with_what_became_of_it() -> None:
    card = live(
        Rule("4", "", 1),
        Rule("44", "UK", 2),
        Rule("441", "ended", 3, expires=NOW),
        Rule("4411", "to come", 4, effective=NOW + 1),
        Rule("44113", "both", 5, expires=NOW - 5),
        Rule("44113", "both", 6, effective=NOW + 60),
    )
    answer = told(card)
    assert states(answer) == {
        "44113": ["not_yet", "ended"], "4411": ["not_yet"], "441": ["ended"], "44": ["chosen"], "4": ["not_reached"],
    }  # fmt: skip
    says = [step["says"] for step in steps(answer, "prefix")]
    assert says[0] == "44113: no rule is in force, so the next shorter prefix is asked."
    assert says[3:] == [
        "44: the longest prefix with a rule in force; it decides.", "4: not reached, since 44 decides."
    ]  # fmt: skip
    assert "not in force until 2027-01-15 08:00:01 UTC (1800000001)" in steps(answer, "prefix")[1]["lines"][0]["says"]
    assert step(answer, "rule")["prefix"] == answer["answer"]["prefix"] == "44"


def test_of_rules_for_other_calls_it_is_said_for_which_they_are() -> None:
    card = live(
        Rule("44", "any", 9, effective=5),
        Rule("44", "before", 8, effective=4),
        Rule("44", "Berlin", 3, origin="4930 4989"),
        Rule("44", "long", 3, effective=6, min_digits=13),
        Rule("44", "short", 3, effective=7, max_digits=4),
        Rule("44", "Germany", 4, origin="49"),
        Rule("44", "British", 4, origin="local"),
    )
    (found,) = steps(told(card, cli="49401234"), "prefix")
    became = {line["name"]: (line["state"], line["says"].partition(": ")[2]) for line in found["lines"]}
    assert became == {
        "any": ("outranked", "in force, but the chosen rule names the caller more closely"),
        "before": ("outranked", "in force, but the chosen rule names the caller more closely"),
        "Berlin": ("other_caller", "for callers from 4930 or 4989 only; this call is from 49401234"),
        "long": ("other_length", "for numbers of 13 or more digits; this one has 12"),
        "short": ("other_length", "for numbers of 1 to 4 digits; this one has 12"),
        "Germany": ("chosen", "in force, and chosen"),
        "British": ("other_caller", "for callers in the country that is called only; this call is from 49401234"),
    }
    assert "who calls is not known" in str(steps(told(card), "prefix")[0])
    withheld = {line["name"]: line["says"] for line in steps(told(card), "prefix")[0]["lines"]}
    assert withheld["before"].endswith("the chosen rule started later")


def test_a_prefix_whose_rules_are_all_for_other_calls_decides_all_the_same() -> None:
    answer = told(live(Rule("4", "", 1), Rule("44", "from Germany", 5, origin="49")))
    assert states(answer) == {"44": ["other_caller"], "4": ["not_reached"]}
    assert "no shorter prefix answers instead" in steps(answer, "prefix")[0]["says"]
    assert answer["verdict"] == step(answer, "rule")["verdict"] == "no_rate"


@pytest.mark.parametrize(
    ("number", "verdict", "prefix"),
    [("447012345678", "blocked", "4470"), ("33123", "no_rate", ""), ("512345", "expired", "")],
)
def test_a_refusal_is_an_answer_with_its_verdict(number: str, verdict: str, prefix: str) -> None:
    answer = told(live(*RETAIL), number=number, duration="37")
    assert answer["verdict"] == answer["answer"]["error"]["verdict"] == step(answer, "rule")["verdict"] == verdict
    assert step(answer, "rule")["prefix"] == prefix
    assert not steps(answer, "money")
    assert step(answer, "ttl")["ttl"] is None


def test_a_number_the_card_has_no_prefix_of_is_said_to_be_one() -> None:
    (found,) = steps(told(live(*RETAIL), number="33123"), "prefix")
    assert (found["prefix"], found["says"]) == ("", "Card retail holds no prefix of 33123.")


def test_of_a_prefix_with_no_end_of_rules_some_are_shown_and_always_the_chosen_one() -> None:
    card = live(*(Rule("44", f"r{n}", n, effective=NOW + n) for n in range(1, 60)), Rule("44", "now", 7))
    (found,) = steps(told(card), "prefix")
    assert (found["rules"], len(found["lines"])) == (60, 22)
    assert [line["name"] for line in found["lines"] if line.get("state") == "chosen"] == ["now"]
    assert line(found, "more") == "and 39 rules more, none of them chosen"


def test_exactly_the_rule_that_prices_a_call_is_the_chosen_one_over_a_whole_deck() -> None:
    """
    Longer prefixes have no rule in force, shorter ones are not reached, and the one between has one chosen rule.
    """
    rules = random_rules(3, 1500)
    card = live(*rules)
    for rule in rules[::5]:
        answer = told(card, number=rule.prefix + "123")
        decider, quote = step(answer, "rule")["prefix"], card.index.quote(rule.prefix + "123", NOW)
        assert list(states(answer)) == list(quote.tried or ("",))
        for prefix, became in states(answer).items():
            if len(prefix) > len(decider) or not decider:
                assert set(became) <= {"not_yet", "ended"}
            elif len(prefix) < len(decider):
                assert set(became) == {"not_reached"}
            else:
                assert sum(state in {"chosen", "blocked"} for state in became) == 1
                assert ("blocked" in became) == (quote.verdict == "blocked")


JURISDICTIONS = Rule(
    "1", "US", parse_units("0.03"), rate_inter_units=parse_units("0.01"), rate_intra_units=parse_units("0.02")
)


@pytest.mark.parametrize(
    ("cli", "called", "jurisdiction", "why", "rate"),
    [
        (
            "13155550100",
            "12125550100",
            "intrastate",
            "is in NY, US; called 12125550100 is in NY, US: the same state",
            "0.02",
        ),
        (
            "12245550100",
            "12125550100",
            "interstate",
            "is in IL, US; called 12125550100 is in NY, US: another state",
            "0.01",
        ),
        ("12245550100", "14165550100", "interstate", "from the United States to Canada", "0.01"),
        ("14165550100", "12125550100", "indeterminate", "the caller is abroad", "0.03"),
        ("442071234567", "12125550100", "indeterminate", "where the caller is, is not known", "0.03"),
        ("", "12125550100", "indeterminate", "calling number unknown", "0.03"),
        ("12125550100", "18005550100", "indeterminate", "where the called number is, is not known", "0.03"),
        ("12125550100", "18765550100", "international", "outside the United States and Canada", "0.03"),
    ],
)
def test_a_jurisdiction_is_shown_with_both_places(
    cli: str, called: str, jurisdiction: str, why: str, rate: str
) -> None:
    answer = told(live(JURISDICTIONS), number=called, cli=cli, duration="60")
    found = step(answer, "caller")
    assert found["jurisdiction"] == answer["answer"]["jurisdiction"] == jurisdiction
    assert why in line(found, "jurisdiction")
    of = "rate of the rule, which has none for" if jurisdiction not in {"interstate", "intrastate"} else jurisdiction
    assert line(step(answer, "money"), "rate").startswith(f"{rate} USD for 60 s, the {of}")


def test_the_money_is_shown_with_its_formula_filled_in() -> None:
    found = step(told(live(*RETAIL), duration="36.2"), "money")
    assert [(line["line"], line["says"]) for line in found["lines"]] == [
        ("rate", "0.0075 USD for 60 s"),
        ("connect_fee", "0 USD once a call"),
        ("increments", "30/6: the first 30 s whole, then every 6 s begun"),
        ("duration", "36.2 s; a second begun counts whole: 37 s"),
        ("billed", "30 + ceil((37 - 30) / 6) * 6 = 30 + 2 * 6 = 42 s"),
        ("exact", "0 + 0.0075 * 42 / 60 = 0.00525"),
        ("rounded", "0.00525 USD, which is exact"),
    ]


@pytest.mark.parametrize(
    ("duration", "billed", "exact", "rounded"),
    [
        ("0", "0 s: a call of 0 s is free, connect fee included", "nothing is billed: 0", "0 USD, which is exact"),
        ("1", "1 s are within the first 7 s: 7 s", "0.05 + 0.01 * 7 / 60 = 307/6000 = 0.051166666666…", "0.0512 USD"),
        ("7", "7 s are within the first 7 s: 7 s", "0.05 + 0.01 * 7 / 60 = 307/6000 = 0.051166666666…", "0.0512 USD"),
        ("8", "7 + ceil((8 - 7) / 5) * 5 = 7 + 1 * 5 = 12 s", "0.05 + 0.01 * 12 / 60 = 0.052", "0.052 USD"),
    ],
)
def test_money_at_the_edges_of_the_increments(duration: str, billed: str, exact: str, rounded: str) -> None:
    rule = Rule("44", "UK", parse_units("0.01"), parse_units("0.05"), 7, 5)
    found = step(told(live(rule, precision=4), duration=duration), "money")
    assert (line(found, "billed"), line(found, "exact")) == (billed, exact)
    assert line(found, "rounded").startswith(rounded)


@pytest.mark.parametrize("rounding", ["up", "down", "nearest", "half_up", "half_down"])
def test_the_lines_add_up_to_the_cost_of_the_answer(rounding: str) -> None:
    rng = random.Random(rounding)
    for _ in range(100):
        rate, fee, mcd, pulse = rng.randrange(10**11), rng.randrange(10**10), rng.randrange(90), rng.randrange(1, 90)
        precision, duration = rng.randrange(11), rng.randrange(4000)
        card = live(Rule("44", "UK", rate, fee, mcd, pulse), precision=precision, rounding=rounding)
        answer = told(card, duration=str(duration))
        exact = Fraction(line(step(answer, "money"), "exact").split(" = ")[1] if duration else "0")
        billed = answer["answer"]["billed_seconds"]
        assert exact == Fraction((fee * 60 + rate * billed) if duration else 0, 60 * UNITS)
        cost = Fraction(answer["answer"]["cost"])
        assert abs(cost - exact) < Fraction(1, 10**precision)
        assert line(step(answer, "money"), "rounded").startswith(answer["answer"]["cost"] + " USD")
        assert line(step(answer, "money"), "rounded").endswith("which is exact") == (cost == exact)


def test_without_a_duration_there_is_no_cost_and_it_is_said_why() -> None:
    found = step(told(live(*RETAIL)), "money")
    assert (found["cost"], found["says"]) == (None, "No duration was asked for, so there is no cost.")
    assert len(found["lines"]) == 3


@pytest.mark.parametrize(
    ("card", "ttl", "says"),
    [
        (live(Rule("44", "UK", 1)), 86400, "Nothing that is planned changes it."),
        (live(Rule("44", "UK", 1, expires=NOW + 50)), 50, "(1800000050): a rule of card retail at 44 ends."),
        (live(Rule("44", "", 1), Rule("4411", "", 1, effective=NOW + 9)), 9, "a rule of card retail at 4411 starts."),
        (live(Rule("44", "UK", 1), until=NOW + 40), 40, "another revision of a card takes over."),
        (live(Rule("44", "", 1, expires=NOW + 41), until=NOW + 40), 40, "another revision of a card takes over."),
        (live(Rule("44", "", 1, expires=NOW + 39), until=NOW + 40), 39, "a rule of card retail at 44 ends."),
        (live(Rule("44", "", 1, expires=NOW + 10**6)), 86400, "(1801000000): a rule of card retail at 44 ends."),
        (live(Rule("44", "", 1, effective=NOW + 7)), None, "a rule of card retail at 44 starts."),
    ],
)
def test_for_how_long_it_stays_true_is_said_with_what_ends_it(card: LiveCard, ttl: int | None, says: str) -> None:
    answer = told(card)
    found = step(answer, "ttl")
    assert found["ttl"] == answer["answer"].get("ttl") == ttl
    assert found["says"].endswith(says)


def test_a_price_of_the_past_ends_by_the_date_asked_about_and_a_revision_by_that_of_the_question() -> None:
    card = live(Rule("44", "", 1, expires=NOW), until=NOW + 40)
    answer = told(card, at=str(NOW - 39))
    assert step(answer, "ttl")["ttl"] == 39
    assert step(answer, "ttl")["says"].endswith("a rule of card retail at 44 ends.")


@pytest.mark.parametrize(
    ("asked", "status", "reason"),
    [
        ({"service": "asr"}, 400, "Invalid Parameter 'service': is none of rate, lcr"),
        ({"limit": "3"}, 400, "Unknown Parameter 'limit'"),
        ({"card": "other"}, 404, "Not Found"),
        ({"duration": "NaN"}, 400, "Invalid Parameter 'duration'"),
        ({"service": "lcr"}, 404, "Not Found"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, str], status: int, reason: str) -> None:
    with pytest.raises(ApiError) as raised:
        told(live(*RETAIL), **asked)
    assert (raised.value.status, raised.value.reason.startswith(reason)) == (status, True)
