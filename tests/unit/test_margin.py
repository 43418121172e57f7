"""
Every number sells for what it costs plus its margin, and no margin is lost to rounding or to a prefix too short.
"""

import json
import re
from decimal import Decimal
from fractions import Fraction
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cards import sdf_rules
from support.examples import examples
from support.oracle import Oracle

from ratecards.margin import MarginError, MarginPlan, MarginRule, derive, preview
from ratecards.model import Rule
from ratecards.money import format_units, parse_units
from ratecards.rules import from_frame, to_frame

AT = 1000
CARD = [
    Rule("44", "UK", parse_units("0.01"), parse_units("0.002"), 60, 60),
    Rule("4470", "UK Personal", parse_units("0.2"), blocked=True),
]


def sold(rules: list[Rule], *margins: dict[str, Any], **plan: Any) -> dict[str, Rule]:
    derived = derive(to_frame(rules), MarginPlan.from_json({"rules": list(margins), **plan}))
    return {rule.prefix: rule for rule in from_frame(derived)}


@pytest.mark.parametrize(
    ("margin", "price"),
    [
        ({}, "0.01"),
        ({"percent": "12.5"}, "0.01125"),
        ({"relative": "1.3"}, "0.013"),
        ({"absolute": "0.0025"}, "0.0125"),
        ({"absolute": "-0.0025"}, "0.0075"),
        ({"relative": "2", "percent": "50", "absolute": "0.001"}, "0.031"),
        ({"percent": "10", "floor": "0.02"}, "0.02"),
        ({"percent": "10", "ceiling": "0.0105"}, "0.0105"),
        ({"percent": "10", "minimum_margin": "0.003"}, "0.013"),
        ({"percent": "40", "minimum_margin": "0.003"}, "0.014"),
        ({"percent": "10", "ceiling": "0.009", "minimum_margin": "0.003"}, "0.013"),
        ({"relative": "0", "floor": "0.5"}, "0.5"),
    ],
)
def test_each_margin_and_limit_does_what_its_name_says(margin: dict[str, str], price: str) -> None:
    """
    Factor, then percent, then the amount; floor, ceiling, then the minimum margin.
    """
    assert sold(CARD, {"prefix": "", **margin})["44"].rate == price


@pytest.mark.parametrize(
    ("plan", "price"),
    [
        ({}, "0.010334"),
        ({"decimals": 4}, "0.0104"),
        ({"decimals": 10}, "0.0103333334"),
        ({"decimals": 4, "rounding": "half_up"}, "0.0103"),
        ({"decimals": 4, "rounding": "down"}, "0.0103"),
    ],
)
def test_a_price_is_rounded_once_and_up_unless_the_plan_says_otherwise(plan: dict[str, Any], price: str) -> None:
    """
    0.01 times 1.0333333333 has more decimals than any list; the default keeps the margin whole.
    """
    assert sold(CARD, {"prefix": "", "relative": "1.0333333333"}, **plan)["44"].rate == price


def test_a_margin_for_a_longer_prefix_than_the_card_has_gets_its_own_rule() -> None:
    """
    With what the card says of its parent, plus its own margin; a block below stays what it is.
    """
    card = sold(CARD, {"prefix": ""}, {"prefix": "4477", "percent": "50"}, {"prefix": "49", "percent": "5"})
    assert card["4477"] == Rule("4477", "UK", parse_units("0.015"), parse_units("0.002"), 60, 60)
    assert card["44"].rate == "0.01"
    assert set(card) == {"44", "4470", "4477"}


def test_a_block_stays_a_block_whatever_the_margin() -> None:
    """
    Also beneath it, where a margin rule alone must open nothing.
    """
    card = sold(CARD, {"prefix": "", "absolute": "1"}, {"prefix": "44701", "absolute": "2"}, {"prefix": "4470"})
    assert card["4470"] == CARD[1]
    alike = Rule("4470", "UK Personal", CARD[0].rate_units, blocked=True)
    assert sold([CARD[0], alike], {"prefix": "", "absolute": "1"})["4470"] == alike
    assert "44701" not in card


def test_fee_and_increments_are_the_cards_unless_overridden() -> None:
    """
    Each alone; 0 is a value.
    """
    plain = sold(CARD, {"prefix": ""})["44"]
    assert (plain.connect_fee_units, plain.mcd_s, plain.pulse_s) == (parse_units("0.002"), 60, 60)
    other = sold(CARD, {"prefix": "44", "connect_fee": "0", "mcd_s": 0, "pulse_s": 6}, {"prefix": ""})["44"]
    assert (other.connect_fee_units, other.mcd_s, other.pulse_s) == (0, 0, 6)


def test_prices_by_jurisdiction_get_the_margin_too() -> None:
    """
    Those the rule has; the others stay without.
    """
    rule = Rule("1212", "NY", 10**8, rate_inter_units=2 * 10**8, rate_intra_units=3 * 10**8)
    priced = sold([rule], {"prefix": "", "percent": "10"})["1212"]
    got = priced.rate_units, priced.rate_inter_units, priced.rate_intra_units, priced.rate_indeterminate_units
    assert got == (110_000_000, 220_000_000, 330_000_000, None)


def test_a_split_holds_while_its_prefix_has_no_rule_of_its_own() -> None:
    """
    Before and after the rule of the prefix itself, the parent's price is what a number costs, so its margin is owed.
    """
    card = [Rule("44", "UK", 100, effective=10), Rule("447", "UK Mobile", 300, effective=20, expires=30)]
    plan = MarginPlan((MarginRule(""), MarginRule("447", absolute_units=1)), decimals=10)
    oracle = Oracle(from_frame(derive(to_frame(card), plan)))
    rates = [rule.rate_units if (rule := oracle.price("4471", at).rule) else None for at in (9, 10, 19, 20, 29, 30, 99)]
    assert rates == [None, 101, 101, 301, 301, 101, 101]


def test_a_price_for_certain_callers_is_not_split() -> None:
    """
    The error names the margin rule and the card's.
    """
    rules = to_frame([Rule("44", "UK", 100, origin="33")])
    with pytest.raises(MarginError, match="margin rule 4477: the card's rule for 44 is for certain callers"):
        derive(rules, MarginPlan((MarginRule(), MarginRule("4477"))))
    assert derive(rules, MarginPlan((MarginRule(), MarginRule("44"))))["origin"].to_list() == ["33"]


def test_a_price_below_0_is_an_error_and_not_a_gift() -> None:
    """
    It names the rule, the prefix and both prices.
    """
    with pytest.raises(MarginError, match=re.escape("margin rule 44: 44 costs 0.01 and would sell for -0.01")):
        sold(CARD, {"prefix": ""}, {"prefix": "44", "absolute": "-0.02"})


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        ([], "an object with a list"),
        ({"rules": []}, "no margin rule for every number"),
        ({"rules": [{"prefix": "44"}]}, "no margin rule for every number"),
        ({"rules": [{"prefix": ""}, {"prefix": ""}]}, "margin rule for every number: is there twice"),
        ({"rules": [{}]}, "an object with a prefix"),
        ({"rules": [{"prefix": ""}], "decimals": 11}, "0 to 10 decimals, not 11"),
        ({"rules": [{"prefix": ""}], "decimals": True}, "0 to 10 decimals, not True"),
        ({"rules": [{"prefix": ""}], "rounding": "ceil"}, "rounding is one of up, down"),
        ({"rules": [{"prefix": ""}], "round": "up"}, "unknown field 'round'"),
        ({"rules": [{"prefix": "", "pct": "5"}]}, "unknown field 'pct'"),
        ({"rules": [{"prefix": "+44"}]}, "'\\+44': its prefix is not 0 to 15 digits"),
        ({"rules": [{"prefix": "٤"}]}, "its prefix is not 0 to 15 digits"),
        ({"rules": [{"prefix": "44", "percent": 5}]}, "margin rule 44: percent is 5, not a decimal in quotes"),
        ({"rules": [{"prefix": "44", "percent": "1e3"}]}, "margin rule 44: percent is '1e3', not a plain decimal"),
        ({"rules": [{"prefix": "44", "percent": "-101"}]}, "margin rule 44: percent is -101, not -100 or more"),
        ({"rules": [{"prefix": "44", "relative": "-1"}]}, "margin rule 44: relative is -1"),
        ({"rules": [{"prefix": "44", "absolute": "NaN"}]}, "margin rule 44: absolute is not a plain decimal"),
        ({"rules": [{"prefix": "44", "floor": "2", "ceiling": "1"}]}, "its floor is above its ceiling"),
        ({"rules": [{"prefix": "44", "floor": "-1"}]}, "an amount below 0"),
        ({"rules": [{"prefix": "44", "floor": "0.0000001"}]}, "its floor has more than 6 decimals"),
        ({"rules": [{"prefix": "44", "pulse_s": 0}]}, "pulse_s is 0"),
        ({"rules": [{"prefix": "44", "pulse_s": "6"}]}, "pulse_s is '6', not whole seconds"),
        ({"rules": [{"prefix": "44", "mcd_s": -1}]}, "mcd_s is -1"),
    ],
)
def test_a_plan_that_leaves_something_open_is_refused_by_name(plan: object, why: str) -> None:
    """
    Before any price is made of it.
    """
    with pytest.raises(MarginError, match=why):
        MarginPlan.from_json(plan)


def test_a_plan_is_written_as_it_is_read() -> None:
    """
    And says nothing that changes nothing.
    """
    rule = {"prefix": "4477", "relative": "1.2", "percent": "-5", "absolute": "0.001", "floor": "0", "ceiling": "0.5"}
    rule |= {"minimum_margin": "0", "connect_fee": "0", "mcd_s": 0, "pulse_s": 60}
    written = {"rules": [{"prefix": ""}, rule], "decimals": 4, "rounding": "half_up"}
    plan = MarginPlan.from_json(written)
    assert plan.as_json() == written
    assert MarginPlan.from_json(json.loads(json.dumps(plan.as_json()))) == plan


def test_a_preview_is_what_would_change_for_the_customer() -> None:
    """
    Against the card that answers now.
    """
    plans = [MarginPlan((MarginRule("", percent=Decimal(percent)),)) for percent in (10, 20)]
    before, after = (derive(to_frame(CARD), plan) for plan in plans)
    summary = preview(before, after, AT).summary
    assert (summary.raised, summary.unchanged) == (1, 1)


def test_a_real_deck_with_a_margin_sells_above_cost_everywhere() -> None:
    """
    27,514 rules, a tenth on top, nothing lost to rounding.
    """
    cost = to_frame(sdf_rules())
    steps: list[tuple[int, int]] = []
    derived = derive(cost, MarginPlan((MarginRule("", percent=Decimal(10)),)), lambda *step: steps.append(step))
    both = cost.join(derived, on="prefix", suffix="_sold")
    assert both.height == cost.height
    assert (both["rate_units_sold"] * 10 >= both["rate_units"] * 11).all()
    assert (both["rate_units_sold"] * 10 - both["rate_units"] * 11 < 10 * 10**4).all()
    assert steps == [(1, 3), (2, 3), (3, 3)]


DIGITS = "012"
NUMBERS = ["".join(digits) for length in range(1, 6) for digits in product(DIGITS, repeat=length)]
PREFIXES = st.text(DIGITS, min_size=1, max_size=4)
TIMES = st.sampled_from([None, AT - 1, AT, AT + 1])
RULES = st.builds(
    Rule,
    PREFIXES,
    st.just("A"),
    st.sampled_from([0, 3, 10**7 + 1]),
    effective=TIMES,
    expires=st.sampled_from([None, AT + 2]),
    blocked=st.sampled_from([False, False, True]),
)
MARGINS = st.builds(
    MarginRule,
    PREFIXES,
    st.sampled_from([Decimal(1), Decimal("1.3")]),
    st.sampled_from([Decimal(0), Decimal("12.5")]),
    st.sampled_from([0, 7]),
    st.sampled_from([None, 10**5]),
    st.sampled_from([None, 10**7]),
    st.sampled_from([None, 2]),
)


@pytest.mark.many
@examples(60)
@given(
    card=st.lists(RULES, max_size=6, unique_by=lambda rule: (rule.prefix, rule.effective)),
    margins=st.lists(MARGINS, max_size=4, unique_by=lambda rule: rule.prefix),
)
def test_every_number_sells_at_its_cost_plus_its_own_margin(card: list[Rule], margins: list[MarginRule]) -> None:
    """
    At every instant, whichever of the two prefixes is the longer one.
    """
    plan = MarginPlan((MarginRule("", percent=Decimal(1)), *margins), decimals=9)
    cost, sale = Oracle(card), Oracle(from_frame(derive(to_frame(card), plan)))
    by_prefix = {rule.prefix: rule for rule in plan.rules}
    for number, at in product(NUMBERS, range(AT - 2, AT + 4)):
        paid, got = cost.price(number, at), sale.price(number, at)
        assert got.verdict == paid.verdict, (number, at)
        if paid.verdict is None:
            margin = next(by_prefix[number[:n]] for n in range(len(number), -1, -1) if number[:n] in by_prefix)
            assert got.rule.rate_units == naive(paid.rule.rate_units, margin), (number, at)


def naive(cost: int, margin: MarginRule) -> int:
    price = Fraction(cost) * Fraction(margin.relative) * (1 + Fraction(margin.percent) / 100) + margin.absolute_units
    price = max(price, margin.floor_units or 0)
    if margin.ceiling_units is not None:
        price = min(price, margin.ceiling_units)
    if margin.minimum_margin_units is not None:
        price = max(price, cost + margin.minimum_margin_units)
    return ceil(price / 10) * 10


def test_the_example_of_the_document_is_what_comes_out() -> None:
    """
    Every figure of the table in docs/compact.md.
    """
    text = (Path(__file__).parents[2] / "docs" / "compact.md").read_text("utf-8")
    plan = MarginPlan.from_json(json.loads(text.split("```json\n")[1].split("```")[0]))
    lines = [line for line in text.splitlines() if line.startswith("| 44") and line.count("|") == 6]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    costs = [Rule(prefix, name, parse_units(cost)) for prefix, name, cost, _, _ in rows if "from" not in cost]
    derived = {rule.prefix: format_units(rule.rate_units) for rule in from_frame(derive(to_frame(costs), plan))}
    assert len(rows) == 5
    assert derived == {prefix: price for prefix, _, _, _, price in rows}
