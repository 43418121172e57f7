"""
Rates of exchange: amounts of one currency in another, exact until they are rounded once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ratecards.money import round_ratio

_CODE = re.compile(r"[A-Z]{3}", re.ASCII)
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?", re.ASCII)


class ExchangeError(ValueError):
    """
    An amount that cannot be converted; the message names the currency.
    """


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    What one unit of a base currency costs in others.

    Attributes:
        base: ISO 4217 code.
        per_base: code to units of it that one unit of the base buys: with base USD, ``EUR`` to ``0.92``.

    """

    base: str
    per_base: Mapping[str, Decimal]

    def __post_init__(self) -> None:
        """
        Refuse what is no table of rates.
        """
        for currency in (self.base, *self.per_base):
            if not _CODE.fullmatch(currency):
                raise ExchangeError(f"{currency!r} is not a currency of three capital letters")
        for currency, rate in self.per_base.items():
            if not (rate.is_finite() and rate > 0):
                raise ExchangeError(f"the rate of exchange of {currency} is {rate}, not a number above 0")
        if self.per_base.get(self.base, Decimal(1)) != 1:
            raise ExchangeError(f"{self.base} is the base and costs 1, not {self.per_base[self.base]}")

    @classmethod
    def from_json(cls, data: object) -> "Exchange":
        """
        Read ``{"base": "USD", "per_base": {"EUR": "0.92"}}``.

        Raises:
            ExchangeError: it is something else; numbers are refused, since JSON makes floats of them.

        """
        if not isinstance(data, dict) or set(data) != {"base", "per_base"} or not isinstance(data["per_base"], dict):
            raise ExchangeError('rates of exchange are {"base": code, "per_base": {code: "decimal", ...}}')
        return cls(str(data["base"]), {code: _price(code, text) for code, text in data["per_base"].items()})

    def as_json(self) -> dict[str, object]:
        """
        Write what :meth:`from_json` reads.
        """
        return {"base": self.base, "per_base": {code: f"{rate:f}" for code, rate in self.per_base.items()}}

    def factor(self, source: str, target: str) -> Fraction:
        """
        What one unit of a currency is in another, as an exact fraction.

        Raises:
            ExchangeError: one of the two has no rate of exchange.

        """
        if source == target:
            return Fraction(1)
        return self._per_base(target) / self._per_base(source)

    def _per_base(self, currency: str) -> Fraction:
        if currency == self.base:
            return Fraction(1)
        if currency not in self.per_base:
            raise ExchangeError(f"no rate of exchange for {currency}")
        return Fraction(self.per_base[currency])


def convert_units(units: int, factor: Fraction) -> int:
    """
    Convert one amount, rounded once, half up, to units of 10**-10 of the target currency.
    """
    return round_ratio(units * factor.numerator, factor.denominator, "half_up")


def _price(currency: object, text: object) -> Decimal:
    if not isinstance(text, str) or not _PRICE.fullmatch(text):
        raise ExchangeError(f"the rate of exchange of {currency} is not a plain decimal text: {text!r}")
    return Decimal(text)
