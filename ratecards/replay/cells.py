"""
Whole columns of cells read at once where they are regular, and the others one by one.
"""

import re
from collections.abc import Callable
from typing import Any

import polars as pl

from ratecards.deck.cells.dates import read_date
from ratecards.deck.errors import CellError
from ratecards.numbers import MAX_DIGITS, NumberError, normalise
from ratecards.profiles import Profile
from ratecards.replay.refusals import Refusals, refuse

Read = Callable[[pl.Series], pl.DataFrame]
"""Cells to their ``value``, null where there is none, and then the ``reason``."""
_NOT_ANSWERED = (
    "no", "0", "false", "n", "no answer", "noanswer", "unanswered", "not answered", "busy", "failed", "fail", "cancel",
    "canceled", "cancelled", "congestion", "rejected", "missed", "chanunavail",
)  # fmt: skip
_POWERS = pl.Series([10**digits for digits in range(MAX_DIGITS + 1)], dtype=pl.Int64)
_MAX_DURATION_S = 99_999_999
_MAX_UNIX = 99_999_999_999
_LAST_INSTANT = 253_402_300_799
"""The end of the year 9999."""
_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])", re.ASCII)
_PARTS = r"^([0-9]{1,8})\.([0-9]{1,12})$"
_UNIX = re.compile(r"(-?[0-9]{1,11})\.[0-9]{1,9}", re.ASCII)


def put(rows: pl.DataFrame, result: str, field: str, read: Read) -> tuple[pl.DataFrame, Refusals]:
    """
    Put what the cells of a field say into a column; rows of which one cannot be read are taken out and refused.
    """
    found = read(rows[field])
    if not found["value"].null_count():
        return rows.with_columns(found["value"].alias(result)), Refusals()
    bad = found["value"].is_null()
    listed = pl.DataFrame([rows["line"], rows[field].alias("value"), found["reason"]]).filter(bad)
    return rows.with_columns(found["value"].alias(result)).filter(~bad), refuse(listed, field)


def answered() -> pl.Expr:
    """
    Whether somebody took the call, as far as the record says.
    """
    code = pl.col("sip_code").cast(pl.Int32, strict=False)
    said = pl.col("answered").str.strip_chars().str.to_lowercase()
    return code.is_between(200, 299).fill_null(value=True) & said.is_in(_NOT_ANSWERED).not_().fill_null(value=True)


def durations(cells: pl.Series) -> pl.DataFrame:
    """
    Seconds; a second begun counts.
    """
    whole = cells.cast(pl.Int64, strict=False)
    return _read(cells, _where(whole.is_between(0, _MAX_DURATION_S), whole), _duration, _parted)


def _parted(cells: pl.Series) -> pl.Series:
    parts = cells.str.extract_groups(_PARTS).struct.unnest()
    more = parts["2"].str.strip_chars("0") != ""
    return parts["1"].cast(pl.Int64) + more.cast(pl.Int64)


def _duration(cell: str) -> int:
    if not cell:
        raise CellError("is blank")
    clock = _CLOCK.fullmatch(cell)
    if clock is None:
        raise CellError("is not a number of seconds, nor h:mm:ss")
    hours, minutes, seconds = (int(part) for part in clock.groups())
    return (hours * 60 + minutes) * 60 + seconds


def instants(cells: pl.Series, now: int) -> pl.DataFrame:
    """
    Unix seconds, of unix times and dates; a date without a zone is in UTC.

    Args:
        now: of a record that has no such cell.
    """
    unix = cells.cast(pl.Int64, strict=False).set(cells.is_null(), now)
    return _read(cells, _where(unix.abs() <= _MAX_UNIX, unix), _instant, _dated)


def _dated(cells: pl.Series) -> pl.Series:
    written = cells.str.strip_suffix("Z").str.replace("T", " ", literal=True)
    moment = written.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    seconds = moment.dt.epoch("s")
    return _where(seconds.is_between(0, _LAST_INSTANT), seconds)


def _instant(cell: str) -> int:
    if not cell:
        raise CellError("is blank")
    unix = _UNIX.fullmatch(cell)
    if unix is not None:
        return int(unix[1])
    if re.fullmatch(r"[0-9]+", cell, re.ASCII):
        raise CellError("is no unix time in seconds")
    moment = read_date(cell, None)
    if moment.open:
        raise CellError("may have the day or the month first: write 2027-03-04")
    if moment.seconds is None:
        raise CellError("is not a date")
    return moment.seconds


def numbers(cells: pl.Series, profile: Profile | None) -> pl.DataFrame:
    """
    Dialled strings as E.164 digits.
    """
    if profile is not None and profile.steps:
        return _read(cells, pl.repeat(None, len(cells), dtype=pl.String, eager=True), profile.normalise)
    return _read(cells, _digits(cells), normalise, lambda rest: _digits(rest.str.replace(r"^(?:\+|00)", "")))


def routing_numbers(cells: pl.Series) -> pl.DataFrame:
    """
    Numbers of calls that were dipped; empty of those that were not.
    """
    blank = cells.fill_null("").str.strip_chars() == ""
    if blank.all():
        return pl.select(value=pl.repeat("", len(cells)), reason=pl.lit(None, pl.String))
    found = numbers(cells, None)
    return found.with_columns(pl.when(blank).then(pl.lit("")).otherwise("value").alias("value"))


def callers(cells: pl.Series, profile: Profile | None) -> pl.Series:
    """
    Numbers of callers; empty where they are withheld, or no numbers.
    """
    if cells.null_count() == len(cells):
        return pl.repeat("", len(cells), eager=True)
    return numbers(cells, profile)["value"].fill_null("")


def _digits(cells: pl.Series) -> pl.Series:
    """
    Cells that are E.164 digits already: as many as their integer has, so that there is nothing else in them.
    """
    value, length = cells.cast(pl.Int64, strict=False), cells.str.len_bytes().cast(pl.Int64)
    plain = (value >= _POWERS.gather((length - 1).clip(0, MAX_DIGITS))) & (length <= MAX_DIGITS)
    return _where(plain, cells)


def _where(holds: pl.Series, values: pl.Series) -> pl.Series:
    return pl.select(pl.when(holds).then(values).alias(values.name)).to_series()


def _read(
    cells: pl.Series,
    regular: pl.Series,
    one: Callable[[str], Any],
    more: Callable[[pl.Series], pl.Series] | None = None,
) -> pl.DataFrame:
    """
    Args:
        cells: as they stand.
        regular: values of the cells that are of the commonest kind; null for the others.
        one: reads one cell, without the spaces around it.
        more: values of those of the next commonest kind, of which only the others are asked.
    """
    value = regular if more is None else _filled(regular, cells, more)
    left = value.is_null()
    if not left.any():
        return pl.select(value=value, reason=pl.lit(None, pl.String))
    found = _each(cells.filter(left), one, value.dtype)
    at = left.cum_sum().cast(pl.Int64) - 1
    return pl.select(
        value=found["value"].gather(at.clip(0)).zip_with(left, value),
        reason=found["reason"].gather(_where(left, at)),
    )


def _filled(value: pl.Series, cells: pl.Series, more: Callable[[pl.Series], pl.Series]) -> pl.Series:
    left = value.is_null()
    if not left.any():
        return value
    at = (left.cum_sum().cast(pl.Int64) - 1).clip(0)
    return more(cells.filter(left)).gather(at).zip_with(left, value)


def _each(cells: pl.Series, one: Callable[[str], Any], kind: pl.DataType) -> pl.DataFrame:
    """
    Each different cell once.
    """
    known = cells.alias("cell").fill_null("").unique()
    answers = [_ask(one, cell) for cell in known]
    schema = {"value": kind, "reason": pl.String()}
    found = pl.DataFrame(answers, schema=schema, orient="row").with_columns(known)
    asked = cells.alias("cell").fill_null("").to_frame()
    return asked.join(found, on="cell", how="left", maintain_order="left").select("value", "reason")


def _ask(one: Callable[[str], Any], cell: str) -> tuple[Any, str | None]:
    try:
        return one(cell.strip()), None
    except (CellError, NumberError) as error:
        return None, str(error)
