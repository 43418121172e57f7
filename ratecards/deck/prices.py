"""
The money of a row: rate, connect fee, jurisdictions, and the currency all of it is in.
"""

from dataclasses import dataclass

import polars as pl

from ratecards.deck.cells.amounts import Decimal_
from ratecards.deck.layout import JURISDICTIONS
from ratecards.deck.mapping import Mapping
from ratecards.deck.readers import amounts
from ratecards.deck.rows import LINE
from ratecards.deck.table import Table
from ratecards.money import MAX_UNITS, parse_units

MONEY = ("rate", "rate_next", *JURISDICTIONS, "connect_fee")

BLANK = "is blank, and a blank price is never free"
_TWO_PRICES = "differs from the price of the first interval, and a rule has one price"
_INEXACT = "is no whole number of 10**-10 of the currency for 60 seconds"


@dataclass(frozen=True, slots=True)
class Prices:
    """
    Columns of units of 10**-10, as long as the table.

    Attributes:
        frame: ``rate_units``, ``connect_fee_units``, ``rate_inter_units``, ...; null where refused or not given.
        currencies: every currency a cell names, with the first line it does; signs are still signs.
        rounded: Boolean: rows with a price whose decimals beyond the tenth were a float's error.
    """

    frame: pl.DataFrame
    currencies: dict[str, int]
    rounded: pl.Series


def read_prices(table: Table, decimal: Decimal_, mapping: Mapping, blocked: pl.Series) -> Prices:
    """
    Read all money columns.

    A blocked row needs no price: its bad price cells are no refusal, and give 0.
    """
    reader = amounts(decimal)
    found = {name: table.read(name, reader, excused=blocked) for name in MONEY}
    units = {name: _scaled(table, name, frame, mapping, blocked) for name, frame in found.items() if frame is not None}
    read = [frame for frame in found.values() if frame is not None]
    rounded = pl.select(pl.any_horizontal(pl.lit(value=False), *[f["rounded"].fill_null(value=False) for f in read]))
    fee = 0 if mapping.connect_fee is None else parse_units(mapping.connect_fee)
    return Prices(_columns(table, units, blocked, fee), _named(table, read), rounded.to_series())


def _named(table: Table, read: list[pl.DataFrame]) -> dict[str, int]:
    currencies: dict[str, int] = {}
    for frame in read:
        if frame["currency"].null_count() < frame.height:
            named = table.rows.select(LINE, frame["currency"]).drop_nulls().unique("currency", keep="first")
            for line, name in named.sort(LINE).iter_rows():
                currencies.setdefault(name, line)
    return currencies


def _scaled(table: Table, name: str, frame: pl.DataFrame, mapping: Mapping, blocked: pl.Series) -> pl.Series:
    units = frame["units"]
    times = 60 if name != "connect_fee" and mapping.rate_seconds != 60 else 1
    parts = mapping.price_divisor * (mapping.rate_seconds if times == 60 else 1)
    if times == parts == 1:
        return units
    fits = (units <= MAX_UNITS // times) & (units * times % parts == 0)
    table.refuse_where(name, units.is_not_null() & ~fits & ~blocked, _INEXACT)
    return pl.select(pl.when(fits).then(units * times // parts)).to_series()


def _columns(table: Table, units: dict[str, pl.Series], blocked: pl.Series, fee: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rate_units": _rate(table, units, blocked),
            "connect_fee_units": units.get("connect_fee", table.nothing(pl.Int64)).fill_null(fee),
            **{f"{name}_units": units.get(name, table.nothing(pl.Int64)) for name in JURISDICTIONS},
        }
    )


def _rate(table: Table, units: dict[str, pl.Series], blocked: pl.Series) -> pl.Series:
    plain = [name for name in ("rate", "rate_next") if name in units]
    if not plain:
        return _rate_of_jurisdictions(table, units, blocked)
    for name in plain:
        table.refuse_where(name, _blank(table, name) & ~blocked, BLANK)
    if len(plain) == 2:
        table.refuse_where("rate_next", (units["rate"] != units["rate_next"]) & ~blocked, _TWO_PRICES)
    rate = units[plain[0]]
    return _zero_where(rate, blocked)


def _rate_of_jurisdictions(table: Table, units: dict[str, pl.Series], blocked: pl.Series) -> pl.Series:
    known = [name for name in JURISDICTIONS if name in units]
    for name in known:
        if name != "rate_indeterminate":
            table.refuse_where(name, _blank(table, name) & ~blocked, BLANK)
    higher = pl.max_horizontal([units[name] for name in known])
    if "rate_indeterminate" in units:
        higher = pl.coalesce(units["rate_indeterminate"], higher)
    rate = pl.select(higher.cast(pl.Int64)).to_series()
    if known == ["rate_indeterminate"]:
        table.refuse_where(known[0], _blank(table, known[0]) & ~blocked, BLANK)
    return _zero_where(rate, blocked)


def _blank(table: Table, name: str) -> pl.Series:
    cells = table.cells(name)
    return table.nothing(pl.String).is_null() if cells is None else cells.is_null()


def _zero_where(rate: pl.Series, blocked: pl.Series) -> pl.Series:
    return pl.select(pl.when(rate.is_null() & blocked).then(0).otherwise(rate)).to_series()
