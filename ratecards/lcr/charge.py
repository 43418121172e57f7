"""
A price as a call meets it, and what it comes to exactly.
"""

from typing import NamedTuple

from ratecards.charge import SECONDS_PER_RATE, billed_seconds
from ratecards.model import Quote


class Charge(NamedTuple):
    """
    Price of 60 s and connect fee in units of 10**-10, first and further increments in seconds.
    """

    rate_units: int
    connect_fee_units: int
    mcd_s: int
    pulse_s: int


def charge_of(quote: Quote) -> Charge:
    """
    The price of a quote that has one.
    """
    rule = quote.rule
    assert rule is not None  # noqa: S101 - a quote without a verdict has a rule
    return Charge(quote.rate_units, rule.connect_fee_units, rule.mcd_s, rule.pulse_s)


def cost_sixtieths(charge: Charge, duration_s: int) -> int:
    """
    What a call costs, exactly: in sixtieths of a unit of the card's currency, so that nothing is divided.
    """
    billed_s = billed_seconds(duration_s, charge.mcd_s, charge.pulse_s)
    if not billed_s:
        return 0
    return charge.connect_fee_units * SECONDS_PER_RATE + charge.rate_units * billed_s
