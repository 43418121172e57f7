"""
How a derived card is made: from which cards, put together in which way, with which margins.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from ratecards.compact import Kind
from ratecards.margin import MarginError, MarginPlan
from ratecards.money import DECIMALS, ROUNDINGS, Rounding
from service.store.catalogue import CARD_NAME, CatalogueError

KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_PARENTS = 64
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class BuildError(CatalogueError):
    """
    A card that cannot be made; nothing was changed, and the message names what stands in the way.
    """


@dataclass(frozen=True, slots=True)
class Recipe:
    """
    How a derived card is made.

    Attributes:
        parents: names of the cards it is made from; their order settles ties.
        by: ``minimum``, ``maximum`` or ``average`` of what they ask.
        currency: ISO 4217 code of the result; None: that of the first parent, once and for all.
        margin: put on the merged prices; None: it sells at cost.
        minimise: drop prefixes that change no price; ``keep_names``: but none that has a name of its own.
        precision: decimals of a cost; None: as the first parent. Likewise the rounding.
        automatic: it is made again without anybody asking.
    """

    parents: tuple[str, ...]
    by: Kind
    currency: str | None = None
    margin: MarginPlan | None = None
    minimise: bool = True
    keep_names: bool = True
    precision: int | None = None
    rounding: Rounding | None = None
    automatic: bool = False

    def __post_init__(self) -> None:
        """
        Refuse what no card can be made by.
        """
        _refuse_parents(self.parents)
        if self.by not in KINDS:
            raise BuildError(f"cards are put together by {', '.join(KINDS)}, not by {self.by!r}")
        if self.currency is not None and not _CURRENCY.fullmatch(self.currency):
            raise BuildError(f"{self.currency!r} is not a currency of three capital letters")
        if self.precision is not None and not 0 <= self.precision <= DECIMALS:
            raise BuildError(f"a cost has 0 to {DECIMALS} decimals, not {self.precision}")
        if self.rounding is not None and self.rounding not in ROUNDINGS:
            raise BuildError(f"rounding is one of {', '.join(ROUNDINGS)}, not {self.rounding!r}")

    @classmethod
    def from_json(cls, data: object) -> "Recipe":
        """
        Read ``{"parents": ["a", "b"], "by": "minimum", "currency": "USD", "margin": {...}, ...}``.

        Raises:
            BuildError: a field is unknown, missing, or not of its kind.
        """
        if not isinstance(data, dict):
            raise BuildError("a recipe is an object with parents and by")
        for name in ("parents", "by", *data):
            if name not in _READ:
                raise BuildError(f"unknown field {name!r} in a recipe")
            if name not in data:
                raise BuildError(f"a recipe without {name!r}")
        fields: dict[str, Any] = {name: _READ[name](name, value) for name, value in data.items() if value is not None}
        return cls(**fields)

    def as_json(self) -> dict[str, Any]:
        """
        Write what :meth:`from_json` reads.
        """
        return {
            "parents": list(self.parents),
            "by": self.by,
            "currency": self.currency,
            "margin": None if self.margin is None else self.margin.as_json(),
            "minimise": self.minimise,
            "keep_names": self.keep_names,
            "precision": self.precision,
            "rounding": self.rounding,
            "automatic": self.automatic,
        }


def _refuse_parents(parents: tuple[str, ...]) -> None:
    if not parents:
        raise BuildError("no card is named to make it from")
    if len(parents) > MAX_PARENTS:
        raise BuildError(f"it would be made from {len(parents)} cards; at most {MAX_PARENTS}")
    for place, name in enumerate(parents):
        if not CARD_NAME.fullmatch(name):
            raise BuildError(f"'{name}' is not a card name")
        if name in parents[:place]:
            raise BuildError(f"card '{name}' is named twice")


def _parents(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(parent, str) for parent in value):
        raise BuildError(f"{name} of a recipe is {value!r}, not a list of card names")
    return tuple(value)


def _plan(_name: str, value: object) -> MarginPlan:
    try:
        return MarginPlan.from_json(value)
    except MarginError as error:
        raise BuildError(str(error)) from None


def _of(kind: type, what: str) -> Callable[[str, object], Any]:
    def read(name: str, value: object) -> object:
        if type(value) is not kind:
            raise BuildError(f"{name} of a recipe is {value!r}, not {what}")
        return value

    return read


_TEXT, _CLAIM = _of(str, "a text"), _of(bool, "true or false")
_READ: dict[str, Callable[[str, object], Any]] = {
    "parents": _parents,
    "by": _TEXT,
    "currency": _TEXT,
    "margin": _plan,
    "minimise": _CLAIM,
    "keep_names": _CLAIM,
    "precision": _of(int, "a whole number"),
    "rounding": _TEXT,
    "automatic": _CLAIM,
}
