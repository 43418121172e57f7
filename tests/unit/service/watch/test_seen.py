"""
What a process counts, and the decisions it keeps.
"""

import pytest
from support.inside import guest_desk

from service.access.account import LIVE, LOOKUP, Account, Identity
from service.http.known import answer, learn
from service.http.respond import Head, respond
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import Desk
from service.watch.decision import Decision, latest, pack, unpack
from service.watch.seen import KEPT, Seen, add_span, count_of, new_spans

WHO = Identity(Account(7, "acme", "retail"), LIVE, frozenset({LOOKUP}), Meters(1).of("p:7", Plan()))
GET = b"GET /api/rate.json?number=%b HTTP/1.1\r\n\r\n"


@pytest.fixture
def desk() -> Desk:
    made = guest_desk()
    made.seen = Seen()
    return made


def decisions(desk: Desk) -> list[Decision]:
    assert desk.seen is not None
    return list(unpack(b"".join(latest(desk.seen, len(desk.seen.decisions)))))


def test_a_span_stands_under_the_power_of_two_that_it_is_shorter_than() -> None:
    spans = new_spans()
    for took_ns in (0, 1, 1023, 1024, 2**40):
        add_span(spans, took_ns)
    assert [place for place, count in enumerate(spans[:-1]) if count] == [0, 1, 10, 11, 41]
    assert count_of(spans) == 5
    assert spans[-1] == 1 + 1023 + 1024 + 2**40


@pytest.mark.parametrize(
    ("target", "judged", "told"),
    [
        (b"/api/rate.json?number=441132456789", (200, "ok"), ("441132456789", "retail", 1, "44113")),
        (b"/api/rate.xml?number=%2B44%20113%20245%206789", (200, "ok"), ("441132456789", "retail", 1, "44113")),
        (b"/api/rate.json?number=447012345678", (403, "blocked"), ("447012345678", "retail", 0, "4470")),
        (b"/api/rate.json?number=33123456789", (404, "no_rate"), ("33123456789", "retail", 0, "")),
        (b"/api/rate.json?number=4400&card=nope", (404, "error"), ("4400", "nope", 0, "")),
        (b"/api/rate.json?number=x", (400, "error"), ("", "", 0, "")),
        (b"/api/rate.json?number=44113&Auth=x", (401, "bad_credential"), ("44113", "", 0, "")),
    ],
)
def test_a_look_up_is_noted_with_what_was_said(
    desk: Desk, target: bytes, judged: tuple[int, str], told: tuple[str, str, int, str]
) -> None:
    respond(desk, b"GET", target, Head())
    (found,) = decisions(desk)
    assert (found.status, found.verdict) == judged
    assert (found.number, found.card, found.revision, found.prefix) == told
    assert found.account == ("" if judged[0] == 401 else "guest")
    assert desk.seen is not None
    assert dict(desk.seen.answers) == {("rate", *judged): 1}
    assert desk.seen.decided == 1


def test_a_request_known_but_for_its_number_is_noted_as_any_other(desk: Desk) -> None:
    first = GET % b"441132456789"
    learned = learn(first, Head(), "")
    assert learned is not None
    assert answer(desk, learned[1], b"441132456789", b"") is not None
    respond(desk, b"GET", b"/api/rate.json?number=441132456789", Head())
    quick, general = decisions(desk)
    same = [
        (d.number, d.card, d.revision, d.prefix, d.status, d.verdict, d.account, d.service) for d in (quick, general)
    ]
    assert same[0] == same[1]
    assert desk.seen is not None
    assert (desk.seen.rates, desk.seen.decided) == (1, 2)
    assert count_of(desk.seen.spans["rate"]) == 2


def test_what_is_not_answered_is_not_noted(desk: Desk) -> None:
    learned = learn(GET % b"441132456789", Head(), "")
    assert learned is not None
    assert answer(desk, learned[1], b"331132456789", b"") is None
    assert respond(desk, b"GET", b"/api/nothing.json", Head()) is None
    assert decisions(desk) == []


def test_no_more_decisions_are_kept_than_there_is_room_for() -> None:
    seen = Seen(kept=3)
    for number in range(10):
        seen.note("rate", 0, float(number), WHO, "44", (("rate", 200, "ok"), ("retail", 1, "44")))
    assert [decision.at for decision in unpack(b"".join(latest(seen, 3)))] == [7.0, 8.0, 9.0]


@pytest.mark.parametrize(
    ("decided", "one_in"),
    [(0, 1), (1, 1), (KEPT, 1), (KEPT + 1, 2), (2 * KEPT, 2), (2 * KEPT + 1, 4), (75_000, 256), (10**9, 2**21)],
)
def test_of_many_decisions_about_as_many_are_kept_as_there_is_room_for(decided: int, one_in: int) -> None:
    seen = Seen()
    seen.adapt(decided)
    assert seen.mask + 1 == one_in
    assert decided / one_in <= KEPT


def test_a_burst_after_a_quiet_second_is_not_kept_whole(desk: Desk) -> None:
    seen = desk.seen
    assert seen is not None
    seen.adapt(0)
    learned = learn(GET % b"441132456789", Head(), "")
    assert learned is not None
    for _ in range(100 * KEPT):
        assert answer(desk, learned[1], b"441132456789", b"") is not None
    assert KEPT <= seen.noted <= 5 * KEPT
    assert seen.rates == 100 * KEPT
    assert 0.9 <= count_of(seen.spans["rate"]) / seen.rates <= 1.1


def test_those_that_are_timed_stand_for_those_that_are_not(desk: Desk) -> None:
    seen = desk.seen
    assert seen is not None
    seen.adapt(4 * KEPT)
    learned = learn(GET % b"441132456789", Head(), "")
    assert learned is not None
    for _ in range(40):
        assert answer(desk, learned[1], b"441132456789", b"") is not None
    assert (seen.rates, len(seen.decisions), count_of(seen.spans["rate"])) == (40, 10, 40)
    for _ in range(40):
        respond(desk, b"GET", b"/api/rate.json?number=33", Head())
    assert (seen.lookups, len(seen.decisions), count_of(seen.spans["rate"])) == (40, 20, 80)
    assert seen.answers["rate", 404, "no_rate"] == 40


def test_a_decision_survives_its_record_whatever_is_in_it() -> None:
    who = Identity(Account(7, "é" * 64, ""), "test", frozenset(), WHO.meter)
    plain = pack(1.5, WHO, b"441132456789", (("rate", 200, "ok"), ("retail", 3, "44113")), 900)
    wild = pack(1.5, who, "\x00,44", (("lookup/smart", 404, "v" * 99), ("\x00\n", 2**40, "")), 2**40)
    back, cut = unpack(plain + wild)
    assert back == Decision(1.5, 900, 3, 200, "live", "441132456789", "44113", "ok", "rate", "acme", "retail")
    assert (cut.took_ns, cut.revision, cut.environment) == (2**32 - 1, 2**32 - 1, "test")
    assert (cut.number, cut.verdict, cut.account, cut.card) == ("", "v" * 19, "é" * 33 + "\ufffd", "\x00\n")
