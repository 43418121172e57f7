"""
The jurisdictions of very many calls at once: each pair of places is looked at once.
"""

import polars as pl

from ratecards.jurisdiction import Places
from ratecards.model import Jurisdiction

RATES = {
    Jurisdiction.INTERSTATE: "rate_inter_units",
    Jurisdiction.INTRASTATE: "rate_intra_units",
    Jurisdiction.INDETERMINATE: "rate_indeterminate_units",
}
"""The column of the rate of each; international calls have the rule's own."""
_NANP_DIGITS = 11
_EXCHANGE = 7
"""Digits that tell where a North American number is."""


def rates_of(found: pl.DataFrame, cli: pl.Series, rated: pl.Series, places: Places | None) -> pl.Series:
    """
    The rate that applies to each call.

    Args:
        found: ``rate_units`` and the columns of :data:`RATES`, of the rule that decides it.
        cli: calling numbers; empty: not known.
        rated: the numbers that are rated.
        places: where numbers are; the bundled table when left out.
    """
    jurisdictions = _jurisdictions(cli, rated, places or Places.nanpa())
    rate = pl.col("rate_units")
    for jurisdiction, column in RATES.items():
        rate = pl.when(jurisdictions == str(jurisdiction)).then(pl.coalesce(column, "rate_units")).otherwise(rate)
    return found.select(rate.alias("rate_units"))["rate_units"]


def _jurisdictions(cli: pl.Series, rated: pl.Series, places: Places) -> pl.Series:
    calls = pl.DataFrame([cli.alias("cli"), rated.alias("rated")])
    calls = calls.with_columns(here=_place(calls["cli"], places), there=_place(calls["rated"], places))
    pairs = calls.unique(["here", "there"])
    found = [str(places.jurisdiction(*pair)) for pair in pairs.select("cli", "rated").iter_rows()]
    named = pairs.select("here", "there").with_columns(pl.Series("jurisdiction", found, dtype=pl.String))
    return calls.join(named, on=["here", "there"], how="left", maintain_order="left")["jurisdiction"]


def _place(numbers: pl.Series, places: Places) -> pl.Series:
    """
    A text for each number, the same for numbers that no jurisdiction tells apart.
    """
    number = pl.col("number")
    whole = number.str.len_bytes() == _NANP_DIGITS
    cut = pl.when(whole).then(number.str.slice(0, _EXCHANGE)).otherwise(number.str.slice(0, 1))
    starts = numbers.alias("number").to_frame().select(cut.alias("start"))
    known = starts["start"].unique()
    names = pl.Series("place", [_name(start, places) for start in known], dtype=pl.String)
    return starts.join(pl.DataFrame([known, names]), on="start", how="left", maintain_order="left")["place"]


def _name(start: str, places: Places) -> str:
    place = places.place_of(start.ljust(_NANP_DIGITS, "0")) if len(start) == _EXCHANGE else None
    return f"{place.country} {place.state}" if place else start[:1]
