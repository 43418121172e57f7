"""
One code, one date, one price: what happens where a deck has two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from ratecards.deck.errors import DeckError
from ratecards.deck.mapping import Duplicates
from ratecards.deck.neighbours import DictionaryOrder
from ratecards.deck.report import Warning_
from ratecards.deck.rows import LINE, ROW
from ratecards.money import format_units

KEY = ["prefix", "origin", "min_digits", "max_digits", "effective"]
"""Rules that agree in all of these would hold at once."""

TERMS = [
    "rate_units",
    "connect_fee_units",
    "mcd_s",
    "pulse_s",
    "expires",
    "rate_inter_units",
    "rate_intra_units",
    "rate_indeterminate_units",
]
"""Rules that agree in these as well say the same."""

MAX_TWINS = 1_000_000
"""Rows that may repeat a key; beyond, the file is no price list."""

_INDEX = "index"


class _Twin(NamedTuple):
    place: int
    row: int
    line: int
    prefix: str
    blocked: bool
    terms: tuple[int | None, ...]

    def says(self) -> str:
        return "blocked" if self.blocked else format_units(self.terms[0] or 0)


@dataclass(slots=True)
class Resolved:
    """
    A card with one rule a key.

    Attributes:
        rules: as they came, the superfluous ones left out.
        refused: row → line, prefix and reason of the row it is refused for.
        warnings: of what was left out, and why.
        order: of the rules' prefixes, where no prefix has several rules; None: some may.
    """

    rules: pl.DataFrame
    refused: dict[int, tuple[int, str, str]] = field(default_factory=dict)
    warnings: list[Warning_] = field(default_factory=list)
    order: DictionaryOrder | None = None


def resolve_duplicates(rules: pl.DataFrame, duplicates: Duplicates) -> Resolved:
    """
    Leave one rule of each key.

    The same terms twice are one rule. A blocked rule beats every price: do not route stays do not route. Different
    terms are refused, row and all, unless the mapping says which to take.

    Args:
        rules: :data:`ratecards.rules.SCHEMA` with ``row`` and ``line``.
        duplicates: the mapping's word.

    Raises:
        DeckError: more repeated keys than a price list has.
    """
    order = DictionaryOrder(rules["prefix"])
    if not order.has_twins():
        return Resolved(rules, order=order)
    if rules.height - rules.select(KEY).n_unique() > MAX_TWINS:
        raise DeckError(f"has more than {MAX_TWINS:,} rows with a code and date that stand there already")
    groups = list(_groups(rules))
    result = Resolved(rules)
    if duplicates == "refuse":
        for group in groups:
            result.refused |= {row: why for row, why in _clashes(group).items() if row not in result.refused}
    dropped = [index for group in groups for index in _superfluous(group, duplicates, result)]
    left = ~pl.col(_INDEX).is_in(dropped) & ~pl.col(ROW).is_in(list(result.refused))
    result.rules = rules.with_row_index(_INDEX).filter(left).drop(_INDEX)
    return result


def _groups(rules: pl.DataFrame) -> Iterator[list[_Twin]]:
    twice = rules.with_row_index(_INDEX).filter(pl.struct(KEY).is_duplicated())
    found: dict[tuple[object, ...], list[_Twin]] = {}
    columns = [_INDEX, ROW, LINE, "prefix", "blocked"]
    for key, head, terms in zip(*(twice.select(names).iter_rows() for names in (KEY, columns, TERMS)), strict=True):
        found.setdefault(key, []).append(_Twin(head[0], head[1], head[2], head[3], head[4], terms))
    yield from found.values()


def _clashes(group: list[_Twin]) -> dict[int, tuple[int, str, str]]:
    if any(twin.blocked for twin in group) or len({twin.terms for twin in group}) == 1:
        return {}
    return {twin.row: (twin.line, twin.prefix, _clash(twin, group)) for twin in group}


def _clash(twin: _Twin, group: list[_Twin]) -> str:
    other = next(o for o in group if o.terms != twin.terms)
    terms = f"at {other.says()}" if other.terms[0] != twin.terms[0] else "on other terms"
    return (
        f"{twin.prefix} stands in line {other.line} as well, {terms} and from the same date: "
        "say duplicates = cheapest, dearest or last in the mapping"
    )


def _superfluous(group: list[_Twin], duplicates: Duplicates, result: Resolved) -> Iterator[int]:
    left = [twin for twin in group if twin.row not in result.refused]
    if len(left) < 2:
        return
    taken = _taken(left, duplicates)
    for twin in left:
        if twin is not taken:
            result.warnings.append(Warning_("duplicate", _left_out(twin, taken), twin.line, twin.prefix))
            yield twin.place


def _taken(group: list[_Twin], duplicates: Duplicates) -> _Twin:
    blocked = [twin for twin in group if twin.blocked]
    if blocked:
        return blocked[0]
    if duplicates == "last":
        return group[-1]
    price = [(twin.terms[0] or 0, twin.terms[1] or 0) for twin in group]
    return group[price.index(max(price) if duplicates == "dearest" else min(price))]


def _left_out(twin: _Twin, taken: _Twin) -> str:
    where = f"line {taken.line}" if taken.line != twin.line else "the same line"
    if taken.blocked == twin.blocked and taken.terms == twin.terms:
        return f"{twin.prefix} stands in {where} as well, on the same terms"
    return f"{twin.prefix} stands in {where} as well, {taken.says()}: that is loaded, and {twin.says()} is left out"
