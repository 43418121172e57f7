"""
Where the table of rates begins, and which column holds what.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ratecards.deck.grid import Sheet
from ratecards.deck.mapping import Mapping
from ratecards.deck.words import FULL_CODE, IGNORE, Heading, normal, recognise

HEADER_WITHIN = 200
"""Rows searched for the header; covering letters on top of a price list run to a page."""

SEVERAL = ("name", "country", "network", "blocked", "change", "remark")
"""Fields more than one column may hold."""

JURISDICTIONS = ("rate_inter", "rate_intra", "rate_indeterminate")

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """
    The header of a sheet and the columns found under it.

    Attributes:
        row: index of the header in the sheet's rows.
        header: its cells, blank ones empty.
        columns: field → index of its column; fields of :data:`SEVERAL` have a number behind: ``blocked 1``.
        questions: what the header leaves open, a sentence each.
    """

    row: int
    header: tuple[str, ...]
    columns: dict[str, int] = field(default_factory=dict)
    headings: tuple[Heading, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def ignored(self) -> tuple[str, ...]:
        """
        Headers nothing is read from.
        """
        used = set(self.columns.values())
        return tuple(text for i, text in enumerate(self.header) if text and i not in used)

    def title(self, column: int) -> str:
        """
        What a report calls a column.
        """
        return self.header[column] or f"column {column + 1}"

    def fields(self, name: str) -> list[tuple[str, int]]:
        """
        The columns of a field that several may hold.
        """
        return [(key, i) for key, i in self.columns.items() if key == name or key.startswith(name + " ")]


def find_layout(sheet: Sheet, mapping: Mapping, at: int | None = None) -> Layout | None:
    """
    Find the first row that names a code and a price.

    Args:
        sheet: the cells.
        mapping: names of columns the words do not tell.
        at: index of the only row it can be; None: any.

    Returns:
        The layout, with questions where the header leaves something open; None: the sheet has no such row.
    """
    first, count = (at, 1) if at is not None else (0, 1 if sheet.header_given else HEADER_WITHIN)
    for index, row in enumerate(sheet.cells.slice(first, count).iter_rows(), start=first):
        header = tuple(cell or "" for cell in row)
        headings = _headings(header, mapping)
        fields = {heading.field for heading in headings}
        if _names_codes(fields) and _names_prices(fields, mapping):
            return _layout(index, header, headings, mapping)
    return None


def _headings(header: tuple[str, ...], mapping: Mapping) -> tuple[Heading, ...]:
    given = {normal(text): name for text, name in mapping.columns.items()}
    return tuple(_heading(text, position, given) for position, text in enumerate(header, start=1))


def _heading(text: str, position: int, given: dict[str, str]) -> Heading:
    heading = recognise(text)
    name = given.get(f"column {position}", given.get(heading.wording) if text else None)
    if name is None:
        return heading
    return replace(heading, field=None if name == IGNORE else name, age="", told=True)


def _names_codes(fields: set[str | None]) -> bool:
    return bool(fields & {"prefix", "area", "country_code", "npa"})


def _names_prices(fields: set[str | None], mapping: Mapping) -> bool:
    return bool(fields & {"rate", "rate_next", *JURISDICTIONS}) or "rate" in mapping.constants


def _layout(index: int, header: tuple[str, ...], headings: tuple[Heading, ...], mapping: Mapping) -> Layout:
    columns: dict[str, int] = {}
    questions: list[str] = []
    for name in dict.fromkeys(heading.field for heading in headings if heading.field):
        found = [i for i, heading in enumerate(headings) if heading.field == name]
        if name in SEVERAL:
            columns |= {f"{name} {n}" if n else name: i for n, i in enumerate(found)}
            continue
        chosen = [i for i in found if headings[i].told] or list(_preferred(name, found, headings))
        if len(chosen) > 1:
            questions.append(_which(name, [header[i] for i in chosen]))
        columns[name] = chosen[0]
    questions += _units_question(header, headings, columns, mapping)
    return Layout(index, header, _one_way_of_codes(columns), headings, tuple(questions))


def _which(name: str, titles: list[str]) -> str:
    places = "" if len(set(titles)) == len(titles) else "; 'column 3' names the third"
    return (
        f"several columns hold the {_NOUNS.get(name, name)} ({', '.join(titles)}): "
        f"say in the mapping's columns which is '{name}' and which to 'ignore'{places}"
    )


_NOUNS = {"prefix": "codes", "rate": "price"}


def _preferred(name: str, found: list[int], headings: Sequence[Heading]) -> Iterator[int]:
    if name == "prefix":
        full = [i for i in found if headings[i].wording in FULL_CODE]
        yield from full or found
    elif name == "rate":
        yield from _current_price(found, headings)
    else:
        yield from found


def _current_price(found: list[int], headings: Sequence[Heading]) -> list[int]:
    new = [i for i in found if headings[i].age == "new"]
    rest = [i for i in found if headings[i].age == ""]
    if new and not rest:
        return new
    return new + rest or found


def _units_question(
    header: tuple[str, ...], headings: Sequence[Heading], columns: dict[str, int], mapping: Mapping
) -> Iterator[str]:
    for name in ("rate", "rate_next", *JURISDICTIONS):
        if name not in columns:
            continue
        heading, title = headings[columns[name]], header[columns[name]]
        if heading.minor and mapping.price_divisor == 1:
            yield f"column '{title}' holds hundredths of the currency: say price_divisor = 100 in the mapping"
        if heading.per_second and mapping.rate_seconds == 60:
            yield f"column '{title}' holds prices of one second: say rate_seconds = 1 in the mapping"


def _one_way_of_codes(columns: dict[str, int]) -> dict[str, int]:
    # A column that would be a part of the code is the whole of it where the other part has no column.
    if "prefix" in columns:
        return {name: i for name, i in columns.items() if name not in ("area", "npa", "nxx")}
    if "npa" in columns and "nxx" in columns:
        return {name: i for name, i in columns.items() if name not in ("area", "country_code")}
    if "npa" in columns:
        return {
            "prefix" if name == "npa" else name: i
            for name, i in columns.items()
            if name not in ("area", "country_code")
        }
    if "area" in columns and "country_code" not in columns:
        columns["prefix"] = columns.pop("area")
    elif "country_code" in columns and "area" not in columns:
        columns["prefix"] = columns.pop("country_code")
    return columns
