"""
The rule that decides, and the money of a call line by line.
"""

from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import NamedTuple

from ratecards.charge import SECONDS_PER_RATE, billed_seconds, cost_units
from ratecards.lcr import Charge
from ratecards.model import Terms, Verdict
from ratecards.money import format_units
from service.lookups.rate import price_of
from service.lookups.simulate_asked import Looked
from service.lookups.simulate_prefix import rates_of
from service.lookups.simulate_words import ROUNDED, Line, Step, exact, line, money, seconds, step

_MISSES = {
    Verdict.BLOCKED: "calls to it must not be routed",
    Verdict.EXPIRED: "no rule it has for the number is in force any more",
    Verdict.NO_RATE: "it has no rule in force for this call",
}


class Sum(NamedTuple):
    """
    What a call comes to.

    Attributes:
        units: of the card's currency, not rounded.
    """

    lines: list[Line]
    billed_s: int
    units: Fraction


def rule_step(looked: Looked) -> Step:
    """
    What came of all the prefixes.
    """
    quote = looked.quote
    verdict = None if quote.verdict is None else str(quote.verdict)
    rate = None if verdict else format_units(quote.rate_units)
    return step("rule", f"{_decision(looked)}.", card=looked.card, prefix=quote.prefix, verdict=verdict, rate=rate)


def _decision(looked: Looked) -> str:
    quote = looked.quote
    if quote.verdict is not None or quote.rule is None:
        at = f" at {quote.prefix}" if quote.prefix else ""
        return f"Card {looked.card} has no price{at}: {miss_words(looked)}"
    return f"Card {looked.card} answers at {quote.prefix}, {quote.rule.name or 'no name'}: {rate_words(looked)}"


def miss_words(looked: Looked) -> str:
    """
    Why a card has no price.
    """
    return _MISSES[looked.quote.verdict or Verdict.NO_RATE]


def rate_words(looked: Looked) -> str:
    """
    The price of a minute, and of which jurisdiction it is.
    """
    quote, rule = looked.quote, looked.quote.rule
    assert rule is not None  # noqa: S101 - there is a price
    price = f"{money(quote.rate_units, looked.currency)} for {SECONDS_PER_RATE} s"
    if quote.jurisdiction is None:
        return price
    if quote.jurisdiction in rates_of(rule):
        return f"{price}, the {quote.jurisdiction} rate"
    return f"{price}, the rate of the rule, which has none for {quote.jurisdiction} calls"


def money_step(looked: Looked, duration_s: Decimal | None, why: str = "") -> Step:
    """
    What the call costs on a card that has a price for it.

    Args:
        duration_s: None: no cost was asked for.
        why: the duration is this one.
    """
    charge, terms = Charge(*price_of(looked.quote)), looked.index.terms
    if duration_s is None:
        says = "No duration was asked for, so there is no cost."
        return step("money", says, price_lines(looked, charge), card=looked.card, cost=None)
    total = add_up(looked, charge, duration_s)
    cost = cost_units(charge.rate_units, charge.connect_fee_units, total.billed_s, terms.precision, terms.rounding)
    lines = [*total.lines, line("rounded", rounded_words(total.units, cost, terms), value=format_units(cost))]
    says = f"A call of {seconds(duration_s)} s{why} costs {money(cost, terms.currency)} on card {looked.card}."
    return step("money", says, lines, card=looked.card, cost=format_units(cost))


def price_lines(looked: Looked, charge: Charge) -> list[Line]:
    """
    What a call is charged by.
    """
    fee = money(charge.connect_fee_units, looked.currency)
    first, pulse = charge.mcd_s, charge.pulse_s
    every = f"the first {first} s whole, then every {pulse} s begun" if first else f"every {pulse} s begun"
    return [
        line("rate", rate_words(looked), value=format_units(charge.rate_units)),
        line("connect_fee", f"{fee} once a call", value=format_units(charge.connect_fee_units)),
        line("increments", f"{first}/{pulse}: {every}", value=f"{first}/{pulse}"),
    ]


def add_up(looked: Looked, charge: Charge, duration_s: Decimal) -> Sum:
    """
    The call on this card, up to the exact fraction.
    """
    whole_s = int(duration_s.to_integral_value(ROUND_CEILING))
    billed_s = billed_seconds(whole_s, charge.mcd_s, charge.pulse_s)
    sixtieths = (charge.connect_fee_units * SECONDS_PER_RATE + charge.rate_units * billed_s) if billed_s else 0
    units = Fraction(sixtieths, SECONDS_PER_RATE)
    begun = "" if whole_s == duration_s else f"; a second begun counts whole: {whole_s} s"
    lines = [
        *price_lines(looked, charge),
        line("duration", f"{seconds(duration_s)} s{begun}", value=seconds(duration_s)),
        line("billed", _billed_words(whole_s, charge.mcd_s, charge.pulse_s, billed_s), value=billed_s),
        line("exact", _exact_words(charge, billed_s, units), value=exact(units)),
    ]
    return Sum(lines, billed_s, units)


def _billed_words(whole_s: int, mcd_s: int, pulse_s: int, billed_s: int) -> str:
    if not whole_s:
        return "0 s: a call of 0 s is free, connect fee included"
    if whole_s <= mcd_s:
        return f"{whole_s} s are within the first {mcd_s} s: {billed_s} s"
    pulses = (billed_s - mcd_s) // pulse_s
    formula = f"{mcd_s} + ceil(({whole_s} - {mcd_s}) / {pulse_s}) * {pulse_s}"
    return f"{formula} = {mcd_s} + {pulses} * {pulse_s} = {billed_s} s"


def _exact_words(charge: Charge, billed_s: int, units: Fraction) -> str:
    if not billed_s:
        return "nothing is billed: 0"
    fee, rate = format_units(charge.connect_fee_units), format_units(charge.rate_units)
    return f"{fee} + {rate} * {billed_s} / {SECONDS_PER_RATE} = {exact(units)}"


def rounded_words(units: Fraction, rounded: int, terms: Terms) -> str:
    """
    How an exact amount became one that is told.
    """
    if units == rounded:
        return f"{money(rounded, terms.currency)}, which is exact"
    how = f"to {terms.precision} decimals, {ROUNDED[terms.rounding]}"
    return f"{money(rounded, terms.currency)}: rounded once, {how}"
