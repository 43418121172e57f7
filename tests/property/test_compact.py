"""
A merged card gives each number what the cards give it, and a minimised card what it gave before.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import product
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.oracle import Oracle

from ratecards.charge import billed_seconds, cost_units
from ratecards.compact import Source, merge, minimise
from ratecards.compact.merge import KINDS, Kind
from ratecards.compile import compile_card
from ratecards.exchange import Exchange
from ratecards.model import Rule, Terms
from ratecards.rules import from_frame, to_frame

AT = 1000
DIGITS = "012"
NUMBERS = ["".join(digits) for length in range(1, 6) for digits in product(DIGITS, repeat=length)]
"""Every number of 1 to 5 digits that differs from others beneath prefixes of at most 4."""
EXCHANGE = Exchange("USD", {"EUR": Decimal("0.92"), "GBP": Decimal("0.7913"), "JPY": Decimal(151)})
CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "JPY"])
SETTINGS = examples(120)
pytestmark = pytest.mark.many
PREFIXES = st.text(DIGITS, min_size=1, max_size=4)
UNITS = st.sampled_from([0, 1, 2, 3, 10**7, 10**7 + 1, 3 * 10**9, 2**55])
INCREMENTS = st.sampled_from([(1, 1), (6, 6), (30, 6), (60, 1), (60, 60)])


@st.composite
def rules(draw: st.DrawFn, *, dated: bool = True) -> Rule:
    mcd_s, pulse_s = draw(INCREMENTS)
    return Rule(
        draw(PREFIXES),
        draw(st.sampled_from(["A", "B"])),
        draw(UNITS),
        draw(st.sampled_from([0, 0, 1, 10**7])),
        mcd_s,
        pulse_s,
        draw(st.sampled_from([None, AT - 1, AT, AT + 1])) if dated else None,
        draw(st.sampled_from([None, None, AT, AT + 2, AT + 3])) if dated else None,
        blocked=draw(st.sampled_from([False, False, False, True])),
    )


CARDS = st.lists(rules(), max_size=9, unique_by=lambda rule: (rule.prefix, rule.effective))
MANY = st.lists(st.tuples(CARDS, CURRENCIES), min_size=1, max_size=4)


def in_currency(units: int, source: str, target: str) -> int:
    rates = {"USD": Fraction(1)} | {code: Fraction(rate) for code, rate in EXCHANGE.per_base.items()}
    exact = Fraction(units) * rates[target] / rates[source]
    return int(exact + Fraction(1, 2)) if exact.denominator > 1 else int(exact)


def half_up(value: Fraction) -> int:
    return int((Decimal(value.numerator) / value.denominator).quantize(Decimal(1), ROUND_HALF_UP))


@SETTINGS
@given(cards=MANY, kind=st.sampled_from(KINDS), currency=CURRENCIES)
def test_every_number_gets_the_minimum_maximum_or_average_of_what_the_cards_ask(
    cards: list[tuple[list[Rule], str]], kind: Kind, currency: str
) -> None:
    """
    Whatever the cards hold, block and leave out, at the instant they are merged.
    """
    sources = [Source(str(n), to_frame(card), Terms(money)) for n, (card, money) in enumerate(cards)]
    merged = Oracle(from_frame(merge(sources, kind, AT, EXCHANGE, currency).rules))
    oracles = [(Oracle(card), money) for card, money in cards]
    for number in NUMBERS:
        answers = [(oracle.price(number, AT), money) for oracle, money in oracles]
        asked = [in_currency(a.rule.rate_units, money, currency) for a, money in answers if a.rule and not a.verdict]
        got = merged.price(number, AT)
        if not asked:
            blocked = any(answer.verdict == "blocked" for answer, _ in answers)
            assert got.verdict == ("blocked" if blocked else "no_rate"), number
            continue
        assert got.verdict is None, number
        wanted = {"minimum": min, "maximum": max, "average": lambda prices: half_up(mean(map(Fraction, prices)))}
        assert got.rule.rate_units == wanted[kind](asked), number


@SETTINGS
@given(cards=st.lists(CARDS, min_size=1, max_size=4), duration=st.integers(1, 200))
def test_an_average_never_bills_fewer_seconds_than_a_card_does(cards: list[list[Rule]], duration: int) -> None:
    """
    With increments in use, where each pulse divides the longest.
    """
    merged = Oracle(from_frame(merge([Source("", to_frame(card)) for card in cards], "average", AT).rules))
    oracles = [Oracle(card) for card in cards]
    for number in NUMBERS[:39]:
        answers = [oracle.price(number, AT) for oracle in oracles]
        billed = [billed_seconds(duration, a.rule.mcd_s, a.rule.pulse_s) for a in answers if a.rule and not a.verdict]
        if billed:
            rule = merged.price(number, AT).rule
            assert billed_seconds(duration, rule.mcd_s, rule.pulse_s) >= max(billed)


@SETTINGS
@given(cards=st.lists(CARDS, min_size=1, max_size=4), kind=st.sampled_from(["minimum", "maximum"]))
def test_the_fee_and_increments_that_go_with_a_price_are_those_of_a_card_that_asks_it(
    cards: list[list[Rule]], kind: Kind
) -> None:
    """
    And of several that ask the same, the one whose minute costs least, or most.
    """
    merged = Oracle(from_frame(merge([Source("", to_frame(card)) for card in cards], kind, AT).rules))
    oracles = [Oracle(card) for card in cards]
    choose = min if kind == "minimum" else max
    for number in NUMBERS[:120]:
        answers = [oracle.price(number, AT) for oracle in oracles]
        asked = [a.rule for a in answers if a.rule and not a.verdict]
        if asked:
            best = choose(asked, key=lambda rule: (rule.rate_units, minute(rule)))
            got = merged.price(number, AT).rule
            assert charged(got) == charged(best)


def minute(rule: Rule) -> int:
    return cost_units(rule.rate_units, rule.connect_fee_units, billed_seconds(60, rule.mcd_s, rule.pulse_s), 10)


def charged(rule: Rule) -> tuple[int, int, int, int]:
    return rule.rate_units, rule.connect_fee_units, rule.mcd_s, rule.pulse_s


def said(card: Oracle, number: str, at: int, *, names: bool) -> tuple[object, ...]:
    answer = card.price(number, at)
    if answer.rule is None:
        return (answer.verdict,)
    rule = answer.rule
    return (answer.verdict, rule.name if names else "", *(() if answer.verdict else charged(rule)))


@SETTINGS
@given(card=CARDS, names=st.booleans())
def test_minimised_every_number_rates_as_before_at_every_instant(card: list[Rule], names: bool) -> None:
    """
    Names are the same too, where they are kept.
    """
    before, after = Oracle(card), Oracle(from_frame(minimise(to_frame(card), keep_names=names).rules))
    for number in NUMBERS:
        for at in range(AT - 2, AT + 5):
            assert said(after, number, at, names=names) == said(before, number, at, names=names), (number, at)


@SETTINGS
@given(card=st.lists(rules(dated=False), max_size=9, unique_by=lambda rule: rule.prefix))
def test_without_dates_no_smaller_card_says_the_same(card: list[Rule]) -> None:
    """
    A prefix is kept exactly where its number rates otherwise than the number one digit shorter.
    """
    before = Oracle(card)
    needed = {n for n in NUMBERS if said(before, n, AT, names=True) != said(before, n[:-1], AT, names=True)}
    kept = minimise(to_frame(card))
    assert set(kept.rules["prefix"]) == needed
    assert kept.saved == len(card) - len(needed)


@SETTINGS
@given(cards=st.lists(CARDS, min_size=1, max_size=3), kind=st.sampled_from(KINDS))
def test_a_compiled_merged_card_answers_as_the_oracle_reads_it(cards: list[list[Rule]], kind: Kind) -> None:
    """
    The table is one that compiles, with every column of its type.
    """
    rules = minimise(merge([Source("", to_frame(card)) for card in cards], kind, AT).rules).rules
    if rules.is_empty():
        return
    compiled, oracle = compile_card(rules, Terms()), Oracle(from_frame(rules))
    assert rules.schema == to_frame([]).schema
    for number in NUMBERS[:120]:
        assert compiled.quote(number, AT).rule == oracle.price(number, AT).rule
