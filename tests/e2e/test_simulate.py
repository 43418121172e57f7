"""
Simulations as a routing engineer asks for them: on a page, by a program, at the command line.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.cards import NOW, RETAIL, install
from support.corpus import NUMBERS, QUERIES, get, post
from support.people import account, bearer, key
from support.server import Server, read_responses, serve
from support.shell import run, told

from ratecards.model import Rule, Terms
from ratecards.money import parse_units
from service.quota.plan import Limits, Plan

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/simulate.md").read_text()
ASK = "number=%2B44%20113%20245%206789"
FORM = "application/x-www-form-urlencoded"
ROUTES = {
    "plain": f"{ASK}",
    "blocked": "number=447012345678",
    "nobody's": "number=33123456789",
    "explained": f"{ASK}&explain=1&duration=61",
    "one": f"{ASK}&limit=1&strategy=priority",
    "excluded": f"{ASK}&exclude=carrier-a&explain=1",
    "not allowed": f"{ASK}&carriers=nobody",
    "of the past": f"{ASK}&at=1350000000",
    "bad limit": f"{ASK}&limit=0",
    "bad strategy": f"{ASK}&strategy=luck",
    "no carriers": f"{ASK}&card=carrier-a",
    "no such card": f"{ASK}&card=nope",
}


@dataclass(frozen=True)
class World:
    """
    A customer card with two carriers; ``boss`` may ask all, ``small`` its own card once a day.
    """

    server: Server
    data: Path
    boss: str
    small: str

    def ask(self, target: str, who: str = "") -> tuple[int, bytes]:
        raw = self.server.ask(get(target, bearer(who or self.boss)))
        return int(raw[9:12]), raw.partition(b"\r\n\r\n")[2]


def put_cards(data: Path) -> None:
    for _ in range(3):
        install(data, "retail", RETAIL)
    install(data, "carrier-a", [Rule("4411", "UK", parse_units("0.0041"))])
    install(data, "carrier-b", [Rule("44", "UK", parse_units("0.007"), 0, 60, 60)], Terms("EUR"))
    run(data, "exchange", "set", "EUR", "0.9", "--base", "USD")
    run(data, "lcr", "set", "retail", "--carriers", "carrier-a,carrier-b")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("simulate")
    put_cards(data)
    account(data, "boss", card="retail", all_cards=True)
    account(data, "small", Plan(Limits(1, 1, 1, 1, 1)), card="retail")
    boss, small = key(data, "boss"), key(data, "small")
    with serve(data) as server:
        yield World(server, data, boss, small)


def compare(world: World, service: str, queries: dict[str, str]) -> None:
    """
    The answers of a service, and of its simulation, over connections that stay open.
    """
    targets = [f"/api/{service}.json?{query}" for query in queries.values()]
    simulations = [f"/api/simulate.json?{query}&service={service}" for query in queries.values()]
    for name, target, simulation in zip(queries, targets, simulations, strict=True):
        (status, answer), (simulated_status, said) = world.ask(target), world.ask(simulation)
        if simulated_status == 200:
            assert said.endswith(b',"answer":%b}' % answer), name
            assert json.loads(said)["verdict"] == json.loads(answer).get("error", {}).get("verdict"), name
        else:
            assert (simulated_status, said) == (status, answer), name
        assert simulated_status == (200 if status == 200 or b'"verdict"' in answer else status), name


def test_what_it_answers_is_byte_for_byte_what_rate_says_of_any_number(world: World) -> None:
    compare(world, "rate", {name: f"number={number}&duration=37" for name, number in NUMBERS.items()})


def test_what_it_answers_is_byte_for_byte_what_rate_says_to_any_question(world: World) -> None:
    """
    But those with so many parameters, or of such a length, that one more makes the difference.
    """
    compare(world, "rate", {n: q.removeprefix("?") for n, q in QUERIES.items() if len(q) < 4000 and q.count("&") < 60})


def test_what_it_answers_is_byte_for_byte_what_lcr_says(world: World) -> None:
    compare(world, "lcr", ROUTES)


def test_it_spends_nothing_of_a_plan_that_has_next_to_nothing(world: World) -> None:
    """
    One look-up a second, day and month, and one request to slow services at a time.
    """
    simulation, price = f"/api/simulate.json?{ASK}", f"/api/rate.json?{ASK}"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: world.ask(simulation, world.small)[0], range(20)))
    assert answers == [200] * 20
    assert [world.ask(price, world.small)[0] for _ in range(2)] == [200, 429]
    assert world.ask(simulation, world.small)[0] == 200


def test_who_may_not_ask_the_carriers_cards_is_told_nothing_of_them(world: World) -> None:
    status, said = world.ask(f"/api/simulate.json?{ASK}&service=lcr", world.small)
    assert status == 403
    assert b"carrier" not in said


def test_a_form_and_a_json_object_are_as_good_as_a_query(world: World) -> None:
    at = f"{ASK}&at={NOW}&service=rate&duration=37"
    bodies = [
        (FORM, at),
        ("application/json", json.dumps({"number": "+44 113 245 6789", "at": NOW, "service": "rate", "duration": 37})),
    ]
    expected = re.sub(rb'"now":[0-9]+', b"", world.ask(f"/api/v1/simulate.json?{at}")[1])
    for kind, body in bodies:
        raw = post("/api/simulate.json", kind, body).replace(b"\r\n", f"\r\n{bearer(world.boss)}\r\n".encode(), 1)
        answer = world.server.ask(raw).partition(b"\r\n\r\n")[2]
        assert re.sub(rb'"now":[0-9]+', b"", answer) == expected


def test_xml_says_what_json_says(world: World) -> None:
    query = f"{ASK}&service=lcr&at={NOW}&duration=61"
    root = ElementTree.fromstring(world.ask(f"/api/simulate.xml?{query}")[1].decode())
    said = json.loads(world.ask(f"/api/simulate.json?{query}")[1])
    assert root.tag == "simulate"
    assert [step.findtext("says") for step in root.findall("steps")] == [step["says"] for step in said["steps"]]
    assert [line.findtext("says") for line in root.findall("steps/lines")] == [
        line["says"] for step in said["steps"] for line in step["lines"]
    ]
    assert root.findtext("answer/routes/card") == said["answer"]["routes"][0]["card"] == "carrier-a"


class Page(HTMLParser):
    """
    What a browser makes of a page: its tags, its text, and the form it would send.
    """

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "input":
            self.fields[given["name"] or ""] = given["value"] or ""
        if tag == "button":
            self.buttons.append(given["value"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_step_and_its_form_asks_again(world: World) -> None:
    query = f"{ASK}&service=lcr&duration=61&limit=1"
    page = Page(world.ask(f"/api/simulate?{query}")[1])
    said = json.loads(world.ask(f"/api/simulate.json?{query}")[1])
    sentences = [step["says"] for step in said["steps"]] + [
        line["says"] for step in said["steps"] for line in step["lines"]
    ]
    assert [sentence for sentence in sentences if sentence not in page.text] == []
    assert page.fields == {
        "number": "+44 113 245 6789", "card": "retail", "cli": "", "duration": "61", "limit": "1"
    }  # fmt: skip
    assert page.buttons == ["lcr"]
    assert "script" not in page.tags
    again = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in page.fields.items()).replace(" ", "+")
    assert world.ask(f"/api/simulate.json?{again}&service={page.buttons[0]}")[0] == 200


def test_what_a_deck_or_a_question_says_cannot_break_out_of_the_page(world: World) -> None:
    install(world.data, "nasty", [Rule("44", "<script>alert(1)</script>&\x1b[31m", 1)])
    printed = run(world.data, "simulate", "44", "--card", "nasty").stdout
    assert "<script>alert(1)" in printed
    assert "\x1b" not in printed
    for query in (
        f"{ASK}&cli=%3Cscript%3E",
        "number=%3Cscript%3E",
        f"{ASK}&card=%22%3E%3Cscript%3E",
        f"{ASK}&service=%3Cb%3E",
    ):
        status, said = world.ask(f"/api/simulate.html?{query}")
        assert 400 <= status < 500
        assert b"<script" not in said
        assert Page(said).buttons == ["rate", "lcr"]


@pytest.mark.parametrize("name", ["number", "cli", "card", "carriers", "colour"])
@pytest.mark.parametrize("form", ["html", "json", "xml"])
def test_half_a_character_is_no_fault_of_ours_in_any_format(world: World, name: str, form: str) -> None:
    body = json.dumps({"number": "44", name: "\ud800", "service": "lcr"})
    raw = post(f"/api/simulate.{form}", "application/json", body)
    answer = world.server.ask(raw.replace(b"\r\n", f"\r\n{bearer(world.boss)}\r\n".encode(), 1))
    assert answer[9:12] in {b"200", b"400", b"404"}
    assert b"\xed\xa0\x80" not in answer


def test_half_a_number_is_refused_on_the_page_of_the_service_too(world: World) -> None:
    raw = post("/api/rate.html", "application/json", json.dumps({"number": "\ud800"}))
    answer = world.server.ask(raw.replace(b"\r\n", f"\r\n{bearer(world.boss)}\r\n".encode(), 1))
    assert answer.startswith(b"HTTP/1.1 400")


def test_without_a_question_the_page_is_a_form(world: World) -> None:
    status, said = world.ask("/api/simulate")
    page = Page(said)
    assert status == 400
    assert (page.fields["card"], page.buttons) == ("retail", ["rate", "lcr"])


def test_many_at_once_are_answered_one_after_the_other_on_one_connection(world: World) -> None:
    with world.server.connect() as client:
        client.sendall(get(f"/api/simulate.json?{ASK}", bearer(world.boss)) * 5)
        assert read_responses(client, count=5).count(b"HTTP/1.1 200") == 5


def test_the_page_on_simulations_shows_what_the_command_prints(tmp_path: Path) -> None:
    put_cards(tmp_path)
    (shown,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    printed = run(tmp_path, "simulate", "+44 113 245 6789", "--card", "retail", "--duration", "37").stdout
    assert [line.rstrip() for line in printed.splitlines()] == shown.splitlines()


def test_the_command_answers_what_rate_does(tmp_path: Path) -> None:
    put_cards(tmp_path)
    asked = ("+44 113 245 6789", "--card", "retail", "--duration", "37", "--at", str(NOW))
    assert told(tmp_path, "simulate", *asked)["answer"] == told(tmp_path, "rate", *asked)
    refused = told(tmp_path, "simulate", "447012345678", "--card", "retail")
    assert refused["answer"] == told(tmp_path, "rate", "447012345678", "--card", "retail", status=1)
    routes = told(tmp_path, "simulate", "+44 113 245 6789", "--card", "retail", "--service", "lcr", "--limit", "1")
    assert [route["card"] for route in routes["answer"]["routes"]] == ["carrier-a"]


def test_the_command_asks_as_an_account_does(tmp_path: Path) -> None:
    put_cards(tmp_path)
    run(tmp_path, "account", "add", "acme", "--card", "retail", "--profile", "uk")
    said = told(tmp_path, "simulate", "0113 245 6789", "--account", "acme")
    assert (said["question"]["number"], said["question"]["card"]) == ("441132456789", "retail")
    denied = ("simulate", "0113 245 6789", "--account", "acme", "--service", "lcr")
    assert "Unauthorized" in run(tmp_path, *denied, status=1).stderr
    assert "no account 'nobody'" in run(tmp_path, "simulate", "44", "--account", "nobody", status=1).stderr


def test_a_question_that_cannot_be_asked_is_said_to_be_wrong(tmp_path: Path) -> None:
    put_cards(tmp_path)
    assert "'x' is not a digit" in run(tmp_path, "simulate", "44x", "--card", "retail", status=2).stderr
    assert "is none of rate, lcr" in run(tmp_path, "simulate", "44", "--service", "x", status=2).stderr
    missing = run(tmp_path, "simulate", "44", "--card", "nope", status=1).stderr
    assert "cards: carrier-a, carrier-b, retail" in missing
    said = told(tmp_path, "simulate", "44", "--card", "nope", status=1)
    assert said["error"]["code"] == 404
