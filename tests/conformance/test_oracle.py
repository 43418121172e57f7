"""
A million numbers cost what a dict and Decimal say they cost, on two decks.
"""

import random
from decimal import Decimal

import pytest
from support.cards import NOW, RULES, random_rules, sdf_rules
from support.examples import some
from support.oracle import Oracle, cost

from ratecards.artifact import pack, verify
from ratecards.charge import billed_seconds, cost_units
from ratecards.compile import compile_rules
from ratecards.index import CardIndex
from ratecards.model import Rule, Terms
from ratecards.money import UNITS
from ratecards.rules import to_frame

NUMBERS = some(500_000)
"""On each of the two decks."""
DECKS = {"sdf": sdf_rules, "everything": lambda: random_rules(7, RULES)}


def compiled(rules: list[Rule]) -> CardIndex:
    """
    By way of an artifact, as the service has it.
    """
    return CardIndex(verify(memoryview(pack(compile_rules(to_frame(rules), Terms())))))


@pytest.mark.many
@pytest.mark.parametrize("deck", DECKS)
def test_a_million_numbers_rate_as_the_naive_oracle_does(deck: str) -> None:
    rules = DECKS[deck]()
    card, oracle = compiled(rules), Oracle(rules)
    rng = random.Random(11)
    heads = [rule.prefix for rule in rules]
    hits = 0
    for _ in range(NUMBERS):
        head = rng.choice(heads) if rng.random() < 0.8 else str(rng.randrange(1, 10**6))
        number = (head + f"{rng.randrange(10**9):09d}")[: rng.randrange(1, 16)]
        at = NOW + rng.choice((0, 0, -(10**6), 10**6))
        quote, expected = card.quote(number, at), oracle.price(number, at)
        assert (quote.rule, quote.verdict) == (expected.rule, expected.verdict), number
        if expected.verdict is not None:
            continue
        hits += 1
        assert quote.prefix == expected.prefix
        duration = rng.randrange(0, 4000)
        rule = quote.rule
        units = cost_units(quote.rate_units, rule.connect_fee_units, billed_seconds(duration, rule.mcd_s, rule.pulse_s))
        assert Decimal(units) / UNITS == cost(expected.rule, duration), (number, duration)
    assert hits > NUMBERS // 2
