"""
The reader of each kind of column, with the regular shape it takes whole columns of.
"""

from datetime import UTC, tzinfo

import polars as pl

from ratecards.deck.cells.amounts import Decimal_, read_amount
from ratecards.deck.cells.codes import CodeStyle, read_codes
from ratecards.deck.cells.countries import COUNTRY_CODES, is_country_code
from ratecards.deck.cells.dates import FIRST_YEAR, LAST_YEAR, read_date
from ratecards.deck.cells.intervals import read_digits, read_interval
from ratecards.deck.cells.names import read_origin
from ratecards.deck.cells.statuses import read_change, read_flag, read_remark, read_status
from ratecards.deck.errors import CellError, DeckError
from ratecards.deck.mapping import DateOrder
from ratecards.deck.parse import CellReader
from ratecards.money import DECIMALS

MAX_RULES = 5_000_000
"""Rules one deck may give; ranges could otherwise make billions of a short file."""

AREA_MARK = "\x1f"
"""Parts a country code from the area cell after it, where both make one code."""

_CODE = r"^\+?[1-9][0-9]{0,14}$"
_NPA = r"^[2-9][0-9]{2}[2-9][0-9]{2}$"
_IN_COUNTRY = rf"^([1-9][0-9]{{0,2}}){AREA_MARK}[0-9]{{0,12}}$"
_CODES = {"prefix": pl.String, "codes": pl.Int32}
_AMOUNT = {".": r"^[0-9]{1,8}(?:\.[0-9]{1,10})?$", ",": r"^[0-9]{1,8}(?:,[0-9]{1,10})?$"}
_SECOND = r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-5][0-9]:[0-5][0-9]Z?$"


def codes(style: CodeStyle) -> CellReader:
    """
    Codes, several of one cell joined with commas, and how many there are; null is one.
    """
    budget = _Budget()
    regular = _regular_npa if style.npa_nxx else _regular_code
    return CellReader(_CODES, lambda cell: budget.joined(read_codes(cell, style)), regular)


def codes_in_country(style: CodeStyle) -> CellReader:
    """
    Codes of cells that hold a country code, :data:`AREA_MARK` and the areas of it, if any.
    """
    budget = _Budget()

    def read(cell: str) -> tuple[str, int]:
        country, _, areas = cell.partition(AREA_MARK)
        (code, *more) = read_codes(country, CodeStyle())
        if more or not is_country_code(code):
            raise CellError(f"follows {country!r}, which is no country code")
        return budget.joined(read_codes(areas, style, code) if areas else [code])

    return CellReader(_CODES, read, _regular_in_country)


class _Budget:
    """
    Codes one deck may still stand for.
    """

    def __init__(self) -> None:
        self._left = MAX_RULES

    def joined(self, found: list[str]) -> tuple[str, int]:
        self._left -= len(found)
        if self._left < 0:
            raise DeckError(f"stands for more than {MAX_RULES:,} codes")
        return ",".join(found), len(found)


def _regular_code(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(_CODE)).then(cell.str.strip_prefix("+"))


def _regular_npa(cell: pl.Expr) -> pl.Expr:
    return pl.when(cell.str.contains(_NPA)).then("1" + cell)


def _regular_in_country(cell: pl.Expr) -> pl.Expr:
    country = cell.str.extract(_IN_COUNTRY, 1)
    regular = cell.str.contains(_IN_COUNTRY) & country.is_in(sorted(COUNTRY_CODES))
    return pl.when(regular).then(cell.str.replace(AREA_MARK, "", literal=True))


def amounts(decimal: Decimal_) -> CellReader:
    """
    Prices in units of 10**-10, the currency a cell names, and whether it was rounded.
    """

    def regular(cell: pl.Expr) -> pl.Expr:
        number = cell.str.replace(",", ".", literal=True) if decimal == "," else cell
        exact = number.cast(pl.Decimal(38, DECIMALS), strict=False).to_physical().cast(pl.Int64, strict=False)
        return pl.when(cell.str.contains(_AMOUNT[decimal])).then(exact)

    schema = {"units": pl.Int64, "currency": pl.String, "rounded": pl.Boolean}
    return CellReader(schema, lambda cell: read_amount(cell, decimal), regular)


def dates(order: DateOrder | None, zone: tzinfo, end: bool = False) -> CellReader:
    """
    Unix seconds, whether the cell names a day only, says as soon as possible, or leaves its order open.

    Args:
        order: of day, month and year.
        zone: of dates that name none.
        end: a day without a time stands for the midnight after it.
    """

    def read(cell: str) -> tuple[int | None, bool, bool, bool]:
        moment = read_date(cell, order, zone, end=end)
        return moment.seconds, moment.whole_day, moment.asap, moment.open

    schema = {"seconds": pl.Int64, "whole_day": pl.Boolean, "asap": pl.Boolean, "open": pl.Boolean}
    return CellReader(schema, read, _regular_date if zone is UTC else None)


def _regular_date(cell: pl.Expr) -> pl.Expr:
    written = cell.str.strip_suffix("Z").str.replace("T", " ", literal=True)
    moment = written.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    in_years = moment.dt.year().is_between(FIRST_YEAR, LAST_YEAR)
    return pl.when(cell.str.contains(_SECOND) & in_years).then(moment.dt.epoch("s"))


def intervals() -> CellReader:
    """
    Seconds of the first increment, and of the next where the cell has both.
    """
    return CellReader({"first": pl.Int32, "next": pl.Int32}, read_interval)


def digits() -> CellReader:
    """
    A bound on the length of a number.
    """
    return CellReader({"digits": pl.Int16}, read_digits)


def origins() -> CellReader:
    """
    Calling prefixes or an origin group.
    """
    return CellReader({"origin": pl.String}, read_origin)


def blocks(field: str) -> CellReader:
    """
    Whether the code is blocked, from a column of the given field.
    """
    if field == "active":
        return CellReader({"blocked": pl.Boolean}, lambda cell: (not read_flag(cell)[0],))
    reads = {"status": read_status, "blocked": read_flag, "change": read_change, "remark": read_remark}
    return CellReader({"blocked": pl.Boolean}, reads[field])
