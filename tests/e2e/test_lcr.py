"""
Routes at a real server: said by those who manage cards, asked by softswitches, through both doors.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from siphon_sdk.lcr import LcrReject, LcrRequest, LcrResponse, LcrSource
from support.cards import RETAIL, install
from support.patience import promised, seconds_until
from support.people import account, key
from support.ratecards import Manager, managing
from support.shell import told

from ratecards.model import Rule
from ratecards.money import parse_units

LIVE_S = 2.0
NUMBER = "441132456789"
A, B = parse_units("0.0041"), parse_units("0.0035")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lcr")
    install(folder, "retail", RETAIL)
    install(folder, "carrier-a", [Rule("4411", "UK", A, 0, 1, 1), Rule("4478", "UK", A)])
    install(folder, "carrier-b", [Rule("44113", "Leeds", B, 0, 60, 60), Rule("49", "Germany", parse_units("0.1"))])
    return folder


@pytest.fixture(scope="module", params=["1", "0"], ids=["hot", "plain"])
def boss(request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    own = tmp_path_factory.mktemp("door")
    shutil.copytree(data, own, dirs_exist_ok=True)
    with managing(own, HOT_DOOR=request.param) as made:
        made.post("set", card="carrier-a", kind="provider", company="Carrier A", tech_prefix="9001",
                  endpoint="sip:gw.carrier-a.example")  # fmt: skip
        made.post("route", card="retail", carriers="carrier-a,carrier-b:priority=1")
        wait(made, lambda: routes(made) == ["carrier-b", "carrier-a"])
        yield made


def wait(boss: Manager, holds: object) -> None:
    assert seconds_until(holds) < promised(LIVE_S)


def ask(boss: Manager, form: str = "json", **asked: object) -> httpx.Response:
    return boss.client.get(f"/api/lcr.{form}", params={"number": NUMBER, "card": "retail", **asked})


def routes(boss: Manager, **asked: object) -> list[str]:
    return [route["card"] for route in ask(boss, **asked).json().get("routes", [])]


def siphon(boss: Manager, number: str, **more: object) -> LcrResponse:
    """
    Ask as that switch does, with its own types on both ends.
    """
    asked = LcrRequest(
        call_id="a84b4c76e66710", from_uri="sip:+12125550100@switch.example", to_uri=f"sip:{number}@us.example",
        dialed_number=number, source=LcrSource("192.0.2.1", trunk_group="retail"), attributes={"card": "retail"} | more,
    )  # fmt: skip
    answer = boss.client.post("/api/lcr/siphon.json", json=asked.to_dict())
    assert answer.status_code == 200, answer.text
    return LcrResponse.from_dict(answer.json())


def test_carriers_are_tried_in_the_order_of_what_the_call_costs(boss: Manager) -> None:
    assert routes(boss) == ["carrier-b", "carrier-a"]
    assert routes(boss, duration=37) == ["carrier-a", "carrier-b"]
    [route] = ask(boss, limit=1, duration=37).json()["routes"]
    assert (route["carrier"], route["tech_prefix"], route["endpoint"]) == (
        "Carrier A", "9001", "sip:gw.carrier-a.example",
    )  # fmt: skip
    assert (route["cost"], route["margin"], route["billing"]) == ("0.00252833", "0.00272167", "1/1")


def test_every_format_says_the_same(boss: Manager) -> None:
    assert "<card>carrier-b</card>" in ask(boss, "xml").text
    assert "sip:gw.carrier-a.example" in ask(boss, "html").text
    posted = boss.client.post("/api/lcr.json", json={"number": NUMBER, "card": "retail"})
    assert posted.json() == ask(boss).json()


def test_no_route_is_no_fault_of_the_service(boss: Manager) -> None:
    unprofitable, unknown, blocked = (ask(boss, number=number) for number in ("4930123456", "1212555", "447012345678"))
    assert (unprofitable.status_code, unprofitable.json()["error"]["reason"]) == (403, "No profitable route")
    assert (unknown.status_code, unknown.json()["error"]["verdict"]) == (404, "no_rate")
    assert (blocked.status_code, blocked.json()["error"]["sip_code"]) == (403, 403)


def test_a_siphon_switch_understands_the_answer(boss: Manager) -> None:
    decision = siphon(boss, "+44 113 245 6789", duration="37")
    assert decision.reject is None
    assert decision.cache_ttl_secs == 86400
    first, second = decision.routes
    assert all(route.is_routable() for route in decision.routes)
    assert (first.carrier_id, first.next_hop, first.tech_prefix) == ("carrier-a", "sip:gw.carrier-a.example", "9001")
    assert (first.rate, first.currency, first.billing_increment, first.min_duration) == (0.0041, "USD", 1, 1)
    assert (second.gateway_group, second.billing_increment, second.min_duration) == ("carrier-b", 60, 60)
    assert second.cdr_fields["rate"] == "0.0035"


@pytest.mark.parametrize(
    ("number", "reject"),
    [
        ("+12125550100", LcrReject(404, "No rate for number")),
        ("+447012345678", LcrReject(403, "Prefix blocked")),
        ("+4930123456", LcrReject(503, "No profitable route")),
        ("bob", LcrReject(484, "Address Incomplete")),
    ],
)
def test_a_siphon_switch_is_told_to_reject_with_200(boss: Manager, number: str, reject: LcrReject) -> None:
    decision = siphon(boss, number)
    assert (decision.routes, decision.reject) == ([], reject)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "call_id"),
        ({"call_id": "x", "from": "a", "to": "b"}, "dialed_number"),
        ({"call_id": "x", "from": "a", "to": "b", "dialed_number": "44"}, "source"),
        ({"call_id": "x", "from": "a", "to": "b", "dialed_number": "44", "source": {}}, "source.ip"),
        ({"call_id": "x", "from": 1, "to": "b", "dialed_number": "44", "source": {"ip": "x"}}, "from"),
        ({"version": "2"}, "version"),
    ],
)
def test_what_is_not_the_contract_is_named(boss: Manager, body: dict[str, object], named: str) -> None:
    answer = boss.client.post("/api/lcr/siphon.json", json=body)
    assert answer.status_code == 400
    assert f"'{named}'" in answer.json()["error"]["reason"]


def test_a_siphon_request_is_posted_by_somebody_with_a_key(boss: Manager) -> None:
    assert boss.client.get("/api/lcr/siphon.json").headers["allow"] == "POST"
    asked = {"call_id": "x", "from": "a", "to": "b", "dialed_number": NUMBER, "source": {"ip": "192.0.2.1"}}
    assert httpx.post(f"{boss.server.url}/api/lcr/siphon.json", json=asked).status_code == 401
    assert boss.client.post("/api/lcr/siphon.json", content=b"{").json()["error"]["code"] == 415
    deep = boss.client.post(
        "/api/lcr/siphon.json", content=b"[" * 100_000, headers={"Content-Type": "application/json"}
    )
    assert deep.status_code == 400


def test_carriers_are_changed_by_those_who_manage_cards_and_live_at_once(boss: Manager) -> None:
    assert boss.get("routing.json", card="retail")["carriers"][1]["priority"] == 1
    boss.post("route", card="retail", carriers="carrier-a,carrier-b:cap=0.001", strategy="priority")
    wait(boss, lambda: routes(boss) == ["carrier-a"])
    assert ask(boss, explain=1).json()["rejected"][0]["reason"] == "capped"
    assert boss.get("routings.json")["routings"][0]["carriers"] == "carrier-a, carrier-b"
    assert boss.get("routings.csv").text.startswith("card,carriers,strategy")
    boss.post("route", card="retail", carriers="carrier-a,carrier-b:priority=1", strategy="cost")
    wait(boss, lambda: routes(boss) == ["carrier-b", "carrier-a"])


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"card": "nope", "carriers": "carrier-a"}, 404, "no card 'nope'"),
        ({"card": "retail", "carriers": "nope"}, 400, "no card 'nope'"),
        ({"card": "retail", "carriers": "carrier-a:luck"}, 400, "'luck' at 'carrier-a'"),
        ({"card": "retail", "carriers": "test/carrier-a"}, 404, "no card"),
        ({"card": "retail", "cap": "free"}, 400, "cap"),
        ({"card": "retail", "limit": "65"}, 400, "limit"),
        ({"card": "retail", "strategy": "luck"}, 400, "strategy"),
        ({"carriers": "carrier-a"}, 400, "card"),
    ],
)
def test_a_routing_that_cannot_be_is_refused_and_changes_nothing(
    boss: Manager, asked: dict[str, str], status: int, words: str
) -> None:
    before = boss.get("routing.json", card="retail")
    answer = boss.post("route", status=status, **asked)
    assert words in json.dumps(answer)
    assert boss.get("routing.json", card="retail") == before


def test_a_customer_who_may_ask_one_card_reads_no_carrier_s_price(boss: Manager) -> None:
    folder = boss.server.log.parent
    account(folder, "customer", card="retail")
    text = key(folder, "customer")
    headers = {"Authorization": f"Bearer {text}"}
    seconds_until(lambda: httpx.get(f"{boss.server.url}/api/account.json", headers=headers).status_code == 200)
    answer = httpx.get(f"{boss.server.url}/api/lcr.json", params={"number": NUMBER}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "Unauthorized")
    assert "0.0041" not in answer.text
    assert httpx.get(f"{boss.server.url}/api/rate.json?number={NUMBER}", headers=headers).status_code == 200


def test_the_command_line_says_and_asks_the_same(data: Path) -> None:
    set_ = told(data, "lcr", "set", "retail", "--carriers", "carrier-a:priority=5,carrier-b", "--cap", "0.5")
    assert set_["carriers"][0] == {"card": "carrier-a", "priority": 5, "cap": "", "enabled": True}
    assert told(data, "lcr", "show", "retail") == set_
    assert told(data, "lcr", "show") == [set_]
    answer = told(data, "lcr", "ask", "retail", NUMBER, "--duration", "37")
    assert [route["card"] for route in answer["routes"]] == ["carrier-a", "carrier-b"]
