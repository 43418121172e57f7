"""
What is known of a number has the fields of the interface, type by type, alone and together, in every format.
"""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support import numbering
from support.cards import RETAIL
from support.dips import Asked, asked_server
from support.patience import FAIL_SAFE_S, within
from support.routes import Offer, routed, snapshot_of

from ratecards.compile import compile_card
from ratecards.model import Rule, Terms
from ratecards.rules import to_frame
from service.access.account import LIVE, LOOKUP, TEST, Account, Identity
from service.access.identify import Door
from service.dips.dips import Dips
from service.dips.http import HttpSource
from service.heard import Heard
from service.http.respond import Head, Later, Response, finish, respond
from service.http.smart import MAX_NUMBERS
from service.quota.meter import Meter
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import Desk, LiveCard, Loaded, Snapshot

NOW = 1_800_000_000
AGE = NOW - numbering.LOADED_AT
UK, US, MOBILE, DEAD = "441134960123", "12125550100", "447400123456", "441132456789"
FORM = b"application/x-www-form-urlencoded"
BY_LRN = [Rule("1212", "New York", 100), Rule("1312", "Chicago", 200), Rule("44", "UK", 300)]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    folder = tmp_path_factory.mktemp("numbers")
    found = numbering.listed("dno", DEAD) | numbering.listed("tps", UK, DEAD)
    for kind, text in (("lrn", numbering.LRN), ("ofcom", numbering.OFCOM), ("mccmnc", numbering.MCCMNC)):
        found |= numbering.loaded(folder, kind, text)
    return found


@pytest.fixture
def desk(files: dict[str, Loaded]) -> Desk:
    return desk_with(files)


def desk_with(files: dict[str, Loaded], environment: str = LIVE, **more: Any) -> Desk:
    """
    A desk with a guest, some files of numbers, and one dead number.
    """
    guest = Identity(
        Account(1, "acme", "retail", cards=None), environment, frozenset({LOOKUP}), Meters(1).of("acme", Plan())
    )
    heard = Heard(is_ready=True)
    heard.numbers[LIVE].take(DEAD, 404, NOW - 100, NOW - 100)
    cards = {
        "retail": LiveCard("retail", 3, compile_card(to_frame(RETAIL), Terms())),
        "ported": LiveCard("ported", 1, compile_card(to_frame(BY_LRN), Terms(rates_by_lrn=True))),
    }
    return Desk(Snapshot(cards=cards, loaded=files), Door(guest), lambda: NOW, heard=heard, **more)


def ask(desk: Desk, target: str, body: bytes | None = None, kind: bytes = FORM) -> Response:
    method = b"GET" if body is None else b"POST"
    head = Head(content_type=None if body is None else kind)
    response = respond(desk, method, f"/api/{target}".encode(), head, body=body or b"", may_wait=True)
    if isinstance(response, Later):
        response = asyncio.run(finish(response, desk))
    assert isinstance(response, Response)
    return response


def told(desk: Desk, target: str, body: bytes | None = None, kind: bytes = FORM) -> dict[str, Any]:
    return dict(json.loads(ask(desk, target, body, kind).body))


RANGE = "prefix country region carrier line_type timezones source age"
FIELDS = [
    ("range", UK, "area_code", "1134"),
    ("range", UK, "de", "96"),
    ("range", UK, "fg", "0"),
    ("range", UK, "status", "Allocated"),
    ("range", UK, "date_modified", "1997-05-21"),
    ("range", UK, "prefix", "44113"),
    ("range", UK, "country", "GB"),
    ("range", UK, "region", "Leeds"),
    ("range", UK, "carrier", None),
    ("range", MOBILE, "carrier", "Three"),
    ("range", UK, "line_type", "fixed_line"),
    ("range", UK, "timezones", ["Europe/London"]),
    ("range", UK, "source", "my-ofcom"),
    ("range", UK, "age", AGE),
    ("range", US, "country", "US"),
    ("range", US, "region", "New York, NY"),
    ("range", US, "line_type", "fixed_line_or_mobile"),
    ("range", US, "timezones", ["America/New_York"]),
    ("range", US, "source", "plan"),
    ("range", US, "age", None),
    ("hlr", MOBILE, "mcc", "234"),
    ("hlr", MOBILE, "mnc", "20"),
    ("hlr", MOBILE, "country", "United Kingdom"),
    ("hlr", MOBILE, "brand", "Three"),
    ("hlr", MOBILE, "operator", "Hutchison 3G"),
    ("hlr", MOBILE, "status", "Operational"),
    ("hlr", MOBILE, "bank", "UMTS 2100"),
    ("hlr", MOBILE, "notes", "a note"),
    ("hlr", MOBILE, "mcc_country", "GB"),
    ("hlr", MOBILE, "imsi", "23420"),
    ("hlr", MOBILE, "source", "my-mccmnc"),
    ("hlr", MOBILE, "age", AGE),
    ("hlr", "93701234567", "mcc", "412"),
    ("hlr", "93701234567", "mnc", "01"),
    ("hlr", "93701234567", "operator", "AWCC"),
    ("hlr", "93701234567", "source", "plan"),
    ("lrn", US, "tn", US),
    ("lrn", US, "lrn", "12125550199"),
    ("lrn", US, "ocn", "1234"),
    ("lrn", US, "lata", "132"),
    ("lrn", US, "city", "NEW YORK"),
    ("lrn", US, "state", "NY"),
    ("lrn", US, "jurisdiction", "INTERSTATE"),
    ("lrn", US, "lec", "Verizon"),
    ("lrn", US, "local", "Y"),
    ("lrn", US, "source", "my-lrn"),
    ("lrn", US, "age", AGE),
    ("lrn", "13125550100", "lrn", "13125550100"),
    ("lrn", "13125550100", "state", "IL"),
    ("tps", UK, "listed", True),
    ("tps", UK, "list", ["tps"]),
    ("tps", US, "listed", False),
    ("tps", US, "list", []),
    ("asrplus", DEAD, "code", 404),
    ("asrplus", DEAD, "reason", "Not Found"),
    ("asrplus", DEAD, "datetime", NOW - 100),
    ("asrplus", DEAD, "age", 100),
    ("asrplus", DEAD, "age_days", 0),
]


@pytest.mark.parametrize(("kind", "number", "name", "value"), FIELDS, ids=[f"{k} {n}: {f}" for k, n, f, _ in FIELDS])
def test_a_field_is_told_alone_and_together_alike(desk: Desk, kind: str, number: str, name: str, value: object) -> None:
    assert told(desk, f"{kind}.json?number={number}")[name] == value
    assert told(desk, f"lookup/smart.json?type={kind}&number={number}")[number][kind][name] == value


@pytest.mark.parametrize(
    ("kind", "number", "names"),
    [
        ("range", UK, f"area_code de fg status date_modified {RANGE}"),
        ("range", US, RANGE),
        ("hlr", MOBILE, "mcc mnc country brand operator status bank notes mcc_country imsi source age"),
        ("lrn", US, "tn lrn ocn lata city state jurisdiction lec local source age"),
        ("tps", US, "listed list"),
        ("asrplus", DEAD, "code reason datetime age age_days"),
    ],
)  # fmt: skip
def test_a_type_has_these_fields_in_this_order_and_no_others(desk: Desk, kind: str, number: str, names: str) -> None:
    assert list(told(desk, f"{kind}.json?number={number}")) == names.split()


@pytest.mark.parametrize(
    ("kind", "number", "reason"),
    [
        ("range", "999", "No record for number"),
        ("hlr", US, "No record for number"),
        ("lrn", "12125550101", "No record for number"),
        ("ping", US, "Not configured"),
        ("asrplus", US, "No record for number"),
    ],
)
def test_what_is_not_known_is_a_404_alone_and_an_error_in_place_together(
    desk: Desk, kind: str, number: str, reason: str
) -> None:
    alone = ask(desk, f"{kind}.json?number={number}")
    assert (alone.status, json.loads(alone.body)["error"]["reason"]) == (404, reason)
    together = ask(desk, f"lookup/smart.json?type={kind},range&number={number}")
    assert together.status == 200
    assert json.loads(together.body)[number][kind] == json.loads(alone.body)


@pytest.mark.parametrize("kind", ["tps", "lrn", "ping"])
def test_a_type_that_nothing_was_set_up_for_says_so(kind: str) -> None:
    error = told(desk_with({}), f"{kind}.json?number={US}")["error"]
    assert (error["code"], error["reason"]) == (404, "Not configured")


def test_the_sandbox_sees_nothing_of_production_s_files(files: dict[str, Loaded]) -> None:
    sandbox = desk_with(files, TEST)
    assert told(sandbox, f"lrn.json?number={US}")["error"]["reason"] == "Not configured"
    assert told(sandbox, f"range.json?number={UK}")["area_code"] is None
    assert told(sandbox, f"hlr.json?number={MOBILE}")["source"] == "plan"


def test_who_calls_decides_the_jurisdiction_of_the_routing_number(desk: Desk) -> None:
    assert told(desk, f"lrn.json?number={US}&cli=13125550100")["jurisdiction"] == "interstate"
    assert told(desk, f"lrn.json?number={US}&cli=12125550000")["jurisdiction"] == "intrastate"
    assert told(desk, f"lrn.json?number={US}&cli=anonymous")["jurisdiction"] == "INTERSTATE"


LISTS = (
    f"number={UK},{US}&type=range,tps",
    f"number[]={UK}&number[]={US}&type[]=range&type[]=tps",
    f"number={UK}&number={US}&type=range&type=tps",
    f"number=%2B44%20113%20496%200123,00{US}&type=range,tps",
)


@pytest.mark.parametrize("query", LISTS)
def test_answers_nest_number_and_then_type_however_the_lists_are_written(desk: Desk, query: str) -> None:
    by_get = told(desk, f"lookup/smart.json?{query}")
    assert {number: list(types) for number, types in by_get.items()} == {UK: ["range", "tps"], US: ["range", "tps"]}
    assert by_get == told(desk, "lookup/smart.json", query.encode()) == told(desk, f"v1/lookup/smart.json?{query}")
    listed = json.dumps({"number": [UK, US], "type": ["range", "tps"]}).encode()
    assert by_get == told(desk, "lookup/smart.json", listed, b"application/json")


def test_a_bad_number_among_others_has_its_error_in_its_place(desk: Desk) -> None:
    found = told(desk, f"lookup/smart.json?type=range&number={UK},x")
    assert found["x"]["error"]["reason"] == "Invalid Parameter 'number': 'x' is not a digit"
    assert found[UK]["range"]["country"] == "GB"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (f"number={UK}", "Missing Required Parameter 'type'"),
        ("type=range", "Missing Required Parameter 'number'"),
        (f"type=magic&number={UK}", "Invalid Parameter 'type': 'magic' is none of asrplus, tps, range, lrn, hlr, ping"),
        (f"type=,&number={UK}", "Invalid Parameter 'type': '' is none of asrplus, tps, range, lrn, hlr, ping"),
        ("type=range&number=x", "Invalid Parameter 'number': 'x' is not a digit"),
        ("type=range&number=,", "Invalid Parameter 'number': is not 1 to 1000 numbers with commas between"),
        (f"type=range&number={UK}&colour=red", "Unknown Parameter 'colour'"),
        (f"type=range&number={UK}&card=retail", "Unknown Parameter 'card'"),
    ],
)
def test_a_question_that_is_wrong_is_refused_by_name(desk: Desk, query: str, reason: str) -> None:
    response = ask(desk, f"lookup/smart.json?{query}")
    assert (response.status, json.loads(response.body)["error"]) == (400, {"code": 400, "reason": reason})


def test_a_thousand_numbers_may_be_asked_at_once_and_no_more(desk: Desk) -> None:
    numbers = [f"44113496{n:04}" for n in range(MAX_NUMBERS + 1)]
    body = f"type=range&number={','.join(numbers[:-1])}".encode()
    assert len(told(desk, "lookup/smart.json", body)) == MAX_NUMBERS
    body = f"type=range&number={','.join(numbers)}".encode()
    assert told(desk, "lookup/smart.json", body)["error"]["code"] == 400


def test_xml_is_nested_as_the_interface_has_it(desk: Desk) -> None:
    body = ask(desk, f"lookup/smart.xml?type=asrplus,tps&number={DEAD},{US}").body
    assert body.decode() == (
        f'<?xml version="1.0"?><smart><number id="{DEAD}"><asrplus><code>404</code><reason>Not Found</reason>'
        f"<datetime>{NOW - 100}</datetime><age>100</age><age_days>0</age_days></asrplus>"
        "<tps><listed>true</listed><list>dno</list><list>tps</list></tps></number>"
        f'<number id="{US}"><asrplus><error><code>404</code><reason>No record for number</reason>'
        "<verdict>unknown_number</verdict><sip_code>404</sip_code></error></asrplus>"
        "<tps><listed>false</listed></tps></number></smart>"
    )
    assert ElementTree.fromstring(ask(desk, f"range.xml?number={UK},{US}").body).tag == "range"


def test_an_error_in_xml_is_under_the_name_of_the_service(desk: Desk) -> None:
    body = ask(desk, "lookup/smart.xml?type=range").body
    assert ElementTree.fromstring(body).tag == "smart"


def test_html_has_a_table_for_each_number_with_a_line_for_each_field(desk: Desk) -> None:
    body = ask(desk, f"lookup/smart?type=range,ping&number={UK},{US}").body.decode()
    for line in (f"<h2>{UK}</h2>", f"<h2>{US}</h2>", "<td>region</td><td>Leeds</td>", "<td>Not configured</td>"):
        assert line in body


def test_a_long_answer_lets_others_have_their_turn_and_is_the_same(desk: Desk) -> None:
    """
    The loop turns while it is made: once, at least, for each sixteen numbers.
    """
    numbers = [f"44113496{n:04}" for n in range(500)]
    body = f"type=range,tps&number={','.join(numbers)},x".encode()
    head = Head(content_type=FORM)
    waiting = respond(desk, b"POST", b"/api/lookup/smart.json", head, body=body, may_wait=True)
    assert isinstance(waiting, Later)
    turns = 0

    async def test() -> Response:
        nonlocal turns
        answering = asyncio.create_task(finish(waiting, desk))
        while not answering.done():
            turns += 1
            await asyncio.sleep(0)
        return await answering

    found = json.loads(asyncio.run(test()).body)
    assert turns > 500 / 16
    assert list(found) == [*numbers, "x"]
    assert found[numbers[7]] == told(desk, f"lookup/smart.json?type=range,tps&number={numbers[7]}")[numbers[7]]
    assert found["x"]["error"]["code"] == 400


def test_a_target_that_names_many_numbers_is_left_to_the_slow_door_before_anything_is_charged(desk: Desk) -> None:
    short, long = ("/api/range.json?number=" + ",".join(["441134960123"] * count) for count in (18, 19))
    assert isinstance(respond(desk, b"GET", short.encode(), Head()), Response)
    assert respond(desk, b"GET", long.encode(), Head()) is None


# Others who are asked


def with_others(files: dict[str, Loaded], *servers: Asked, kind: str = "lrn", deadline_s: float = 30.0) -> Desk:
    fields = {"lrn": {"lrn": "lrn", "lec": "lec"}, "hlr": {"mcc": "mcc", "imsi": "imsi"}}[kind]
    required = {"lrn": "lrn", "hlr": "mcc"}[kind]
    sources = [HttpSource(f"http-{n}", one.url, deadline_s, fields, required) for n, one in enumerate(servers, start=1)]
    return desk_with(files, dips={kind: Dips(sources, 60, lambda: NOW - 7)})


def answered(desk: Desk, target: str) -> Response | Meter | Later | None:
    return respond(desk, b"GET", f"/api/{target}".encode(), Head(), may_wait=True)


async def later(desk: Desk, target: str) -> Response:
    waiting = answered(desk, target)
    assert isinstance(waiting, Later)
    try:
        async with asyncio.timeout(FAIL_SAFE_S):
            return await finish(waiting, desk)
    finally:
        for dips in desk.dips.values():
            await dips.close()


def test_who_is_asked_tells_before_the_table_does(files: dict[str, Loaded]) -> None:
    async def test() -> None:
        async with asked_server() as server:
            response = await later(with_others(files, server), f"lookup/smart.json?type=lrn,range&number={US},{UK}")
        found = json.loads(response.body)
        assert found[US]["lrn"]["lec"] == "Bell"
        assert (found[US]["lrn"]["source"], found[US]["lrn"]["age"]) == ("http-1", 7)
        assert found[UK]["range"]["region"] == "Leeds"
        assert sorted(target[-11:] for target in server.targets) == sorted((US, UK[-11:]))

    asyncio.run(test())


def test_who_is_asked_for_networks_tells_them(files: dict[str, Loaded]) -> None:
    async def test() -> None:
        async with asked_server(said=b'{"mcc": "001", "imsi": "001010123456789"}') as server:
            response = await later(with_others(files, server, kind="hlr"), f"hlr.json?number={MOBILE}")
        found = json.loads(response.body)
        assert (found["mcc"], found["mnc"], found["imsi"]) == ("001", None, "001010123456789")

    asyncio.run(test())


@pytest.mark.timed
def test_a_source_that_stalls_holds_the_others_no_longer_than_its_deadline(files: dict[str, Loaded]) -> None:
    """
    Those in memory are all there; the table answers where it can, and where it cannot the error says why.
    """

    async def test() -> None:
        async with asked_server(delay_s=None) as server:
            desk = with_others(files, server, deadline_s=0.2)
            with within(0.2 + 0.5):
                response = await later(desk, f"lookup/smart.json?type=asrplus,tps,range,lrn&number={US},{DEAD}")
        found = json.loads(response.body)
        assert (found[US]["lrn"]["source"], found[US]["lrn"]["lec"]) == ("my-lrn", "Verizon")
        assert found[DEAD]["asrplus"]["code"] == 404
        assert found[DEAD]["tps"]["listed"] is True
        assert found[DEAD]["range"]["country"] == "GB"
        error = found[DEAD]["lrn"]["error"]
        assert (error["code"], error["detail"]) == (503, "http-1: no answer within 200 ms")

    asyncio.run(test())


def test_what_may_have_to_wait_is_left_to_the_slow_door_before_anything_is_charged(files: dict[str, Loaded]) -> None:
    async def test() -> None:
        async with asked_server() as server:
            desk = with_others(files, server)
            assert respond(desk, b"GET", f"/api/lrn.json?number={US}".encode(), Head()) is None
            assert isinstance(ask(desk, f"range.json?number={US}"), Response)
            assert server.targets == []
            await desk.dips["lrn"].close()

    asyncio.run(test())


def test_who_may_not_ask_makes_nobody_be_asked(files: dict[str, Loaded]) -> None:
    async def test() -> None:
        async with asked_server() as server:
            desk = with_others(files, server)
            desk.door = Door()
            response = answered(desk, f"lrn.json?number={US}")
            assert isinstance(response, Response)
            assert (response.status, server.targets) == (401, [])
            await desk.dips["lrn"].close()

    asyncio.run(test())


# A dip before a price


def test_a_card_that_rates_by_routing_number_is_asked_by_the_one_that_is_found(desk: Desk) -> None:
    dipped = told(desk, f"rate.json?number=13125550100&card=ported&lrn={US}")
    assert (dipped["prefix"], dipped["lrn"]) == ("1212", US)
    for query in (f"number={US}&card=ported&lrn=auto", f"number={US}&card=ported&lrn=12125550199"):
        found = told(desk, f"rate.json?{query}")
        assert (found["number"], found["prefix"], found["lrn"]) == (US, "1212", "12125550199")


def test_a_ported_number_costs_what_its_new_switch_costs(tmp_path: Path) -> None:
    moved = numbering.loaded(tmp_path, "lrn", "12125550100,13125550199\n")
    desk = desk_with(moved)
    assert told(desk, f"rate.json?number={US}&card=ported")["prefix"] == "1212"
    assert told(desk, f"rate.json?number={US}&card=ported&lrn=auto")["prefix"] == "1312"


def test_a_number_that_no_table_knows_is_rated_as_dialled(desk: Desk) -> None:
    found = told(desk, "rate.json?number=12125550999&card=ported&lrn=auto")
    assert found["prefix"] == "1212"
    assert "lrn" not in found


def test_a_card_that_rates_by_dialled_number_is_asked_by_it(desk: Desk) -> None:
    found = told(desk, f"rate.json?number={UK}&card=retail&lrn=auto")
    assert found == told(desk, f"rate.json?number={UK}&card=retail")


def test_a_dip_without_a_table_is_refused_and_never_guessed() -> None:
    error = told(desk_with({}), f"rate.json?number={US}&card=ported&lrn=auto")["error"]
    assert error["reason"] == "Invalid Parameter 'lrn': cannot be 'auto': no table of ported numbers is loaded"


def test_routes_are_found_by_the_routing_number_and_the_answer_shows_it(tmp_path: Path) -> None:
    """
    Asked twice, so that what is kept of a call without one is not told of a call with one, nor the other way round.
    """
    carrier = Offer([Rule("1212", "New York", 10), Rule("1312", "Chicago", 20)], by_lrn=True)
    desk = desk_with(numbering.loaded(tmp_path, "lrn", "12125550100,13125550199\n"))
    behind = snapshot_of(*routed([Rule("1", "USA", 1_000)], {"carrier": carrier}))
    desk.snapshot = replace(desk.snapshot, cards=behind.cards, routes=behind.routes)
    for _ in range(2):
        plain = told(desk, f"lcr.json?number={US}")
        dipped = told(desk, f"lcr.json?number={US}&lrn=auto")
        assert (plain["routes"][0]["prefix"], "lrn" in plain) == ("1212", False)
        assert (dipped["routes"][0]["prefix"], dipped["lrn"]) == ("1312", "13125550199")
        assert list(dipped)[-2:] == ["routes", "lrn"]
        in_xml = ElementTree.fromstring(ask(desk, f"lcr.xml?number={US}&lrn=auto").body)
        assert in_xml.findtext("lrn") == "13125550199"
