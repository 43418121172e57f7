"""
Sets at a real server: loaded over HTTP, asked by `tps`, refused by in prices and routes, each environment by itself.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from support.cards import RETAIL, install
from support.corpus import SIPHON, get
from support.patience import FAIL_SAFE_S, promised, seconds_until
from support.people import account, bearer, key
from support.ratecards import sheet
from support.routes import install_carriers
from support.server import Server, read_responses, serve
from support.shell import run, told

LIVE_S = 2.0
LEEDS, OTHER, NOBODY = "441132456789", "441132456780", "441132450000"
PAGE = (Path(__file__).parents[2] / "docs/sets.md").read_text()
EXAMPLES = re.findall(r"```http\nGET (\S+)\n```\n```(json|xml)\n(.*?)\n```", PAGE, re.DOTALL)


@dataclass
class World:
    """
    A server, and who asks it: staff and a customer, one of the sandbox, and a customer who wants calls refused.
    """

    server: Server
    data: Path
    keys: dict[str, str]
    clients: dict[str, httpx.Client] = field(default_factory=dict)

    def client(self, who: str = "staff") -> httpx.Client:
        """
        One for each, for to make one takes as long as many requests.
        """
        if who not in self.clients:
            headers = {"Authorization": f"Bearer {self.keys[who]}"}
            self.clients[who] = httpx.Client(base_url=self.server.url, headers=headers, timeout=FAIL_SAFE_S)
        return self.clients[who]

    def get(self, target: str, who: str = "staff", **asked: str) -> Any:
        client = self.client(who)
        answer = client.get(target, params=asked or None)
        return answer.json() if "json" in answer.headers["content-type"] else answer

    def load(self, content: bytes, /, status: int = 200, who: str = "staff", **asked: str) -> Any:
        client = self.client(who)
        answer = client.post("/api/sets/load.json", params=asked, content=content)
        assert answer.status_code == status, answer.text
        return answer.json()

    def wait(self, number: str, sets: list[str], who: str = "staff") -> None:
        """
        What is loaded is told within two seconds.
        """
        took_s = seconds_until(lambda: self.get(f"/api/tps.json?number={number}", who).get("list") == sets, pause_s=0.1)
        assert took_s < promised(LIVE_S)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("sets")
    install(data, "retail", RETAIL)
    install(data, "test/retail", RETAIL)
    install_carriers(data)
    (data / "tps.csv").write_text(f"number;since\n+44 113 245 6789;2020\n{OTHER};2021\n4930000001;2022\n")
    (data / "dno.txt.gz").write_bytes(gzip.compress(b"# receive only\n0113 245 6780\n0113 245 6781\n", mtime=0))
    for line in re.findall(r"^\$ ratedip (set load .*)", PAGE, re.MULTILINE):
        run(data, *(str(data / word) if "." in word else word for word in line.split()))
    for who in ("staff", "picky"):
        account(data, who, card="retail", all_cards=True)
    run(data, "account", "set", "picky", "--refuse-number-in", "tps", "--refuse-cli-in", "dno")
    keys = {who: key(data, who, "lookup", "cards") for who in ("staff", "picky")}
    sandbox = {f"{who}-test": key(data, who, "lookup", "cards", environment="test") for who in ("staff", "picky")}
    with serve(data) as server:
        made = World(server, data, keys | sandbox)
        yield made
        for client in made.clients.values():
            client.close()


def test_the_commands_of_the_page_say_what_it_prints(tmp_path: Path, world: World) -> None:
    printed = re.findall(r"^\$ ratedip (set .*)\n(.*)", PAGE, re.MULTILINE)
    assert len(printed) >= 3
    for line, said in printed:
        words = (str(world.data / word) if "." in word else word for word in line.split())
        assert run(tmp_path, *words).stdout.strip() == said


@pytest.mark.parametrize(("target", "form", "body"), EXAMPLES, ids=[target for target, _, _ in EXAMPLES])
def test_every_example_of_the_page_is_answered_as_printed(world: World, target: str, form: str, body: str) -> None:
    client = world.client()
    answer = client.get(target)
    assert answer.text == body
    assert form in answer.headers["content-type"]
    if form == "xml":
        ElementTree.fromstring(answer.text)


def test_there_are_examples_and_every_command_is_one(tmp_path: Path) -> None:
    assert len(EXAMPLES) >= 3
    for command in sorted(set(re.findall(r"`?(?:ratedip )?set (load|list|show|rollback|delete|has)\b", PAGE))):
        assert "Usage" in run(tmp_path, "set", command, "--help").stdout


@pytest.mark.parametrize(
    "query", ["number={0},{1}", "number[]={0}&number[]={1}", "number={0}&number={1}", "number%5B%5D={0}&number={1}"]
)
def test_several_numbers_are_asked_as_people_write_lists(world: World, query: str) -> None:
    told = world.get(f"/api/tps.json?{query.format(OTHER, NOBODY)}")
    assert told == {OTHER: {"listed": True, "list": ["dno", "tps"]}, NOBODY: {"listed": False, "list": []}}


def test_a_post_is_asked_like_a_get(world: World) -> None:
    client = world.client()
    form = client.post("/api/tps.json", data={"number": OTHER, "list": "tps"}).json()
    body = client.post("/api/tps.json", json={"number": [OTHER], "list": ["tps", "dno"]}).json()
    assert form == {"listed": True, "list": ["tps"]}
    assert body == {OTHER: {"listed": True, "list": ["tps", "dno"]}}


def test_every_format_names_the_lists(world: World) -> None:
    tree = ElementTree.fromstring(world.get("/api/tps.xml", number=f"{OTHER},{NOBODY}").text)
    found = {one.get("id"): [item.text for item in one.iter("list")] for one in tree.iter("number")}
    assert (tree.tag, found) == ("tps", {OTHER: ["dno", "tps"], NOBODY: []})
    page = world.get("/api/tps", number=OTHER).text
    assert page.startswith("<!doctype html>")
    assert "dno" in page


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("", 400, "Missing Required Parameter 'number'"),
        ("number=44&lists=tps", 400, "Unknown Parameter 'lists'"),
        ("number=44&list=nope", 404, "Not Found"),
        ("number=44&list=test/dno", 400, "Invalid Parameter 'list'"),
        ("number=44&list=,", 400, "Invalid Parameter 'list'"),
        ("number=" + "44," * 101, 400, "Invalid Parameter 'number'"),
        ("number=x", 400, "Invalid Parameter 'number'"),
    ],
)
def test_what_is_asked_wrongly_is_named(world: World, query: str, status: int, reason: str) -> None:
    error = world.get(f"/api/tps.json?{query}")["error"]
    assert error["code"] == status
    assert error["reason"].startswith(reason)


def test_the_sandbox_has_its_own_sets_and_nothing_of_production_s(world: World) -> None:
    error = world.get(f"/api/tps.json?number={LEEDS}", "staff-test")["error"]
    assert (error["code"], error["reason"]) == (404, "Not configured")
    world.load(NOBODY.encode(), who="staff-test", name="own")
    world.wait(NOBODY, ["own"], "staff-test")
    assert [row["name"] for row in world.get("/api/sets/list.json", "staff-test")["sets"]] == ["own"]
    assert world.get(f"/api/tps.json?number={NOBODY}")["list"] == []
    assert "error" in world.get("/api/sets/show.json?name=own")
    assert "error" not in world.get(f"/api/rate.json?number={LEEDS}", "picky-test")


@pytest.mark.parametrize(
    ("number", "cli", "reason"),
    [
        (LEEDS, "", "Number listed in 'tps'"),
        (LEEDS, NOBODY, "Number listed in 'tps'"),
        (NOBODY, "0044 113 245 6781", "Caller listed in 'dno'"),
        (NOBODY, "anonymous", None),
        (NOBODY, LEEDS, None),
        ("441132456781", "", None),
    ],
)
def test_calls_to_and_from_listed_numbers_get_no_price_and_no_route(
    world: World, number: str, cli: str, reason: str | None
) -> None:
    for service in ("rate", "lcr"):
        answer = world.get(f"/api/{service}.json", "picky", number=number, cli=cli)
        assert "error" not in world.get(f"/api/{service}.json", number=number, cli=cli)
        assert "error" not in world.get(f"/api/{service}.json", "picky", number=number, cli=cli, at="1800000000")
        if reason is None:
            assert "error" not in answer
            continue
        name = reason.rpartition(" ")[2].strip("'")
        expected = {"code": 403, "reason": reason, "verdict": "blocked", "sip_code": 603, "list": name}
        assert answer["error"] == expected


def test_a_switch_that_speaks_siphon_is_told_to_decline(world: World) -> None:
    client = world.client("picky")
    decision = client.post("/api/lcr/siphon.json", json={**SIPHON, "dialed_number": LEEDS}).json()
    assert decision["reject"] == {"code": 603, "reason": "Number listed in 'tps'"}


def test_an_account_is_told_by_which_sets_its_calls_are_refused(world: World) -> None:
    assert world.get("/api/account.json", "picky")["refusing"] == {"number": ["tps"], "cli": ["dno"]}
    assert "refusing" not in world.get("/api/account.json")


def test_calls_asked_for_in_bulk_are_refused_alike(world: World) -> None:
    client = world.client("picky")
    answer = client.post("/api/rate/bulk.json", content=f"{LEEDS}\n{NOBODY}\n{LEEDS}\n")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line.get("error", {}).get("sip_code") for line in lines] == [603, None, 603]


def test_what_an_account_wants_refused_is_live_on_a_connection_that_asked_all_along(world: World) -> None:
    account(world.data, "later", card="retail", all_cards=True)
    target = get(f"/api/rate.json?number={LEEDS}", bearer(key(world.data, "later")))
    with world.server.connect() as client:

        def status() -> bytes:
            client.sendall(target)
            return read_responses(client)[9:12]

        seconds_until(lambda: status() == b"200")
        run(world.data, "account", "set", "later", "--refuse-number-in", "tps")
        assert seconds_until(lambda: status() == b"403", pause_s=0.1) < promised(LIVE_S)
        run(world.data, "account", "set", "later", "--refuse-number-in", "none")
        assert seconds_until(lambda: status() == b"200", pause_s=0.1) < promised(LIVE_S)


def test_a_list_is_loaded_as_a_body_or_a_form_shown_and_told(world: World) -> None:
    first = world.load(f"{LEEDS}\nbad\n".encode() + b"".join(b"33%09d\n" % n for n in range(30)), name="dnc")
    problems = [{"line": 2, "reason": "'b' is not a digit"}]
    counts = {"rows": 31, "refused": 1, "problems": problems}
    assert first == {"name": "dnc", "kind": "numbers", "revision": 1, "dry_run": False, **counts}
    client = world.client()
    sent = {"name": "dnc", "country": "uk", "column": "Teilnehmer"}
    file = ("march.csv.gz", gzip.compress(b"Name,Teilnehmer\nX,0113 245 6700\n", mtime=0))
    second = client.post("/api/sets/load.json", data=sent, files={"file": file}).json()
    assert (second["revision"], second["rows"]) == (2, 1)
    world.wait("441132456700", ["dnc"])
    shown = world.get("/api/sets/show.json?name=dnc")
    assert (shown["rows"], shown["source"], shown["actor"][:4]) == (1, "march.csv.gz", "key:")
    assert [one["revision"] for one in shown["revisions"]] == [2, 1]
    rows = list(csv.DictReader(io.StringIO(world.get("/api/sets/list.csv").text)))
    cells = sheet(world.get("/api/sets/list.xlsx").content)
    assert [row["name"] for row in rows] == [row[0] for row in cells[1:]] == ["dnc", "dno", "tps"]
    assert told(world.data, "set", "list")["total"] == 3
    run(world.data, "set", "delete", "dnc")
    world.wait("441132456700", [])


@pytest.mark.parametrize(
    ("content", "asked", "reason"),
    [
        (b"44\nbad\n", {"name": "dnc"}, "List refused"),
        (b"", {"name": "dnc"}, "Missing Required Parameter 'file'"),
        (b"44", {}, "Missing Required Parameter 'name'"),
        (b"44", {"name": "D N C"}, "Invalid Parameter 'name'"),
        (b"44", {"name": "dnc", "kind": "phones"}, "Invalid Parameter 'kind'"),
        (b"44", {"name": "dnc", "country": "zz"}, "Invalid Parameter 'country'"),
        (b"44", {"name": "dnc", "nme": "1"}, "Unknown Parameter 'nme'"),
        (b"44", {"name": "tps", "kind": "lrn"}, "Not possible"),
        (b"44", {"name": "dnc", "column": "phone"}, "Not possible"),
        (gzip.compress(b"44\n" * 99, mtime=0)[:-9], {"name": "dnc"}, "Not possible"),
    ],
)
def test_a_list_that_cannot_be_taken_is_refused_and_changes_nothing(
    world: World, content: bytes, asked: dict[str, str], reason: str
) -> None:
    before = world.get("/api/sets/list.json")
    error = world.load(content, 400, **asked)["error"]
    assert error["reason"].startswith(reason)
    assert str(world.data) not in json.dumps(error)
    assert world.get("/api/sets/list.json") == before


def test_a_dry_run_says_what_is_wrong_and_loads_nothing(world: World) -> None:
    said = world.load(b"44\n49\n", name="dnc", dry_run="1")
    assert (said["rows"], said["revision"], said["dry_run"]) == (2, None, True)
    assert "error" in world.get("/api/sets/show.json?name=dnc")


def test_a_list_longer_than_any_is_refused_before_it_is_read(world: World) -> None:
    fields = f"Host: t\r\n{bearer(world.keys['staff'])}\r\nContent-Length: {5 * 2**30}\r\nConnection: close\r\n"
    answer = world.server.ask(f"POST /api/sets/load.json?name=dnc HTTP/1.1\r\n{fields}\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"a list may have 4294967296 bytes" in answer
