"""
What one carrier's decks mean: answers to the questions a file leaves open, saved once and used for every next file.
"""

import hashlib
from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ratecards.deck.currencies import is_currency
from ratecards.deck.errors import MappingError
from ratecards.deck.words import FIELDS, IGNORE, normal
from ratecards.money import MoneyError, parse_units

DateOrder = Literal["dmy", "mdy", "ymd"]
Duplicates = Literal["refuse", "cheapest", "dearest", "last"]
Hyphen = Literal["range", "join"]
Spaces = Literal["list", "join"]

MAX_INTERVAL_S = 86_400
MAX_SHARE = 1_000_000


@dataclass(frozen=True, slots=True)
class Mapping:
    """
    How to read a carrier's deck. Everything left out is recognised, and asked for where it cannot be.

    Attributes:
        columns: header text → field (``prefix``, ``rate``, ``effective``, ...; ``ignore`` leaves a column out);
            ``column 3`` is the third, whatever its header. Columns not named here are recognised by their words.
        constants: field → one cell's text for every row, for what the file does not say (``effective``, ``status``).
        sheet: sheet of a workbook, or card of an open rate card, to read.
        date_order: how 03/04/2027 is meant.
        decimal_comma: True: ``0,0120`` is a decimal number; False: the comma separates thousands.
        hyphen: ``range``: 447400-447409 are ten codes; ``join``: 93-76 is the code 9376.
        spaces: ``list``: ``43 431`` are two codes; ``join``: they are one.
        duplicates: which of two different rates of one code and date is loaded; ``refuse``: neither.
        npa_nxx: codes are North American area codes and exchanges without the leading 1.
        timezone: IANA zone of dates without one of their own; None: what the document states, else UTC.
        end_date_included: an end date without a time of day is the last day of the rate, not the first without it.
        currency: ISO 4217 code of all prices, where the file has none.
        mcd_s: minimum call duration in seconds, where the file has none.
        pulse_s: every further increment in seconds, where the file has none.
        connect_fee: decimal price of the call itself, where the file has none.
        rate_seconds: seconds a price is for: 60; 1 for a price per second.
        price_divisor: prices in the file are this many times too large: 100 for cents.
        fingerprint: of the header this mapping was made for; None: any.
        name: what the mapping is called, usually the carrier.
    """

    columns: MappingABC[str, str] = field(default_factory=dict)
    constants: MappingABC[str, str] = field(default_factory=dict)
    sheet: str | None = None
    date_order: DateOrder | None = None
    decimal_comma: bool | None = None
    hyphen: Hyphen | None = None
    spaces: Spaces | None = None
    duplicates: Duplicates = "refuse"
    npa_nxx: bool = False
    timezone: str | None = None
    end_date_included: bool = True
    currency: str | None = None
    mcd_s: int | None = None
    pulse_s: int | None = None
    connect_fee: str | None = None
    rate_seconds: int = 60
    price_divisor: int = 1
    fingerprint: str | None = None
    name: str = ""

    def __post_init__(self) -> None:
        _check_types(self)
        _check_fields(self.columns.values(), "columns", {*FIELDS, IGNORE})
        _check_fields(self.constants, "constants", set(FIELDS) - {"prefix", "country_code", "area"})
        _check_bounds(self)
        if self.timezone is not None and not is_zone(self.timezone):
            raise MappingError(f"'timezone' of a mapping is an IANA zone such as Europe/London, not {self.timezone!r}")
        if self.connect_fee is not None and not _is_fee(self.connect_fee):
            raise MappingError(f"'connect_fee' of a mapping is a decimal amount, not {self.connect_fee!r}")
        if self.currency is not None and not is_currency(self.currency):
            raise MappingError(f"'currency' of a mapping is an ISO 4217 code such as USD, not {self.currency!r}")

    def matches(self, header: Sequence[str]) -> bool:
        """
        Whether this mapping was made for files with such a header.
        """
        return self.fingerprint is None or self.fingerprint == header_fingerprint(header)

    def as_json(self) -> dict[str, Any]:
        """
        The mapping as plain JSON values; :meth:`from_json` reads them back.
        """
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: dict(value) if isinstance(value, MappingABC) else value for name, value in values.items()}

    @classmethod
    def from_json(cls, values: MappingABC[str, Any]) -> "Mapping":
        """
        Read a saved mapping.

        Raises:
            MappingError: an option that does not exist, or a value it cannot have.
        """
        known = {f.name for f in fields(cls)}
        for name in values:
            if name not in known:
                raise MappingError(f"a mapping has no option '{name}'")
        return cls(**values)


def header_fingerprint(header: Sequence[str]) -> str:
    """
    Name a header, so that the next file of the same shape finds its mapping.

    Case, spaces, punctuation, empty cells and the order of the columns do not change it.

    Returns:
        32 hexadecimal digits.
    """
    words = sorted(filter(None, map(normal, header)))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:32]


_CHOICES: dict[str, tuple[Any, ...]] = {
    "date_order": (None, *get_args(DateOrder)),
    "hyphen": (None, *get_args(Hyphen)),
    "spaces": (None, *get_args(Spaces)),
    "duplicates": get_args(Duplicates),
    "decimal_comma": (None, True, False),
    "npa_nxx": (True, False),
    "end_date_included": (True, False),
}
_BOUNDS = {
    "mcd_s": (0, MAX_INTERVAL_S),
    "pulse_s": (1, MAX_INTERVAL_S),
    "rate_seconds": (1, MAX_INTERVAL_S),
    "price_divisor": (1, MAX_SHARE),
}


def _check_types(mapping: Mapping) -> None:
    for name in ("columns", "constants"):
        value = getattr(mapping, name)
        if not isinstance(value, MappingABC) or not all(isinstance(x, str) for pair in value.items() for x in pair):
            raise MappingError(f"'{name}' of a mapping takes text by text")
    for name in ("sheet", "currency", "connect_fee", "fingerprint", "timezone"):
        if not isinstance(getattr(mapping, name), str | None):
            raise MappingError(f"'{name}' of a mapping is a text")
    if not isinstance(mapping.name, str):
        raise MappingError("'name' of a mapping is a text")
    for name, choices in _CHOICES.items():
        value = getattr(mapping, name)
        if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in choices):
            raise MappingError(f"'{name}' of a mapping is one of {', '.join(map(str, choices))}")


def _check_fields(named: Any, option: str, known: set[str]) -> None:
    for name in named:
        if name not in known:
            raise MappingError(f"'{option}' of a mapping names '{name}', which is none of {', '.join(sorted(known))}")


def _check_bounds(mapping: Mapping) -> None:
    for name, (least, most) in _BOUNDS.items():
        value = getattr(mapping, name)
        if value is None and name in ("mcd_s", "pulse_s"):
            continue
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise MappingError(f"'{name}' of a mapping is a whole number from {least} to {most}")


def _is_fee(text: str) -> bool:
    try:
        return parse_units(text) >= 0
    except MoneyError:
        return False


def is_zone(name: object) -> bool:
    """
    Whether this is the name of a time zone.
    """
    try:
        ZoneInfo(name if isinstance(name, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
