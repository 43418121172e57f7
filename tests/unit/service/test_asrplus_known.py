"""
The shortest way to what was answered for a number says what the general way says, or leaves the question to it.
"""

from dataclasses import replace

import pytest

from ratecards.numberset import Mode
from ratecards.profiles import PROFILES
from service.access.account import LIVE, LOOKUP, Account, Identity, Screening
from service.access.identify import Door
from service.heard import Heard
from service.http.known_asrplus import KnownAsrplus, answer, learn
from service.http.respond import JSON_LENGTH, OK_DATE, Head, Response, respond, wire
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.snapshot import Desk, Snapshot

NOW = 1_800_000_000
DATE = b"Thu, 01 Jan 1970 00:00:00 GMT"
HEAD = OK_DATE + DATE + JSON_LENGTH
KNOWN = {"441132456789": (404, 970_257), "4": (200, 0), "441132456789012": (604, 86_400), "33": (410, -30)}
"""Codes and ages in seconds; one a clock slightly ahead has dated."""


def desk(account: Account | None = None, plan: Plan | None = None) -> Desk:
    account = account or Account(1, "acme", "")
    guest = Identity(account, LIVE, frozenset({LOOKUP}), Meters(1).of("acme", plan or Plan()))
    heard = Heard(is_ready=True)
    for number, (code, age_s) in KNOWN.items():
        heard.numbers[LIVE].take(number, code, NOW - age_s, NOW)
    return Desk(Snapshot(), Door(guest), lambda: NOW + 0.75, heard=heard)


def shortest(desk: Desk, number: str, known: KnownAsrplus | None = None) -> bytes | None:
    return answer(desk, known or KnownAsrplus(Head(), "192.0.2.1"), number.encode(), HEAD)


def general(desk: Desk, number: str) -> bytes:
    response = respond(desk, b"GET", f"/api/asrplus.json?number={number}".encode(), Head(), "192.0.2.1")
    assert isinstance(response, Response)
    return wire(response, DATE)


@pytest.mark.parametrize("number", [*KNOWN, "5", "44113245678", "999999999999999"])
def test_a_number_is_answered_as_on_the_general_way(number: str) -> None:
    assert shortest(desk(), number) == general(desk(), number)


@pytest.mark.parametrize("number", ["", "0", "044", "+44", "44 1", "44,33", "\u0664"])
def test_what_is_no_plain_number_is_left_to_the_general_way(number: str) -> None:
    assert shortest(desk(), number) is None


def test_an_unknown_number_is_left_to_it_while_records_are_still_being_read() -> None:
    starting = desk()
    starting.heard.is_ready = False
    assert shortest(starting, "5") is None
    assert shortest(starting, "4") is not None


def test_an_answer_that_is_too_old_is_none() -> None:
    later = desk()
    later.clock = lambda: NOW + 31 * 86_400
    assert shortest(later, "4") == general(later, "4")
    assert b"No record for number" in general(later, "4")


@pytest.mark.parametrize(
    "account",
    [
        Account(1, "acme", "", asrplus=Screening(Mode.LOW)),
        Account(1, "acme", "", profile=PROFILES["uk"]),
        Account(1, "acme", "", disabled=True),
    ],
)
def test_accounts_that_want_more_are_left_to_it(account: Account) -> None:
    assert shortest(desk(account), "4") is None


def test_an_account_that_is_off_is_answered() -> None:
    assert shortest(desk(Account(1, "acme", "", asrplus=Screening())), "4") == general(desk(), "4")


def test_a_plan_that_is_used_up_is_left_to_it_and_each_answer_is_charged() -> None:
    limited = desk(plan=Plan(Limits(per_day=100)))
    known = KnownAsrplus(Head(), "192.0.2.1")
    answered = sum(shortest(limited, "4", known) is not None for _ in range(200))
    assert 0 < answered <= 100


def test_what_an_account_may_is_looked_at_again_with_a_new_snapshot() -> None:
    changing, known = desk(), KnownAsrplus(Head(), "192.0.2.1")
    assert shortest(changing, "4", known) is not None
    changing.door = Door(None)
    assert shortest(changing, "4", known) is not None
    changing.snapshot = replace(changing.snapshot)
    assert shortest(changing, "4", known) is None


@pytest.mark.parametrize(
    ("request_line", "is_learnt"),
    [
        ("GET /api/asrplus.json?number=44 HTTP/1.1", True),
        ("GET /api/asrplus.json?number=441132456789012 HTTP/1.1", True),
        ("GET /api/asrplus.json?number=4411324567890123 HTTP/1.1", False),
        ("GET /api/asrplus.json?number=44&Auth=x HTTP/1.1", False),
        ("GET /api/asrplus.json?number=44 HTTP/1.0", False),
        ("GET /api/asrplus.xml?number=44 HTTP/1.1", False),
        ("GET /api/rate.json?number=44 HTTP/1.1", False),
    ],
)
def test_only_a_whole_plain_question_is_learnt(request_line: str, is_learnt: bool) -> None:
    learnt = learn(f"{request_line}\r\nHost: t\r\n\r\n".encode(), Head(), "")
    assert (learnt is not None) is is_learnt
    if learnt is not None:
        assert learnt[0] == b" HTTP/1.1\r\nHost: t\r\n\r\n"
