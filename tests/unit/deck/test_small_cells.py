"""
Cells of increments, states, flags, origins and names.
"""

import polars as pl
import pytest

from ratecards.deck.cells.intervals import read_digits, read_interval
from ratecards.deck.cells.names import clean_names, escaped, read_origin
from ratecards.deck.cells.statuses import read_change, read_flag, read_remark, read_status
from ratecards.deck.errors import CellError


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [("60/1", (60, 1)), ("30/6", (30, 6)), ("1/1", (1, 1)), ("60 / 60", (60, 60)), ("60-1", (60, 1)),
     ("60+60", (60, 60)), ("60s/1s", (60, 1)), ("0/60", (0, 60)), ("30", (30, None)), ("30.0", (30, None)),
     ("6 sec", (6, None)), ("per second", (1, 1)), ("Per Minute", (60, 60))],
)  # fmt: skip
def test_increments_are_read_in_seconds(cell: str, seconds: tuple[int, int | None]) -> None:
    """
    The first number is the minimum, the second every increment after it.
    """
    assert read_interval(cell) == seconds


@pytest.mark.parametrize(
    ("cell", "reason"),
    [("60/0", "0 seconds"), ("90000/1", "longer than"), ("60/1/1", "not a billing"), ("2026-01-01", "made a date"),
     ("1-Jan", "made a date"), ("six", "not a billing"), ("٦/٦", "not a billing"), ("6" * 99, "not a billing")],
)  # fmt: skip
def test_what_is_no_increment_is_refused_with_the_reason(cell: str, reason: str) -> None:
    """
    A spreadsheet that has made 1 January of 1/1 is told so.
    """
    with pytest.raises(CellError, match=reason):
        read_interval(cell)


@pytest.mark.parametrize(
    ("cell", "blocked"),
    [("Current", False), ("active", False), ("Closed", True), ("BLOCKED", True), ("Do not route", True)],
)
def test_a_status_says_whether_calls_may_be_routed(cell: str, blocked: bool) -> None:
    """
    Closed, withdrawn and blocked codes all stop calls.
    """
    assert read_status(cell) == (blocked,)


def test_a_status_nobody_knows_is_refused() -> None:
    """
    A wrong guess would send calls where they must not go, or stop those that may.
    """
    with pytest.raises(CellError, match="no status"):
        read_status("perhaps")


@pytest.mark.parametrize(
    ("cell", "raised"),
    [("1", True), ("0", False), ("yes", True), ("No", False), ("x", True), ("1.0", True), ("true", True)],
)
def test_a_flag_is_yes_or_no(cell: str, raised: bool) -> None:
    """
    Numbers, words and crosses are understood.
    """
    assert read_flag(cell) == (raised,)


def test_a_change_stops_calls_only_where_it_says_so() -> None:
    """
    A rate change may say anything; closing words in it count, in a remark only when they are all it says.
    """
    changes = ["Increase", "Closed", "+5%", "Code removal", "closed from 1 May", ""]
    assert [read_change(cell)[0] for cell in changes] == [False, True, False, True, True, False]
    remarks = ["Closed", "no calls from blocked callers", "code removed"]
    assert [read_remark(cell)[0] for cell in remarks] == [True, False, True]


@pytest.mark.parametrize(
    ("cell", "origin"),
    [("1242 1246 1264", "1242 1246 1264"), ("1246, 1242", "1242 1246"), ("+1242", "1242"), ("ALL", ""), ("any", ""),
     ("International", "international"), ("EEA", "eea"), ("local", "local")],
)  # fmt: skip
def test_an_origin_is_calling_prefixes_or_the_name_of_a_group(cell: str, origin: str) -> None:
    """
    Prefixes are put in order; a group's name in small letters; anywhere is no restriction.
    """
    assert read_origin(cell) == (origin,)


@pytest.mark.parametrize("cell", ["12a4!", "0242", "=1", "1" * 20, "x" * 100, "x" * 40_000])
def test_what_is_no_origin_is_refused(cell: str) -> None:
    """
    A rule that holds for callers nobody can name would hold for none.
    """
    with pytest.raises(CellError):
        read_origin(cell)


def test_the_length_of_a_number_is_from_1_to_15_digits() -> None:
    """
    E.164 has no others.
    """
    assert [read_digits(cell) for cell in ("1", "15", "9.0")] == [(1,), (15,), (9,)]
    for cell in ("0", "16", "x", "-1"):
        with pytest.raises(CellError):
            read_digits(cell)


def test_a_name_stands_on_one_line() -> None:
    """
    Line ends, tabs, control characters and runs of spaces become one space.
    """
    names = pl.Series(["UK\nMobile", " a  b ", "c\td", "e\x00f\u00a0g", "plain name"])
    assert clean_names(names).to_list() == ["UK Mobile", "a b", "c d", "e f g", "plain name"]


def test_a_name_a_spreadsheet_would_obey_is_neutral_and_comes_back() -> None:
    """
    The apostrophe put in front of a formula is taken off again, and one that was there is kept.
    """
    names = pl.Series(["=1+1", "+44", "-x", "@sum", "'quoted'", "plain", ""])
    neutral = escaped(names)
    assert [name[:1] for name in neutral] == ["'"] * 5 + ["p", ""]
    assert clean_names(neutral, escaped=True).to_list() == names.to_list()
