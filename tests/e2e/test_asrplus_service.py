"""
ASRPlus at a real server: from a record posted a moment before to an answer, a refusal, a list, and over a restart.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.cards import RETAIL, install
from support.corpus import SIPHON, get, post
from support.patience import promised, seconds_until
from support.people import account, bearer, key
from support.routes import install_carriers
from support.server import Server, read_responses, serve
from support.shell import run, told

from service.store.accounts import Asrplus

LIVE_S = 2.0
AGE_S = 970_257
"""Of the example: eleven days and some hours."""
one_door = pytest.mark.parametrize("world", ["1"], indirect=True, ids=["hot"])
"""For what no door has a part in."""
CHANGING = re.compile(rb'"age":\d+|date: [^\r]*')


@dataclass
class World:
    """
    A server at one of its doors, accounts, and calls that were made.
    """

    server: Server
    data: Path
    keys: dict[str, str]
    calls: int = 0

    def ask(self, target: str, who: str = "plain") -> bytes:
        return self.server.ask(get(target, bearer(self.keys[who])))

    def json(self, target: str, who: str = "plain") -> dict[str, Any]:
        return dict(json.loads(self.ask(target, who).partition(b"\r\n\r\n")[2]))

    def send(self, number: str, sip_code: int, age_s: int = 0, who: str = "plain", **more: object) -> int:
        """
        Post the record of a call that began so long ago; when it began.
        """
        self.calls += 1
        start = int(time.time()) - age_s
        said = {"call_id": f"call-{self.calls}", "number": number, "start": start, "sip_code": sip_code, **more}
        raw = post("/api/cdr.json", "application/json", json.dumps(said))
        raw = raw.replace(b"\r\n\r\n", f"\r\n{bearer(self.keys[who])}\r\n\r\n".encode(), 1)
        assert b'"taken":1' in self.server.ask(raw)
        return start

    def wait(self, number: str, code: int, who: str = "plain") -> None:
        """
        What is posted is known within two seconds.
        """
        target = f"/api/asrplus.json?number={number}"
        took_s = seconds_until(lambda: self.json(target, who).get("code") == code, pause_s=0.1)
        assert took_s < promised(LIVE_S)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    data = tmp_path_factory.mktemp("asrplus")
    install(data, "retail", RETAIL)
    install_carriers(data)
    account(data, "plain", card="retail", all_cards=True)
    account(data, "picky", card="retail", all_cards=True, asrplus=Asrplus("strict", None, frozenset({"rate", "lcr"})))
    keys = {name: key(data, name, "lookup", "cdr") for name in ("plain", "picky")}
    return data, {**keys, "sandbox": key(data, "plain", "lookup", "cdr", environment="test")}


@pytest.fixture(scope="module", params=["1", "0"], ids=["hot", "plain"])
def world(
    request: pytest.FixtureRequest, made: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    own = tmp_path_factory.mktemp("door")
    shutil.copytree(made[0], own, dirs_exist_ok=True)
    with serve(own, HOT_DOOR=request.param) as server:
        yield World(server, own, made[1])


def test_the_example_field_for_field_in_three_formats_from_a_record_posted_a_moment_before(world: World) -> None:
    start = world.send("+44 113 245 6789", 404, AGE_S)
    world.wait("441132456789", 404)
    before = int(time.time())
    answers = {form: world.ask(f"/api/asrplus{form}?number=441132456789") for form in (".json", ".xml", ".html", "")}
    ages = [str(age_s) for age_s in range(before - start, int(time.time()) - start + 1)]
    bodies = {form: answer.partition(b"\r\n\r\n")[2].decode() for form, answer in answers.items()}
    assert bodies[".json"] in [
        f'{{"code":404,"reason":"Not Found","datetime":{start},"age":{age_s},"age_days":11}}' for age_s in ages
    ]
    assert bodies[".xml"] in [
        '<?xml version="1.0"?><asrplus><code>404</code><reason>Not Found</reason>'
        f"<datetime>{start}</datetime><age>{age_s}</age><age_days>11</age_days></asrplus>"
        for age_s in ages
    ]
    ElementTree.fromstring(bodies[".xml"])
    rows = re.findall(r'<th scope="row">(\w+)</th><td>([^<(]*?)\s*[<(]', bodies[".html"])
    assert [row for row in rows if row[0] != "age"] == [
        ("code", "404"), ("reason", "Not Found"), ("datetime", str(start)), ("age_days", "11"),
    ]  # fmt: skip
    assert dict(rows)["age"] in ages
    assert CHANGING.sub(b"", bodies[""].encode()).startswith(b"<!doctype html>")


def test_a_question_asked_again_on_the_shortest_way_is_answered_as_the_first_time(world: World) -> None:
    """
    Known and unknown, good and bad, on a connection of its own and on one that asked before.
    """
    world.send("441132456701", 404, 5)
    world.wait("441132456701", 404)
    for number in ("441132456701", "441132450000", "0", "044", "44113245670112345", "", "441132456701,44", "%2B44"):
        line = f"GET /api/asrplus.json?number={number} HTTP/1.1\r\nHost: t\r\n{bearer(world.keys['plain'])}\r\n"
        first = world.server.ask(f"{line}X-Once: {number}\r\n\r\n".encode())
        with world.server.connect() as client:
            for _ in range(4):
                client.sendall(f"{line}\r\n".encode())
                assert CHANGING.sub(b"", read_responses(client)) == CHANGING.sub(b"", first)


@one_door
def test_a_call_that_is_answered_clears_what_failed(world: World) -> None:
    world.send("441132456702", 404, 100)
    world.wait("441132456702", 404)
    world.send("441132456702", 200, 50, duration=10)
    world.wait("441132456702", 200)


def test_a_test_key_knows_of_the_sandbox_s_calls_only_and_production_nothing_of_them(world: World) -> None:
    world.send("441132456703", 404, who="sandbox")
    world.wait("441132456703", 404, "sandbox")
    world.send("441132456704", 404)
    world.wait("441132456704", 404)
    assert "error" in world.json("/api/asrplus.json?number=441132456703")
    assert "error" in world.json("/api/asrplus.json?number=441132456704", "sandbox")


@one_door
def test_what_the_network_said_to_one_account_is_told_to_all(world: World) -> None:
    world.send("441132456705", 410)
    world.wait("441132456705", 410, "picky")


def test_calls_to_dead_numbers_are_refused_in_rate_and_lcr_for_the_account_that_wants_it(world: World) -> None:
    world.send("441132456706", 410)
    world.wait("441132456706", 410)
    for service in ("rate", "lcr"):
        target = f"/api/{service}.json?number=441132456706"
        for _ in range(3):
            error = world.json(target, "picky")["error"]
            assert (error["code"], error["verdict"], error["sip_code"]) == (404, "dead_number", 410)
            assert "error" not in world.json(target)
        assert world.json(f"/api/{service}.json?number=441132456799", "picky")["error"]["verdict"] == "unknown_number"
    raw = post("/api/lcr/siphon.json", "application/json", json.dumps({**SIPHON, "dialed_number": "441132456706"}))
    raw = raw.replace(b"\r\n\r\n", f"\r\n{bearer(world.keys['picky'])}\r\n\r\n".encode(), 1)
    decision = json.loads(world.server.ask(raw).partition(b"\r\n\r\n")[2])
    assert decision["reject"] == {"code": 410, "reason": "Number failed before"}


@one_door
def test_what_an_account_wants_is_live_within_two_seconds(world: World) -> None:
    """
    On a connection that has asked for prices all along.
    """
    account(world.data, "later", card="retail", all_cards=True)
    shown = bearer(key(world.data, "later"))
    target = get("/api/rate.json?number=441132456707", shown)
    with world.server.connect() as client:

        def status() -> bytes:
            client.sendall(target)
            return read_responses(client)[9:12]

        seconds_until(lambda: status() == b"200")
        run(world.data, "account", "set", "later", "--asrplus", "strict", "--asrplus-in", "rate")
        assert seconds_until(lambda: status() == b"404", pause_s=0.1) < promised(LIVE_S)
        run(world.data, "account", "set", "later", "--asrplus", "off")
        assert seconds_until(lambda: status() == b"200", pause_s=0.1) < promised(LIVE_S)


@one_door
def test_a_list_is_loaded_told_counted_and_written_out_again(world: World, tmp_path: Path) -> None:
    """
    By commands that no server answers, beside one that does.
    """
    now = int(time.time())
    listed = tmp_path / "list.csv"
    listed.write_text(f"number,code,datetime\n4930000001,604,{now - 90}\n4930000002,486,{now}\n4930000003,200,{now}\n")
    loaded = told(world.data, "asrplus", "load", str(listed), status=1)
    assert (loaded["lines"], loaded["new"], loaded["refused"]) == (2, 2, 1)
    assert loaded["problems"] == [{"line": 3, "reason": "code: 486 says nothing about a number"}]
    assert told(world.data, "asrplus", "load", str(listed), status=1)["new"] == 0
    world.wait("4930000001", 604)
    shown = told(world.data, "asrplus", "show", "+4930000001")
    assert (shown["code"], shown["reason"], shown["datetime"]) == (604, "Does Not Exist Anywhere", now - 90)
    run(world.data, "asrplus", "show", "4930000002", status=1)
    counts = world.json("/api/asrplus/counts.json")
    assert told(world.data, "asrplus", "counts")["counts"] == {
        str(row["code"]): row["numbers"] for row in counts["codes"]
    }
    assert counts["numbers"] == sum(row["numbers"] for row in counts["codes"])
    again = tmp_path / "again.csv"
    run(world.data, "asrplus", "export", str(again))
    assert f"4930000001,604,{now - 90}\n" in again.read_text()
    assert told(world.data, "asrplus", "load", str(again))["refused"] == 0


@one_door
def test_how_many_answered_with_what_is_a_table_in_every_format(world: World) -> None:
    world.send("4930000009", 484)
    world.wait("4930000009", 484)
    assert b"code,reason,numbers\r\n" in world.ask("/api/asrplus/counts.csv")
    assert b"<code>484</code><reason>Address Incomplete</reason>" in world.ask("/api/asrplus/counts.xml")
    for form in ("xlsx", "html"):
        assert world.ask(f"/api/asrplus/counts.{form}").startswith(b"HTTP/1.1 200")


@one_door
def test_a_list_that_is_none_is_refused_whole(world: World, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("phone,code\n4930000001,404\n")
    assert "no column 'number'" in run(world.data, "asrplus", "load", str(listed), status=2).output


def test_after_a_start_the_same_is_known_with_a_checkpoint_and_without(
    made: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    data, keys = tmp_path / "data", made[1]
    shutil.copytree(made[0], data)
    targets = [f"/api/asrplus.json?number=4411324560{n:02d}" for n in range(20)]
    with serve(data) as server:
        first = World(server, data, keys)
        for n in range(0, 20, 2):
            first.send(f"4411324560{n:02d}", (404, 200, 410)[n % 3], 100 + n)
        first.wait("441132456018", 404)
        expected = [CHANGING.sub(b"", first.ask(target)) for target in targets]
    run(data, "asrplus", "checkpoint")
    assert (data / "asrplus" / "live.answers").exists()
    with serve(data) as server:
        again = World(server, data, keys)
        seconds_until(lambda: again.json("/readyz")["asrplus"]["state"] == "ready")
        assert [CHANGING.sub(b"", again.ask(target)) for target in targets] == expected


@one_door
def test_readiness_names_the_part(world: World) -> None:
    part = world.json("/readyz")["asrplus"]
    assert part["state"] == "ready"
    assert part["behind"] <= promised(LIVE_S)
