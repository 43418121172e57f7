"""
The codes of a row, from one column or from two that make one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ratecards.deck.cells.codes import CodeStyle
from ratecards.deck.errors import DeckError
from ratecards.deck.mapping import Mapping
from ratecards.deck.parse import REASON, CellReader, read_cells
from ratecards.deck.readers import AREA_MARK, MAX_RULES, codes, codes_in_country
from ratecards.deck.rows import LINE
from ratecards.deck.settle import Column, settle_codes
from ratecards.deck.table import Table
from ratecards.deck.words import normal

_BLANK = "is blank, and a rate needs a code"


@dataclass(frozen=True, slots=True)
class Prefixes:
    """
    The codes of every row.

    Attributes:
        cells: text, several codes of a row joined with commas, null where refused.
        several: some row has several.
        questions: what the column leaves open.
    """

    cells: pl.Series
    several: bool
    questions: tuple[str, ...] = ()


def read_prefixes(table: Table, mapping: Mapping) -> Prefixes:
    """
    Read the codes of every row.

    Raises:
        DeckError: more codes than a deck can have.
    """
    columns = table.layout.columns
    if "prefix" in columns:
        return _from_one(table, mapping)
    if "npa" in columns:
        cells = _joined(table, "npa", "nxx", "")
        return _read(table, "nxx", cells, codes(CodeStyle(npa_nxx=True)))
    cells = _joined(table, "country_code", "area", AREA_MARK, blank_second=True)
    style = CodeStyle(mapping.hyphen, mapping.spaces)
    return _read(table, "area", cells, codes_in_country(style), _whole_codes_question(table))


def _from_one(table: Table, mapping: Mapping) -> Prefixes:
    cells = _text(table, "prefix")
    title = table.layout.header[table.layout.columns["prefix"]]
    style, questions = settle_codes(Column(cells, table.rows[LINE]), normal(title), mapping)
    if not _told(table, "prefix"):
        questions += _country_question(table, cells, title)
    table.refuse_where("prefix", cells.is_null(), _BLANK)
    return _read(table, "prefix", cells, codes(style), questions)


def _text(table: Table, name: str) -> pl.Series:
    cells = table.cells(name)
    return table.nothing(pl.String) if cells is None else cells


def _read(table: Table, name: str, cells: pl.Series, reader: CellReader, questions: Iterable[str] = ()) -> Prefixes:
    found = read_cells(cells, reader)
    if found["codes"].sum() > MAX_RULES:
        raise DeckError(f"stands for more than {MAX_RULES:,} codes")
    table.refuse(name, found[REASON])
    return Prefixes(found["prefix"], bool((found["codes"] > 1).any()), tuple(questions))


def _joined(table: Table, first: str, second: str, mark: str, blank_second: bool = False) -> pl.Series:
    one, two = _text(table, first), _text(table, second)
    table.refuse_where(first, one.is_null(), _BLANK)
    if blank_second:
        two = two.fill_null("")
    else:
        table.refuse_where(second, two.is_null() & one.is_not_null(), _BLANK)
    return one + mark + two


def _country_question(table: Table, cells: pl.Series, title: str) -> list[str]:
    country = table.cells("country_code")
    if country is None:
        return []
    digits = country.str.extract(r"^\+?([1-9][0-9]{0,2})(?:\.0)?$")
    strays = ~_start_with(cells.str.strip_chars_start("^+'"), digits).fill_null(value=True)
    if not strays.any():
        return []
    place = Column(cells, table.rows[LINE]).place(cells.filter(strays)[0])
    return [f"the code {place} does not start with its country code: {_say_which(title)}"]


def _whole_codes_question(table: Table) -> list[str]:
    country, area = _text(table, "country_code"), _text(table, "area")
    title = table.layout.header[table.layout.columns["area"]]
    whole = _start_with(area, country.str.strip_chars_start("+")).drop_nulls()
    if _told(table, "area") or whole.is_empty() or not whole.all():
        return []
    return [f"every cell of '{title}' starts with its country code: {_say_which(title)}"]


def _told(table: Table, name: str) -> bool:
    return table.layout.headings[table.layout.columns[name]].told


def _say_which(title: str) -> str:
    return f"say in the mapping's columns whether '{title}' is the 'prefix' or the 'area'"


def _start_with(cells: pl.Series, starts: pl.Series) -> pl.Series:
    return (
        pl.DataFrame({"cell": cells, "start": starts})
        .select(pl.col("cell").str.starts_with(pl.col("start")))
        .to_series()
    )
