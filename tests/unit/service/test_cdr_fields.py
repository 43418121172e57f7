"""
A field of a call record is a value or a reason, and nothing in between.
"""

from dataclasses import replace
from typing import Any

import pytest
from support.records import ACME, RECORD, SAID, read, reasons

from ratecards.profiles import PROFILES
from service.manage.cdr_fields import RefusedError, Row, Sender, read_record, zone_of
from service.store.records import Record


def of(sender: Sender = ACME, **changes: Any) -> Record:
    row: Row = read_record(SAID | changes, sender)
    return Record(*row)


def why(sender: Sender = ACME, **changes: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        of(sender, **changes)
    return str(caught.value)


def test_every_field_is_kept_exactly_as_it_was_meant() -> None:
    assert of() == RECORD


@pytest.mark.parametrize(
    ("start", "start_ms"),
    [
        (0, 0),
        ("1790000000.1239", 1_790_000_000_123),
        (1790000000.5, 1_790_000_000_500),
        ("2026-09-21T14:13:20Z", 1_790_000_000_000),
        ("2026-09-21 14:13:20.25", 1_790_000_000_250),
        ("2026-09-21T16:13:20.999999+02:00", 1_790_000_000_999),
        ("2199-12-31T23:59:59Z", 7_258_118_399_000),
    ],
)
def test_a_start_is_a_unix_time_or_iso_8601_to_the_millisecond(start: object, start_ms: int) -> None:
    assert of(start=start).start_ms == start_ms


@pytest.mark.parametrize(
    "start",
    ["yesterday", "-1", "1790000000000", "2026-02-30T00:00:00Z", "2026-09-21", "2200-01-01T00:00:00Z", "1e9", "٣"],
)
def test_what_is_no_start_is_refused(start: str) -> None:
    assert why(start=start).startswith("start is")


def test_a_time_without_a_zone_is_of_the_sender_s() -> None:
    """
    Of an hour that comes twice, the first.
    """
    there = replace(ACME, zone=zone_of("Europe/London"))
    assert of(there, start="2026-07-01 12:00:00").start_ms == of(start="2026-07-01 11:00:00").start_ms
    assert of(there, start="2026-10-25 01:30:00").start_ms == of(start="2026-10-25 00:30:00").start_ms
    assert of(there, start="2026-07-01T12:00:00Z").start_ms == of(start="2026-07-01 12:00:00").start_ms
    with pytest.raises(ValueError, match="IANA"):
        zone_of("../../etc/passwd")


@pytest.mark.parametrize(
    ("duration", "duration_ms"),
    [
        (37, 37_000),
        ("0.1", 100),
        ("37.500000", 37_500),
        (0, 0),
        ("", None),
        (None, None),
        ("99999999.999", 99_999_999_999),
    ],
)
def test_a_duration_is_exact_or_not_known(duration: object, duration_ms: int | None) -> None:
    assert of(duration=duration).duration_ms == duration_ms


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("duration", "1.2345"),
        ("duration", -1),
        ("duration", "1:30"),
        ("sip_code", 199),
        ("sip_code", "200 OK"),
        ("sip_code", 700),
        ("sip_code", True),
        ("q850", 128),
        ("q850", 16.5),
        ("pdd_ms", "1.5"),
        ("pdd_ms", 3_600_001),
        ("number", "0113 245 6789"),
        ("number", "1" * 16),
        ("cli", "alice"),
        ("account", "other"),
        ("call_id", "x" * 256),
        ("call_id", "a\nb"),
        ("sip_reason", "\x1b[31mred"),
        ("carrier", ["a"]),
        ("card", {"a": 1}),
    ],
)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(name: str, value: object) -> None:
    said = why(**{name: value})
    assert said.startswith(f"{name} "), said
    if name in {"number", "cli"}:
        assert str(value) not in said, "no whole number stands in a message"


@pytest.mark.parametrize("name", ["call_id", "number", "start", "sip_code"])
def test_a_field_that_must_be_there_is_missed(name: str) -> None:
    assert why(**{name: " "}) == f"{name} is missing"


def test_a_field_that_nobody_knows_is_named() -> None:
    assert why(pdd=3) == "'pdd' is no field of a record"


@pytest.mark.parametrize("cli", ["", "anonymous", "Restricted", "unavailable", " private "])
def test_a_withheld_caller_is_nobody(cli: str) -> None:
    assert of(cli=cli).cli == ""


def test_numbers_are_normalised_by_the_profile_of_the_account_they_are_of() -> None:
    staff = Sender("live", "acme", {"acme": None, "british": PROFILES["uk"]})
    assert of(staff, number="+44 113 245 6789").number == "441132456789"
    british = of(staff, account="british", number="0113 245 6789", cli="020 7946 0000")
    assert (british.account, british.number, british.cli) == ("british", "441132456789", "442079460000")
    own = replace(staff, account="british")
    assert of(own, account="", number="0113 245 6789").account == "british"
    assert "national" in why(own, account="", number="5")


def test_who_sends_a_switch_s_own_records_need_not_know_who_calls() -> None:
    assert of(replace(ACME, any_caller=True), cli="alice").cli == ""
    assert of(replace(ACME, any_caller=True), cli="+44 20 7946 0000").cli == "442079460000"


def test_a_bad_record_is_told_by_its_line_and_the_others_are_taken() -> None:
    lines = [
        b"call_id,number,start,sip_code",
        b"",
        b"a,44,1,200",
        b"b,4x,1,200",
        b"c,44,1",
        b'"d,44,1,200',
        b"e,44,1,404",
    ]
    taken, tally, intake = read(b"\r\n".join([*lines, b"f,\xff,1,200", b""]))
    assert [one.call_id for one in taken] == ["a", "e"]
    assert (intake.kind, intake.shape, tally.refused) == ("csv", "ratedip", 4)
    assert reasons(tally) == [
        "4: number 'x' is not a digit",
        "5: has 3 cells, the header has 4",
        "6: is no line of CSV: a quote is not closed, or stands inside a cell",
        "8: is not UTF-8",
    ]


def test_of_very_many_problems_the_first_hundred_are_shown_and_all_are_counted() -> None:
    data = b"call_id,number,start,sip_code\n" + b"a,x,1,200\n" * 5000
    _, tally, _ = read(data)
    assert (tally.refused, len(tally.problems), reasons(tally)[-1][:4]) == (5000, 100, "101:")
