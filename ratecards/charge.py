"""
What a call of a given length costs under a rule.
"""

from decimal import ROUND_CEILING, Decimal

from ratecards.money import Rounding, round_units

SECONDS_PER_RATE = 60


def billed_seconds(duration_s: int | Decimal, mcd_s: int, pulse_s: int) -> int:
    """
    Round a duration up to the seconds that are charged.

    Args:
        duration_s: seconds, 0 or more; a Decimal may carry a fraction.
        mcd_s: first increment, seconds, 0 or more.
        pulse_s: every further increment, seconds, at least 1.

    Returns:
        0 for a call of 0 s, ``mcd_s`` up to that, and whole pulses on top from there.

    """
    if duration_s <= 0:
        return 0
    if isinstance(duration_s, Decimal):
        # Increments are whole seconds, so the part of a second begun counts as one.
        duration_s = int(duration_s.to_integral_value(ROUND_CEILING))
    if duration_s <= mcd_s:
        return mcd_s
    return mcd_s - (mcd_s - duration_s) // pulse_s * pulse_s


def cost_units(
    rate_units: int, connect_fee_units: int, billed_s: int, precision: int = 8, rounding: Rounding = "half_up"
) -> int:
    """
    Price billed seconds as an exact fraction, rounded once at the end.

    Args:
        rate_units: price of 60 s, in units of 10**-10.
        connect_fee_units: price of the call itself, same unit; not charged for 0 billed seconds.
        billed_s: from :func:`billed_seconds`.
        precision: decimals kept.
        rounding: how the rest is rounded.

    Returns:
        Units of 10**-10.

    """
    if not billed_s:
        return 0
    sixtieths = connect_fee_units * SECONDS_PER_RATE + rate_units * billed_s
    return round_units(sixtieths, SECONDS_PER_RATE, precision, rounding)
