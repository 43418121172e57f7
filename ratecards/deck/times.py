"""
When a row holds, and by what increments its calls are billed.
"""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import polars as pl

from ratecards.deck.errors import DeckError
from ratecards.deck.mapping import DateOrder, Mapping, is_zone
from ratecards.deck.readers import dates, intervals
from ratecards.deck.table import Table

DEFAULT_S = 1
"""Seconds of both increments where neither the deck nor the mapping names one: by the second."""


@dataclass(frozen=True, slots=True)
class Times:
    """
    Columns as long as the table.

    Attributes:
        frame: ``mcd_s``, ``pulse_s``, ``effective``, ``expires``.
        defaulted: Boolean: rows without increments of their own.
        last_day: Boolean: rows whose end date is a day, taken to be the last day of the rate.
    """

    frame: pl.DataFrame
    defaulted: pl.Series
    last_day: pl.Series


def _zone(table: Table, mapping: Mapping) -> tzinfo:
    name = mapping.timezone or table.stated.get("timezone", "UTC")
    if not is_zone(name):
        raise DeckError(f"states its dates in a time zone that does not exist: '{name[:40]}'")
    return UTC if name == "UTC" else ZoneInfo(name)


def read_times(table: Table, order: DateOrder | None, mapping: Mapping, now: int | None, blocked: pl.Series) -> Times:
    """
    Read the dates and increments.

    Args:
        table: the rows.
        order: of day, month and year.
        mapping: time zone, defaults, and whether an end date is the last day.
        now: unix seconds ``ASAP`` means; None: it means no date.
        blocked: rows whose bad increments are no refusal.

    Raises:
        DeckError: the document states its dates in a time zone that does not exist.
    """
    zone = _zone(table, mapping)
    effective = _effective(table, order, zone, now)
    expires, last_day = _expires(table, order, zone, mapping.end_date_included)
    table.refuse_where("expires", (expires <= effective).fill_null(value=False), "is not after the start date")
    increments, defaulted = _increments(table, mapping, blocked)
    return Times(increments.with_columns(effective=effective, expires=expires), defaulted, last_day)


def _effective(table: Table, order: DateOrder | None, zone: tzinfo, now: int | None) -> pl.Series:
    found = table.read("effective", dates(order, zone))
    if found is None:
        return table.nothing(pl.Int64)
    return found.select(pl.when("asap").then(pl.lit(now, dtype=pl.Int64)).otherwise("seconds")).to_series()


def _expires(table: Table, order: DateOrder | None, zone: tzinfo, included: bool) -> tuple[pl.Series, pl.Series]:
    found = table.read("expires", dates(order, zone, end=included))
    if found is None:
        return table.nothing(pl.Int64), table.nothing(pl.Boolean)
    table.refuse_where("expires", found["asap"].fill_null(value=False), "is no end date")
    return found["seconds"], found["whole_day"] & included


def _increments(table: Table, mapping: Mapping, blocked: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
    found = {name: table.read(name, intervals(), excused=blocked) for name in ("mcd", "pulse", "billing")}
    later = "billing" if found["pulse"] is None else "pulse"
    nothing = pl.DataFrame({"first": table.nothing(pl.Int32), "next": table.nothing(pl.Int32)})
    one, two = (nothing if frame is None else frame for frame in (found["mcd"], found[later]))
    second = pl.select(pl.coalesce(two["next"], two["first"])).to_series()
    clash = (two["next"].is_not_null() & (one["first"] != two["first"])) | (one["next"] != second)
    table.refuse_where(later, clash.fill_null(value=False) & ~blocked, "does not agree with the first interval")
    zero = (second == 0).fill_null(value=False)
    table.refuse_where(later, zero & ~blocked, "is an increment of 0 seconds")
    mcd = pl.select(pl.coalesce(one["first"], two["first"])).to_series()
    pulse = pl.select(pl.when(~zero).then(pl.coalesce(second, one["next"]))).to_series()
    return _with_defaults(mcd, pulse, mapping)


def _with_defaults(mcd: pl.Series, pulse: pl.Series, mapping: Mapping) -> tuple[pl.DataFrame, pl.Series]:
    default = DEFAULT_S if mapping.pulse_s is None else mapping.pulse_s
    first = default if mapping.mcd_s is None else mapping.mcd_s
    frame = pl.DataFrame({"mcd_s": mcd.fill_null(first), "pulse_s": pulse.fill_null(default)})
    return frame, (mcd.is_null() | pulse.is_null()) & (mapping.pulse_s is None)
