"""
ASR, ACD and PDD at a real server: of one's own calls, in every format, and as the order that carriers are tried in.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.cards import RETAIL, install
from support.corpus import get, post
from support.patience import seconds_until
from support.people import account, bearer, key
from support.routes import install_carriers
from support.server import Server, serve
from support.shell import run, told

CALLS = 40


@dataclass(frozen=True)
class World:
    """
    A server, and carriers of which the dearer one answers more calls.
    """

    server: Server
    data: Path
    keys: dict[str, str]

    def ask(self, target: str, who: str = "acme") -> bytes:
        return self.server.ask(get(target, bearer(self.keys[who])))

    def json(self, target: str, who: str = "acme") -> dict[str, Any]:
        return dict(json.loads(self.ask(target, who).partition(b"\r\n\r\n")[2]))

    def send(self, who: str, *records: dict[str, object]) -> None:
        raw = post("/api/cdr.json", "application/json", json.dumps(list(records)))
        raw = raw.replace(b"\r\n\r\n", f"\r\n{bearer(self.keys[who])}\r\n\r\n".encode(), 1)
        assert f'"taken":{len(records)}'.encode() in self.server.ask(raw)


def calls(who: str, carrier: str, answered: int, number: str = "441132456789") -> list[dict[str, object]]:
    """
    Forty calls of which so many were answered, for a minute each, after 800 ms.
    """
    start = int(time.time()) - 90
    plain = {"number": number, "card": "retail", "carrier": carrier, "start": start, "pdd_ms": 800}
    return [
        {**plain, "call_id": f"{who} {n}", "sip_code": 200 if n < answered else 503, "duration": 60 * (n < answered)}
        for n in range(CALLS)
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("quality")
    install(data, "retail", RETAIL)
    install_carriers(data)
    for name in ("acme", "other", "boss"):
        account(data, name, card="retail", all_cards=True)
    keys = {name: key(data, name, "lookup", "cdr") for name in ("acme", "other")}
    keys |= {"boss": key(data, "boss", "admin"), "lookup": key(data, "acme", "lookup")}
    with serve(data) as server:
        made = World(server, data, keys)
        made.send("acme", *calls("acme", "carrier-a", 10), *calls("acme", "carrier-b", 30))
        made.send("other", *calls("other", "Carrier B", 40, "441212345678"))
        seconds_until(lambda: sum(row["attempts"] for row in made.json("/api/quality.json", "boss")["quality"]) == 120)
        yield made


def test_an_account_sees_the_measures_of_its_own_calls(world: World) -> None:
    """
    A carrier each, to what the record's card calls the destination, the most called first and then by name.
    """
    answer = world.json("/api/quality.json")
    shared = {"card": "retail", "destination": "UK Leeds", "attempts": 40, "acd_s": "60.0", "pdd_ms": 800}
    assert answer["quality"] == [
        {**shared, "carrier": "carrier-a", "answered": 10, "asr_percent": "25.0"},
        {**shared, "carrier": "carrier-b", "answered": 30, "asr_percent": "75.0"},
    ]
    assert (answer["window"], answer["min_calls"], answer["complete"], answer["total"]) == ("1h", 20, True, 2)


def test_another_account_s_calls_look_like_none_and_staff_see_all(world: World) -> None:
    for target in ("/api/quality.json?account=acme", "/api/quality.json?carrier=carrier-a"):
        assert world.json(target, "other")["quality"] == []
    assert {row["account"] for row in world.json("/api/quality.json?by=account", "boss")["quality"]} == {
        "acme",
        "other",
    }
    assert world.json("/api/quality.json?account=other&by=destination", "boss")["quality"][0]["destination"] == "UK"


def test_it_is_for_those_who_may_see_call_records(world: World) -> None:
    assert world.ask("/api/quality.json", "lookup").startswith(b"HTTP/1.1 403")


def test_rows_are_chosen_and_put_together(world: World) -> None:
    [together] = world.json("/api/quality.json?by=destination")["quality"]
    assert (together["attempts"], together["asr_percent"]) == (80, "50.0")
    for query in ("destination=leeds", "destination=44113", "carrier=carrier-b", "card=retail", "window=24h"):
        found = world.json(f"/api/quality.json?{query}")["quality"]
        assert len(found) == (1 if "carrier" in query else 2), query
    for query in ("destination=4930", "destination=4412", "card=sdf"):
        assert world.json(f"/api/quality.json?{query}")["quality"] == [], query


@pytest.mark.parametrize(("name", "value"), [("window", "2h"), ("by", "colour"), ("by", ","), ("card", "x" * 200)])
def test_what_makes_no_sense_is_named(world: World, name: str, value: str) -> None:
    error = world.json(f"/api/quality.json?{name}={value}")["error"]
    assert (error["code"], error["reason"].partition(":")[0]) == (400, f"Invalid Parameter '{name}'")


def test_too_few_calls_say_nothing(world: World) -> None:
    world.send("boss", *calls("boss", "carrier-c", 19, "33123456789")[:19])
    seconds_until(lambda: world.json("/api/quality.json?carrier=carrier-c", "boss")["quality"])
    [row] = world.json("/api/quality.json?carrier=carrier-c", "boss")["quality"]
    assert (row["attempts"], row["answered"], row["asr_percent"], row["acd_s"], row["pdd_ms"]) == (
        19,
        19,
        None,
        None,
        None,
    )
    assert row["destination"] == "FR"


def test_it_is_a_table_in_every_format(world: World) -> None:
    lines = world.ask("/api/quality.csv").partition(b"\r\n\r\n")[2].decode().split("\r\n")
    assert lines[0] == "card,carrier,destination,attempts,answered,asr_percent,acd_s,pdd_ms"
    assert lines[1] == "retail,carrier-a,UK Leeds,40,10,25.0,60.0,800"
    assert b"<asr_percent>25.0</asr_percent>" in world.ask("/api/quality.xml")
    assert b"<td>UK Leeds</td>" in world.ask("/api/quality.html")
    assert world.ask("/api/quality.xlsx").partition(b"\r\n\r\n")[2].startswith(b"PK")


def test_carriers_are_tried_in_the_order_of_how_they_did_of_late_where_that_is_asked_for(world: World) -> None:
    """
    By cost the one that answers a quarter of its calls would be first.
    """
    target = "/api/lcr.json?number=441132456789&card=retail"

    def order(more: str) -> list[str]:
        return [route["card"] for route in world.json(target + more)["routes"]]

    assert order("") == ["carrier-a", "carrier-b"]
    seconds_until(lambda: order("&strategy=quality") == ["carrier-b", "carrier-a"])
    assert order("&strategy=cost") == ["carrier-a", "carrier-b"]
    best, other = world.json(target + "&strategy=quality")["routes"]
    assert Decimal(best["asr_percent"]) > Decimal(other["asr_percent"]) == 25
    assert "asr_percent" not in world.json(target)["routes"][0]


def test_a_simulation_and_the_command_know_how_carriers_did_as_the_service_does(world: World) -> None:
    question = "number=441132456789&card=retail&strategy=quality"
    answer = world.json(f"/api/lcr.json?{question}&explain=1")
    assert [route["card"] for route in answer["routes"]] == ["carrier-b", "carrier-a"]
    assert world.json(f"/api/simulate.json?service=lcr&{question}&explain=1")["answer"] == answer
    asked = told(world.data, "lcr", "ask", "retail", "441132456789", "--strategy", "quality")
    assert asked["routes"] == answer["routes"]


def test_the_command_says_the_same(world: World) -> None:
    asked = told(world.data, "quality", "--account", "acme")
    assert asked["quality"] == world.json("/api/quality.json")["quality"]
    assert "carrier-a" in run(world.data, "quality", "--by", "carrier").stdout
    run(world.data, "quality", "--by", "colour", status=2)
    run(world.data, "quality", "--window", "forever", status=2)
