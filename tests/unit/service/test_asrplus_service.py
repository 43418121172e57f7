"""
What was answered for a number is told as the interface has it, judged as the account wants, and never guessed.
"""

import json
from xml.etree import ElementTree

import pytest
from support.cards import RETAIL
from support.corpus import SIPHON
from support.routes import Offer, routed, snapshot_of

from ratecards.compile import compile_card
from ratecards.model import Rule, Terms
from ratecards.numberset import Mode, Policy
from ratecards.rules import to_frame
from service.access.account import LIVE, LOOKUP, TEST, Account, Identity, Screening
from service.access.identify import Door
from service.heard import Heard, policy_of, read_codes
from service.http.known import learn
from service.http.query import MAX_PARAMETERS, parse_body, parse_query
from service.http.respond import Head, Response, respond
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.settings import Settings
from service.snapshot import Desk, LiveCard, Snapshot

NOW = 1_800_000_000
DEAD, GOOD, UNKNOWN = "441132456789", "441132456780", "441132456781"
AGE_S = 970_257
LISTS = frozenset({"number"})


def desk(screening: Screening | None = None, *, environment: str = LIVE, is_ready: bool = True) -> Desk:
    """
    A desk that knows a dead number and a good one, and a guest who asks in some environment.
    """
    account = Account(1, "acme", "retail", cards=None, asrplus=screening)
    guest = Identity(account, environment, frozenset({LOOKUP}), Meters(1).of("acme", Plan()))
    heard = Heard(is_ready=is_ready)
    heard.numbers[LIVE].take(DEAD, 404, NOW - AGE_S, NOW - AGE_S)
    heard.numbers[LIVE].take(GOOD, 200, NOW - 10, NOW - 10)
    card = LiveCard("retail", 3, compile_card(to_frame(RETAIL), Terms()))
    return Desk(Snapshot(cards={"retail": card}, sandbox={"retail": card}), Door(guest), lambda: NOW, heard=heard)


def ask(desk: Desk, target: str, method: bytes = b"GET", kind: bytes | None = None, body: bytes = b"") -> Response:
    response = respond(desk, method, target.encode(), Head(content_type=kind), body=body)
    assert isinstance(response, Response)
    return response


def told(desk: Desk, target: str) -> dict[str, object]:
    return dict(json.loads(ask(desk, target).body))


def test_an_answer_has_the_fields_of_the_interface_and_no_others() -> None:
    response = ask(desk(), f"/api/asrplus.json?number={DEAD}")
    expected = f'{{"code":404,"reason":"Not Found","datetime":{NOW - AGE_S},"age":{AGE_S},"age_days":11}}'
    assert (response.status, response.body.decode()) == (200, expected)


def test_a_number_that_nothing_is_known_of_is_a_404_that_says_so() -> None:
    response = ask(desk(), f"/api/asrplus.json?number={UNKNOWN}")
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"], error["reason"]) == (404, 404, "No record for number")
    assert (error["verdict"], error["sip_code"]) == ("unknown_number", 404)


def test_production_and_the_sandbox_know_nothing_of_each_other() -> None:
    assert ask(desk(environment=TEST), f"/api/asrplus.json?number={DEAD}").status == 404


def test_while_records_are_still_being_read_no_number_is_said_to_be_unknown() -> None:
    """
    What is known is told; what is not may only not have been read.
    """
    starting = desk(is_ready=False)
    assert ask(starting, f"/api/asrplus.json?number={DEAD}").status == 200
    refused = ask(starting, f"/api/asrplus.json?number={UNKNOWN}")
    assert (refused.status, json.loads(refused.body)["error"]["reason"]) == (503, "Starting")
    assert (b"retry-after", b"1") in refused.headers
    assert ask(starting, f"/api/asrplus.json?number={DEAD},{UNKNOWN}").status == 503


@pytest.mark.parametrize(
    "query",
    [
        f"number={DEAD},{UNKNOWN}",
        f"number={DEAD}%2C{UNKNOWN},",
        f"number={DEAD}&number={UNKNOWN}",
        f"number[]={DEAD}&number[]={UNKNOWN}",
        f"number%5B%5D={DEAD}&number=%2B{UNKNOWN[:2]}%20{UNKNOWN[2:]}",
        f"number={DEAD},{UNKNOWN}&number={DEAD}",
    ],
)
def test_several_numbers_are_answered_by_number_each_with_its_own_error(query: str) -> None:
    several = told(desk(), f"/api/asrplus.json?{query}")
    assert list(several) == [DEAD, UNKNOWN]
    assert several[DEAD] == told(desk(), f"/api/asrplus.json?number={DEAD}")
    assert several[UNKNOWN] == told(desk(), f"/api/asrplus.json?number={UNKNOWN}")


def test_a_list_may_be_sent_as_json() -> None:
    body = json.dumps({"number": [DEAD, int(UNKNOWN)]}).encode()
    response = ask(desk(), "/api/asrplus.json", b"POST", b"application/json", body)
    assert list(json.loads(response.body)) == [DEAD, UNKNOWN]


def test_a_list_of_one_is_a_list() -> None:
    assert list(told(desk(), f"/api/asrplus.json?number[]={DEAD}")) == [DEAD]
    assert list(told(desk(), f"/api/asrplus.json?number={DEAD},")) == [DEAD]


def test_what_is_no_number_is_told_in_its_place() -> None:
    several = told(desk(), f"/api/asrplus.json?number={DEAD},0,{'x' * 100}")
    assert several["0"]["error"]["code"] == 400
    assert several["x" * 40 + "…"]["error"]["reason"].startswith("Invalid Parameter 'number'")


def test_a_list_is_not_endless() -> None:
    numbers = [f"4411324{n:05d}" for n in range(101)]
    assert len(told(desk(), f"/api/asrplus.json?number={','.join(numbers[:100])}")) == 100
    for query in (f"number={','.join(numbers)}", "number=,", "&".join(f"number={n}" for n in numbers)):
        assert ask(desk(), f"/api/asrplus.json?{query}").status == 400


def test_several_numbers_are_elements_with_their_number_in_xml() -> None:
    document = ElementTree.fromstring(ask(desk(), f"/api/asrplus.xml?number={DEAD},{UNKNOWN},%22%3C").body)
    assert [number.get("id") for number in document] == [DEAD, UNKNOWN, '"<']
    assert [document[0][0].tag, document[0][0].text, document[1][0].tag] == ["code", "404", "error"]


def test_only_a_list_may_be_given_more_than_once() -> None:
    for query in ("number=44&number=49&card=retail", "number[]=44"):
        assert ask(desk(), f"/api/rate.json?{query}").status == 400
    assert ask(desk(), f"/api/asrplus.json?number={DEAD}&Auth=a&Auth=b").status == 400
    response = ask(desk(), f"/api/asrplus.json?number={DEAD}", b"POST", b"application/json", b'{"number":"1"}')
    assert b"given more than once" in response.body


def test_lists_are_read_alike_however_they_are_sent() -> None:
    assert parse_query(b"a=1&number=4&number=5", LISTS) == {"a": "1", "number": "4,5"}
    assert parse_query(b"number[]=4&number[]=5", LISTS) == {"number": "4,5"}
    assert parse_body(b"application/json", b'{"number":["4","5"]}', LISTS) == {"number": "4,5,"}
    assert parse_body(b"application/x-www-form-urlencoded", b"number[]=4", LISTS) == {"number": "4,"}
    assert parse_query(b"&".join([b"number=4"] * MAX_PARAMETERS), LISTS)["number"].count("4") == MAX_PARAMETERS


@pytest.mark.parametrize(("mode", "dead"), [(Mode.LOW, 30), (Mode.ON, 90), (Mode.STRICT, 100)])
def test_a_mode_adds_what_to_do_and_blocks_its_share_of_calls_to_dead_numbers(mode: Mode, dead: int) -> None:
    asked = desk(Screening(mode))
    actions = [told(asked, f"/api/asrplus.json?number={DEAD}")["action"] for _ in range(100)]
    assert abs(actions.count("block") - dead) <= 3
    assert {*actions} <= {"block", "pass"}
    assert told(asked, f"/api/asrplus.json?number={GOOD}")["action"] == "pass"
    error = told(asked, f"/api/asrplus.json?number={UNKNOWN}")["error"]
    assert error["action"] == ("block" if mode is Mode.STRICT else "pass")


def test_a_mode_that_is_off_adds_nothing() -> None:
    assert told(desk(Screening()), f"/api/asrplus.json?number={DEAD}") == told(
        desk(), f"/api/asrplus.json?number={DEAD}"
    )


def test_an_account_s_own_codes_say_what_is_dead() -> None:
    own = Screening(Mode.ON, Policy(frozenset({410}), frozenset()))
    actions = {told(desk(own), f"/api/asrplus.json?number={DEAD}")["action"] for _ in range(20)}
    assert actions == {"pass"}


def refusing(*services: str, mode: Mode = Mode.STRICT) -> Screening:
    return Screening(mode, services=frozenset(services))


def test_a_call_to_a_dead_number_is_refused_where_the_account_wants_it() -> None:
    """
    With the SIP code that was kept, and its age.
    """
    response = ask(desk(refusing("rate")), f"/api/rate.json?number={DEAD}")
    error = json.loads(response.body)["error"]
    assert response.status == 404
    assert error == {
        "code": 404, "reason": "Number failed before", "verdict": "dead_number", "sip_code": 404,
        "datetime": NOW - AGE_S, "age": AGE_S,
    }  # fmt: skip


def test_strict_refuses_a_number_that_nothing_is_known_of_and_lets_a_good_one_pass() -> None:
    strict = desk(refusing("rate"))
    error = told(strict, f"/api/rate.json?number={UNKNOWN}")["error"]
    assert (error["verdict"], error["sip_code"]) == ("unknown_number", 404)
    assert told(strict, f"/api/rate.json?number={GOOD}") == told(desk(), f"/api/rate.json?number={GOOD}")


def test_a_service_that_was_not_named_refuses_nothing() -> None:
    for screening in (refusing("lcr"), refusing("rate", mode=Mode.OFF), None):
        assert ask(desk(screening), f"/api/rate.json?number={DEAD}").status == 200


def test_a_question_about_another_instant_is_about_no_call_and_is_answered() -> None:
    assert ask(desk(refusing("rate")), f"/api/rate.json?number={DEAD}&at={NOW - 5}").status == 200


def test_a_share_of_calls_to_dead_numbers_passes_in_rate_too() -> None:
    low = desk(refusing("rate", mode=Mode.LOW))
    statuses = [ask(low, f"/api/rate.json?number={DEAD}").status for _ in range(100)]
    assert abs(statuses.count(404) - 30) <= 3
    assert {*statuses} == {200, 404}


def test_while_records_are_still_being_read_strict_says_so_and_the_other_modes_let_calls_pass() -> None:
    for mode, status in ((Mode.STRICT, 503), (Mode.ON, 200), (Mode.LOW, 200)):
        starting = desk(refusing("rate", mode=mode), is_ready=False)
        assert ask(starting, f"/api/rate.json?number={UNKNOWN}").status == status


def test_a_route_to_a_dead_number_is_refused_and_the_switch_told_the_code_that_was_kept() -> None:
    customer, routes = routed([Rule("44", "UK", 100)], {"a": Offer([Rule("44", "UK", 1)])})
    wanted, plain = desk(refusing("lcr")), desk()
    for one in (wanted, plain):
        one.snapshot = snapshot_of(customer, routes)
    wanted.heard.numbers[LIVE].take(DEAD, 410, NOW - 5, NOW - 5)
    assert told(wanted, f"/api/lcr.json?number={DEAD}")["error"]["sip_code"] == 410
    assert told(plain, f"/api/lcr.json?number={DEAD}")["routes"]
    body = json.dumps({**SIPHON, "attributes": {}}).encode()
    decision = json.loads(ask(wanted, "/api/lcr/siphon.json", b"POST", b"application/json", body).body)
    assert (decision["routes"], decision["reject"]) == ([], {"code": 410, "reason": "Number failed before"})
    assert json.loads(ask(plain, "/api/lcr/siphon.json", b"POST", b"application/json", body).body)["reject"] is None


def test_the_shortest_way_to_a_price_is_not_for_accounts_that_want_dead_numbers_refused() -> None:
    request = f"GET /api/rate.json?number={DEAD} HTTP/1.1\r\nHost: t\r\n\r\n".encode()
    for screening, settles in ((refusing("rate"), False), (refusing("lcr"), True), (None, True)):
        learnt = learn(request, Head(), "192.0.2.1")
        assert learnt is not None
        assert learnt[1].settle(desk(screening)) is settles


def test_the_settings_say_what_is_kept() -> None:
    policy = policy_of(Settings(asrplus_codes="410, 484", asrplus_days=7))
    assert (policy.failed, policy.failed_causes, policy.keep_s) == (frozenset({410, 484}), frozenset(), 7 * 86_400)
    assert policy_of(Settings()) == Policy()


@pytest.mark.parametrize("text", ["", "404;410", "40", "four", "٤٠٤", "404,,x"])
def test_codes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no list of SIP codes"):
        read_codes(text)
