"""
A margin rule: what is put on the prices of a prefix.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ratecards.money import MoneyError, Rounding, format_units, parse_units, round_units

_PREFIX = re.compile(r"[0-9]{0,15}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,10})?", re.ASCII)
_AMOUNTS = {
    "absolute": "absolute_units",
    "floor": "floor_units",
    "ceiling": "ceiling_units",
    "minimum_margin": "minimum_margin_units",
    "connect_fee": "connect_fee_units",
}
_FACTORS = ("relative", "percent")
_SECONDS = ("mcd_s", "pulse_s")
_MAX_SECONDS = 2**31 - 1


class MarginError(ValueError):
    """
    A margin rule that cannot be applied; the message names it and says what is wrong.
    """


@dataclass(frozen=True, slots=True)
class MarginRule:
    """
    What is put on the prices of a prefix and of everything beneath it that has no margin rule of its own.

    The price is multiplied by ``relative``, then raised by ``percent``, then ``absolute`` is added; it is lifted to the
    floor, cut at the ceiling, lifted to cost plus the minimum margin (which is stronger than the ceiling), and rounded.

    Attributes:
        prefix: E.164 digits; empty: every number.
        relative: factor, 0 or more.
        percent: -100 or more; 12.5 adds an eighth.
        absolute_units: added to a minute, in units of 10**-10; may be negative.
        floor_units: least price of a minute, likewise the ceiling.
        minimum_margin_units: the least that a minute brings above its cost.
        connect_fee_units: instead of the card's; None: the card's. Likewise the increments.

    """

    prefix: str = ""
    relative: Decimal = Decimal(1)
    percent: Decimal = Decimal(0)
    absolute_units: int = 0
    floor_units: int | None = None
    ceiling_units: int | None = None
    minimum_margin_units: int | None = None
    connect_fee_units: int | None = None
    mcd_s: int | None = None
    pulse_s: int | None = None

    def __post_init__(self) -> None:
        """
        Refuse what no price can follow from.
        """
        if not _PREFIX.fullmatch(self.prefix):
            raise MarginError(f"margin rule {self.prefix!r}: its prefix is not 0 to 15 digits")
        for wrong, why in (
            (not (self.relative.is_finite() and self.relative >= 0), f"relative is {self.relative}, not 0 or more"),
            (not (self.percent.is_finite() and self.percent >= -100), f"percent is {self.percent}, not -100 or more"),
            (not 0 <= (self.mcd_s or 0) <= _MAX_SECONDS, f"mcd_s is {self.mcd_s}, not 0 or more seconds"),
            (self.pulse_s is not None and not 0 < self.pulse_s <= _MAX_SECONDS, f"pulse_s is {self.pulse_s}, under 1"),
            (min(self.floor_units or 0, self.ceiling_units or 0, self.connect_fee_units or 0) < 0, "an amount below 0"),
        ):
            if wrong:
                raise MarginError(f"{self}: {why}")
        if self.floor_units is not None and self.ceiling_units is not None and self.floor_units > self.ceiling_units:
            raise MarginError(f"{self}: its floor is above its ceiling")

    def __str__(self) -> str:
        """
        As messages name it.
        """
        return f"margin rule {self.prefix}" if self.prefix else "margin rule for every number"

    @classmethod
    def from_json(cls, data: object) -> "MarginRule":
        """
        Read ``{"prefix": "4477", "percent": "10", "absolute": "0.001", ...}``; amounts are decimal texts.

        Raises:
            MarginError: a field is unknown, or its value is none for it.

        """
        if not isinstance(data, dict) or not isinstance(data.get("prefix"), str):
            raise MarginError(f"a margin rule is an object with a prefix, not {data!r}")
        known = {"prefix", *_AMOUNTS, *_FACTORS, *_SECONDS}
        for name in data:
            if name not in known:
                raise MarginError(f"margin rule {data['prefix']}: unknown field {name!r}")
        fields: dict[str, Any] = {_AMOUNTS.get(name, name): _read(data, name) for name in map(str, data)}
        return cls(**fields)

    def as_json(self) -> dict[str, object]:
        """
        Write what :meth:`from_json` reads, without what changes nothing.
        """
        plain = MarginRule()
        written: dict[str, object] = {"prefix": self.prefix}
        for name in (*_FACTORS, *_AMOUNTS, *_SECONDS):
            field = _AMOUNTS.get(name, name)
            value = getattr(self, field)
            if value != getattr(plain, field):
                written[name] = format_units(value) if name in _AMOUNTS else _plain(value)
        return written

    def sell(self, cost_units: int, decimals: int, rounding: Rounding) -> int:
        """
        The price of a minute that costs this much, exact until it is rounded once.
        """
        factor = _factor(self.relative, self.percent)
        over = factor.denominator
        price = cost_units * factor.numerator + self.absolute_units * over
        if self.floor_units is not None:
            price = max(price, self.floor_units * over)
        if self.ceiling_units is not None:
            price = min(price, self.ceiling_units * over)
        if self.minimum_margin_units is not None:
            price = max(price, (cost_units + self.minimum_margin_units) * over)
        return round_units(price, over, decimals, rounding)


@lru_cache(maxsize=1024)
def _factor(relative: Decimal, percent: Decimal) -> Fraction:
    return Fraction(relative) * (100 + Fraction(percent)) / 100


def _plain(value: Decimal | int) -> str | int:
    return value if isinstance(value, int) else f"{value:f}"


def _read(data: Mapping[str, Any], name: str) -> object:
    value = data[name]
    what = f"margin rule {data['prefix']}: {name}"
    if name == "prefix":
        return value
    if name in _SECONDS:
        if type(value) is not int:
            raise MarginError(f"{what} is {value!r}, not whole seconds")
        return value
    if not isinstance(value, str):
        raise MarginError(f"{what} is {value!r}, not a decimal in quotes")
    if name in _FACTORS:
        if not _DECIMAL.fullmatch(value):
            raise MarginError(f"{what} is {value!r}, not a plain decimal")
        return Decimal(value)
    try:
        return parse_units(value)
    except MoneyError as error:
        raise MarginError(f"{what} {error}: {value!r}") from None
