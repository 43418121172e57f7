"""
Cells of dates.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ratecards.deck.cells.dates import orders, read_date
from ratecards.deck.errors import CellError


def unix(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("2010-07-02 11:06:58.484053", unix(2010, 7, 2, 11, 6, 58)),
        ("2010-06-26 06:55:00", unix(2010, 6, 26, 6, 55)),
        ("2010-06-26T06:55:00Z", unix(2010, 6, 26, 6, 55)),
        ("2010-06-26T06:55:00.123Z", unix(2010, 6, 26, 6, 55)),
        ("2010-06-26 06:55:00+02:00", unix(2010, 6, 26, 4, 55)),
        ("2010-06-26 06:55", unix(2010, 6, 26, 6, 55)),
        ("2010-06-26 06:55 PM", unix(2010, 6, 26, 18, 55)),
        ("2010-06-26 12:05:00 AM", unix(2010, 6, 26, 0, 5)),
        ("2026-09-16", unix(2026, 9, 16)),
        ("2026/09/16", unix(2026, 9, 16)),
        ("20260916", unix(2026, 9, 16)),
        ("16/09/2026", unix(2026, 9, 16)),
        ("09/16/2026", unix(2026, 9, 16)),
        ("16.09.2026", unix(2026, 9, 16)),
        ("16/09/2026 10:30", unix(2026, 9, 16, 10, 30)),
        ("05/05/2027", unix(2027, 5, 5)),
        ("21-Sep-18", unix(2018, 9, 21)),
        ("21 September 2018", unix(2018, 9, 21)),
        ("Sep 21, 2018", unix(2018, 9, 21)),
        ("46281", unix(2026, 9, 16)),
        ("46281.5", unix(2026, 9, 16, 12)),
    ],
)
def test_every_way_of_writing_a_date_gives_its_second(cell: str, seconds: int) -> None:
    """
    Dates without a zone are in UTC, and fractions of a second are dropped.
    """
    assert read_date(cell, None).seconds == seconds


@pytest.mark.parametrize("cell", ["ASAP", "asap", "Immediately"])
def test_as_soon_as_possible_is_no_date_and_says_so(cell: str) -> None:
    """
    The caller's clock decides what it means.
    """
    moment = read_date(cell, None)
    assert moment.asap
    assert moment.seconds is None


def test_a_date_that_reads_two_ways_is_open_until_somebody_says_which() -> None:
    """
    03/04/2027 is the 3rd of April or the 4th of March.
    """
    assert read_date("03/04/2027", None).open
    assert read_date("03/04/2027", "dmy").seconds == unix(2027, 4, 3)
    assert read_date("03/04/2027", "mdy").seconds == unix(2027, 3, 4)
    assert set(orders("03/04/2027")) == {"dmy", "mdy"}
    assert set(orders("16/09/2026")) == {"dmy"}
    assert orders("2026-09-16") == {}


def test_a_date_is_midnight_in_its_time_zone() -> None:
    """
    New York's midnight is four or five hours after UTC's.
    """
    zone = ZoneInfo("America/New_York")
    assert read_date("2026-07-01", None, zone).seconds == unix(2026, 7, 1, 4)
    assert read_date("2026-01-01", None, zone).seconds == unix(2026, 1, 1, 5)
    assert read_date("2026-01-01T00:00:00Z", None, zone).seconds == unix(2026, 1, 1)


def test_an_end_date_without_a_time_is_the_last_day() -> None:
    """
    It ends at the midnight after it; one with a time ends at that time.
    """
    assert read_date("2026-12-31", None, end=True).seconds == unix(2027, 1, 1)
    assert read_date("46281", None, end=True).seconds == unix(2026, 9, 17)
    assert read_date("2026-12-31 00:00:00", None, end=True).seconds == unix(2026, 12, 31)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("soon", "not a date"),
        ("2026-02-30", "does not exist"),
        ("31/02/2026", "does not exist"),
        ("2026-13-01", "does not exist"),
        ("45/45/2026", "not a date"),
        ("21-Foo-18", "names no month"),
        ("2026-09-16 25:00:00", "does not exist"),
        ("2026-09-16 13:00 PM", "no clock"),
        ("0026-09-16", "before 1970"),
        ("٢٠٢٦-٠٩-١٦", "not a date"),
        ("12345", "not a date"),
        ("2026-09-16" * 20, "not a date"),
    ],
)
def test_what_is_no_day_of_the_calendar_is_refused_with_the_reason(cell: str, reason: str) -> None:
    """
    No month is rolled over and no century guessed.
    """
    with pytest.raises(CellError, match=reason):
        read_date(cell, None)
