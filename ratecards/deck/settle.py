"""
What a cell alone leaves open and the whole column settles: decimal sign, order of dates, hyphens, spaces.

Nothing is guessed. Where the column does not settle it either, the card is refused with the question, and the mapping
answers it once for all decks of the carrier.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from ratecards.deck.cells.amounts import Decimal_, decimal_evidence
from ratecards.deck.cells.codes import CodeStyle
from ratecards.deck.cells.dates import ORDERS, orders
from ratecards.deck.cells.entries import DASHES, Item, hyphen_evidence, items, space_evidence
from ratecards.deck.errors import CellError
from ratecards.deck.mapping import DateOrder, Hyphen, Mapping, Spaces
from ratecards.deck.words import LISTS, NPA_NXX

_SURELY_POINT = r"^(?:0[0-9]*\.[0-9]+|[0-9]{1,9}\.(?:[0-9]{1,2}|[0-9]{4,}))$"
_NUMBERS_ONLY = r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}"
_NO_SIGN = r"^[0-9]+$"
_MARKS = {"hyphen": rf"[0-9] *[{DASHES}] *[0-9]", "space": r"[0-9][ \x{a0}]+[0-9]"}


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of cells with the line of each.
    """

    cells: pl.Series
    lines: pl.Series

    def place(self, cell: str) -> str:
        """
        A cell and the first line it stands on, for a sentence.
        """
        return f"{cell!r} in line {self.lines[self.cells.index_of(cell) or 0]}"


def settle_decimal(columns: Sequence[Column], mapping: Mapping) -> tuple[Decimal_, str | None]:
    """
    Say what the decimal sign of all prices is.

    Returns:
        The sign, and the question where the prices leave it open.
    """
    if mapping.decimal_comma is not None:
        return ("," if mapping.decimal_comma else "."), None
    seen: dict[str, str] = {}
    for column in columns:
        settled = column.cells.str.contains(f"{_SURELY_POINT}|{_NO_SIGN}")
        if settled.all():
            continue
        point = column.cells.filter(column.cells.str.contains(_SURELY_POINT))
        unsure = column.cells.filter(~settled)
        for cell in [*point.head(1), *unsure.unique(maintain_order=True)]:
            evidence = decimal_evidence(cell)
            if evidence is not None and evidence not in seen:
                seen[evidence] = column.place(cell)
    kinds = set(seen)
    if kinds <= {".", "1.234"}:
        return ".", None
    if "," in kinds and kinds <= {",", "1,234"}:
        return ",", None
    shown = " and ".join(sorted(seen.values()))
    return ".", f"the decimal sign of the prices is open ({shown}): say decimal_comma = true or false in the mapping"


def settle_order(columns: Sequence[Column], mapping: Mapping) -> tuple[DateOrder | None, str | None]:
    """
    Say in which order dates are written.

    Returns:
        The order, None where it does not matter or is open; and the question where it is open.
    """
    if mapping.date_order is not None:
        return mapping.date_order, None
    left, asked = set(ORDERS), ""
    differing: list[DateOrder] = []
    for column in columns:
        for cell in column.cells.filter(column.cells.str.contains(_NUMBERS_ONLY)).unique(maintain_order=True):
            days = orders(cell)
            left &= set(days) or left
            if len(set(days.values())) > 1 and not asked:
                asked, differing = column.place(cell), list(days)
            if not left:
                return None, f"dates are written in two orders (see {column.place(cell)}): {_SAY_ORDER}"
    if len(left) == 1:
        return left.pop(), None
    if not asked:
        return None, None
    return None, f"{asked} may be {' or '.join(_ORDER_WORDS[o] for o in differing)}: {_SAY_ORDER}"


_SAY_ORDER = "say date_order = dmy, mdy or ymd in the mapping"
_ORDER_WORDS = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}


def settle_codes(column: Column, wording: str, mapping: Mapping) -> tuple[CodeStyle, list[str]]:
    """
    Say how a column of whole codes writes them.

    Args:
        column: of codes.
        wording: of its header, in small letters.
        mapping: answers given.

    Returns:
        The style, and the questions left open.
    """
    questions = _npa_question(column, wording, mapping)
    column = _without_plain(column)
    hyphen, spaces = mapping.hyphen, mapping.spaces
    if hyphen is None and not mapping.npa_nxx:
        hyphen, question = _hyphen(_seen(column, "hyphen", hyphen_evidence))
        questions += question
    if spaces is None and wording not in LISTS:
        seen = _seen(column, "space", space_evidence)
        spaces = None if "either" in seen else "join"
        if spaces is None:
            questions.append(f"the space in {seen['either']} may part two codes or one: {_SAY_SPACES}")
    return CodeStyle(hyphen, spaces or _listed(wording), mapping.npa_nxx, told=mapping.hyphen is not None), questions


_SAY_SPACES = "say spaces = list or join in the mapping"
_SAY_HYPHEN = "say hyphen = range or join in the mapping"


def _without_plain(column: Column) -> Column:
    odd = ~column.cells.str.contains(r"^\+?[0-9]+$")
    return Column(column.cells.filter(odd), column.lines.filter(odd))


def _listed(wording: str) -> Spaces | None:
    return "list" if wording in LISTS else None


def _hyphen(seen: dict[str, str]) -> tuple[Hyphen | None, list[str]]:
    if "range" in seen and "join" in seen:
        places = f"a range of codes in {seen['range']} and joins two parts of one in {seen['join']}"
        return None, [f"a hyphen is {places}: {_SAY_HYPHEN}"]
    if "range" in seen:
        return "range", []
    if "join" in seen:
        return "join", []
    if "either" in seen:
        return None, [f"the hyphen in {seen['either']} may be a range or a join: {_SAY_HYPHEN}"]
    return None, []


def _seen(column: Column, mark: str, evidence: Callable[[Item], str | None]) -> dict[str, str]:
    seen: dict[str, str] = {}
    for cell in column.cells.filter(column.cells.str.contains(_MARKS[mark])).unique(maintain_order=True):
        try:
            kinds = {evidence(item) for item in items(cell)} - {None}
        except CellError:
            continue
        for kind in kinds:
            if kind and kind not in seen:
                seen[kind] = column.place(cell)
    return seen


def _npa_question(column: Column, wording: str, mapping: Mapping) -> list[str]:
    if wording not in NPA_NXX or mapping.npa_nxx:
        return []
    short = column.cells.filter(column.cells.str.contains(r"^[2-9][0-9]{2}(?:[- ]?[2-9][0-9]{2}[0-9]?)?$"))
    if short.is_empty():
        return []
    return [f"codes such as {column.place(short[0])} lack the leading 1: say npa_nxx = true in the mapping"]
