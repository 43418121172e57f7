"""
A cell with a date: ``2010-07-02 11:06:58.484053``, ``16/09/2026``, ``21-Sep-18``, ``ASAP``, a spreadsheet's serial.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from ratecards.deck.errors import CellError
from ratecards.deck.mapping import DateOrder

ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")

FIRST_YEAR, LAST_YEAR = 1970, 9999
"""Years a rate can start or end in; databases write 9999 for never."""

_NAMES = """jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september
|oct october|nov november|dec december"""
_MONTHS = {name: number for number, names in enumerate(_NAMES.split("|"), start=1) for name in names.split()}
_NONE = re.compile(r"0000-00-00(?:[T ]00:00:00)?")
_ASAP = frozenset({"asap", "immediate", "immediately", "now", "with immediate effect"})
_MAX_CELL = 64
_SERIAL = re.compile(r"([2-9][0-9]{4})(\.[0-9]+)?", re.ASCII)
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - what serial 0 of the 1900 date system counts from
_TIME = (
    r"(?:[T ] ?(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r"(?: ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
)
_NUMBERS = re.compile(rf"(?P<a>[0-9]{{1,4}})([-/.])(?P<b>[0-9]{{1,2}})\2(?P<c>[0-9]{{1,4}}){_TIME}", re.ASCII)
_COMPACT = re.compile(rf"(?P<a>[12][0-9]{{3}})(?P<b>[0-9]{{2}})(?P<c>[0-9]{{2}}){_TIME}", re.ASCII)
_NAMED = re.compile(
    rf"(?P<day>[0-9]{{1,2}})[-/ .](?P<month>[A-Za-z]{{3,9}})\.?[-/ ,.] ?(?P<year>[0-9]{{4}}|[0-9]{{2}}){_TIME}",
    re.ASCII,
)
_NAMED_FIRST = re.compile(
    rf"(?P<month>[A-Za-z]{{3,9}})\.?[- ](?P<day>[0-9]{{1,2}})(?:, ?|[- ])(?P<year>[0-9]{{4}}){_TIME}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Moment:
    """
    What a date cell says.

    Attributes:
        seconds: unix seconds, fractions dropped; None: ``ASAP``, or a date that stands for none.
        whole_day: the cell names a day and no time of it.
        asap: the cell says as soon as possible.
        open: day and month may be the other way round, and nobody has said which is meant.
    """

    seconds: int | None
    whole_day: bool = False
    asap: bool = False
    open: bool = False


def read_date(cell: str, order: DateOrder | None, zone: tzinfo = UTC, *, end: bool = False) -> Moment:
    """
    Read one date.

    Args:
        cell: text of the cell, not blank.
        order: of day, month and year where they are numbers with the year last or short; None: not settled, and
            such a cell is open unless every order gives the same day.
        zone: of a date that names none.
        end: a day without a time stands for the midnight after it, not before it.

    Raises:
        CellError: no date, a day the calendar does not have, or a year no rate starts or ends in.
    """
    if len(cell) > _MAX_CELL:
        raise CellError("is not a date")
    if cell.casefold() in _ASAP:
        return Moment(None, asap=True)
    if _NONE.fullmatch(cell):
        return Moment(None)
    if (serial := _SERIAL.fullmatch(cell)) is not None:
        return _from_serial(serial, zone, end)
    found = _found(cell)
    days = _days(found.groupdict(), order)
    return Moment(None, open=True) if len(days) > 1 else _moment(found, days.pop(), zone, end)


def orders(cell: str) -> dict[DateOrder, tuple[int, int, int]]:
    """
    The orders of day, month and year a cell can be written in, with the day each gives.

    Returns:
        Nothing where the cell leaves no question: it names the month, has its year first, or is no date.
    """
    found = _NUMBERS.fullmatch(cell) if len(cell) <= _MAX_CELL else None
    if found is None or len(found["a"]) == 4:
        return {}
    parts = found.groupdict()
    return {order: _ordered(parts, order) for order in ORDERS if _fits(parts, order)}


def _found(cell: str) -> re.Match[str]:
    for pattern in (_NUMBERS, _COMPACT, _NAMED, _NAMED_FIRST):
        if (found := pattern.fullmatch(cell)) is not None:
            return found
    raise CellError("is not a date")


def _fits(parts: dict[str, str | None], order: DateOrder) -> bool:
    day, month, year = _arranged(parts, order)
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31 and len(year) in (2, 4) and max(len(day), len(month)) <= 2


def _arranged(parts: dict[str, str | None], order: DateOrder) -> tuple[str, str, str]:
    by_letter = dict(zip(order, (parts["a"] or "", parts["b"] or "", parts["c"] or ""), strict=True))
    return by_letter["d"], by_letter["m"], by_letter["y"]


def _days(parts: dict[str, str | None], order: DateOrder | None) -> set[tuple[int, int, int]]:
    if "year" in parts:
        month = _MONTHS.get((parts["month"] or "").casefold())
        if month is None:
            raise CellError("names no month")
        return {(_year(parts["year"] or ""), month, int(parts["day"] or 0))}
    if len(parts["a"] or "") == 4:
        return {(int(parts["a"] or 0), int(parts["b"] or 0), int(parts["c"] or 0))}
    days = {_ordered(parts, o) for o in ((order,) if order else ORDERS) if _fits(parts, o)}
    if not days:
        raise CellError("is not a date" + (f" in the order {order}" if order else ""))
    return days


def _ordered(parts: dict[str, str | None], order: DateOrder) -> tuple[int, int, int]:
    day, month, year = _arranged(parts, order)
    return _year(year), int(month), int(day)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _moment(found: re.Match[str], day: tuple[int, int, int], zone: tzinfo, end: bool) -> Moment:
    if not FIRST_YEAR <= day[0] <= LAST_YEAR:
        raise CellError(f"is in a year before {FIRST_YEAR} or after {LAST_YEAR}")
    hour = int(found["hour"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise CellError("has an hour no clock has")
        hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
    try:
        time = datetime(*day, hour, int(found["minute"] or 0), int(found["second"] or 0))  # noqa: DTZ001 - zone below
    except ValueError:
        raise CellError("is a day or time that does not exist") from None
    return _at(time, _zone(found, zone), found["hour"] is None, end)


def _at(time: datetime, zone: tzinfo, whole_day: bool, end: bool) -> Moment:
    if whole_day and end and time.year < LAST_YEAR:
        time += timedelta(days=1)
    return Moment(int(time.replace(tzinfo=zone).timestamp()), whole_day)


def _zone(found: re.Match[str], zone: tzinfo) -> tzinfo:
    name = found["zone"]
    if not name:
        return zone
    if name in ("Z", "UTC", "GMT"):
        return UTC
    minutes = int(name[1:3]) * 60 + int(name[-2:])
    return timezone(timedelta(minutes=-minutes if name[0] == "-" else minutes))


def _from_serial(serial: re.Match[str], zone: tzinfo, end: bool) -> Moment:
    seconds = round(float(serial[2] or 0) * 86_400)
    return _at(_EPOCH + timedelta(days=int(serial[1]), seconds=seconds), zone, not serial[2], end)
