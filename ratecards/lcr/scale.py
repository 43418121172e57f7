"""
One measure for costs in many currencies.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

from ratecards.charge import SECONDS_PER_RATE
from ratecards.exchange import Exchange, ExchangeError
from ratecards.lcr.charge import Charge
from ratecards.model import Terms
from ratecards.money import DECIMALS, round_units


class Scale:
    """
    Exact costs as integers: sixtieths of a unit of the customer's currency, cut into pieces so fine that every rate of
    exchange in use is a whole number of them.

    Attributes:
        fine: pieces in a sixtieth of a unit.
        step: units in the last decimal that is kept.
        pieces_a_step: pieces in that.

    """

    def __init__(self, terms: Terms, currencies: Iterable[str], exchange: Exchange | None) -> None:
        factors = {currency: _factor(currency, terms.currency, exchange) for currency in set(currencies)}
        self.fine = lcm(*(factor.denominator for factor in factors.values() if factor))
        self._factors = {currency: int(factor * self.fine) for currency, factor in factors.items() if factor}
        self._terms = terms
        self.step: int = 10 ** (DECIMALS - terms.precision)
        self.pieces_a_step: int = SECONDS_PER_RATE * self.fine * self.step

    def factor(self, currency: str) -> int | None:
        """
        Pieces in a sixtieth of a unit of a currency; None: there is no rate of exchange.
        """
        return self._factors.get(currency)

    def pieces(self, units: int) -> int:
        """
        An amount in the customer's currency.
        """
        return units * SECONDS_PER_RATE * self.fine

    def rounded(self, pieces: int) -> int:
        """
        Round to units of 10**-10 as the customer's card says.
        """
        steps, rest = divmod(pieces, self.pieces_a_step)
        if not rest:
            return steps * self.step
        terms = self._terms
        return round_units(pieces, SECONDS_PER_RATE * self.fine, terms.precision, terms.rounding)

    def rounded_up(self, pieces: int) -> int:
        """
        Round away from zero.
        """
        return round_units(pieces, SECONDS_PER_RATE * self.fine, self._terms.precision, "up")


def finely(charge: Charge, factor: int) -> Charge:
    """
    A price in pieces of a unit instead of units.
    """
    if factor == 1:
        return charge
    rate, fee, mcd_s, pulse_s = charge
    return Charge(rate * factor, fee * factor, mcd_s, pulse_s)


def _factor(currency: str, target: str, exchange: Exchange | None) -> Fraction | None:
    if currency == target:
        return Fraction(1)
    try:
        return exchange.factor(currency, target) if exchange else None
    except ExchangeError:
        return None
