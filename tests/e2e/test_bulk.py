"""
Bulk requests at a real server: the answers of the services themselves, in order, whatever the lines are.
"""

import csv
import gzip
import http.client
import io
import json
import random
import re
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.bulk import ask, sending
from support.cards import RETAIL, install, random_rules
from support.examples import some
from support.memory import memory
from support.patience import FAIL_SAFE_S, seconds_until
from support.people import account, key, revoke
from support.routes import install_carriers
from support.server import Server, serve

from ratecards.model import Rule
from service.quota.plan import Limits, Plan
from service.store.accounts import Asrplus

RULES = random_rules(7, 2_000)
LEEDS = "441132456789"
FIELDS = ("descriptors", "tasks")
MIB = 2**20


@dataclass(frozen=True)
class World:
    server: Server
    data: Path
    keys: dict[str, str]
    client: httpx.Client

    def single(self, service: str, who: str = "all", **asked: str) -> dict[str, Any]:
        fields = {"Authorization": f"Bearer {self.keys[who]}"}
        answer = self.client.get(f"{self.server.url}/api/{service}.json", params=asked, headers=fields)
        return dict(answer.json())

    def bulk(self, path: str, body: str | bytes, who: str = "all", **headers: str) -> list[dict[str, Any]]:
        raw = body if isinstance(body, bytes) else body.encode()
        return ask(self.server, f"/api/{path}", self.keys[who], raw, **headers)

    def refused(self, path: str, body: bytes, who: str = "all", **headers: str) -> tuple[int, dict[str, Any]]:
        with sending(self.server, f"/api/{path}", self.keys[who], [body] if body else [], **headers) as answer:
            return answer.status, json.loads(answer.read())["error"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("bulk")
    install(data, "retail", RETAIL)
    install(data, "test/retail", [Rule("44", "Sandbox", 1)])
    install(data, "everything", RULES)
    install_carriers(data)
    account(data, "all", card="retail", all_cards=True)
    account(data, "one", card="retail")
    account(data, "daily", Plan(Limits(per_day=10)), card="retail", all_cards=True)
    account(data, "paced", Plan(Limits(per_second=1, burst=1, concurrent=1)), card="retail")
    account(data, "strict", card="retail", asrplus=Asrplus("strict", services=frozenset({"rate"})))
    account(data, "leaving", card="retail")
    names = ("all", "one", "daily", "paced", "strict", "leaving")
    keys = {name: key(data, name) for name in names} | {"test": key(data, "all", environment="test")}
    with serve(data) as server, httpx.Client(timeout=FAIL_SAFE_S) as client:
        yield World(server, data, keys, client)


def test_every_way_to_write_a_number_is_answered_in_its_place(world: World) -> None:
    wanted = world.single("rate", number=LEEDS)
    plain = f"{LEEDS}\n\n+44 (113) 245-6789\r\n00{LEEDS}"
    table = f'"Number";cli;card\n{LEEDS};;\n\n{LEEDS};1212;retail\n"+{LEEDS}"\n'
    objects = f'{{"number":"{LEEDS}"}}\n\n"{LEEDS}"\n{{"number":{LEEDS},"card":"retail"}}\n'
    for body, kinds in (
        (plain, ("text/plain", "application/octet-stream", "application/x-www-form-urlencoded")),
        (table, ("text/csv", "text/plain")),
        (objects, ("application/x-ndjson", "application/jsonl", "text/plain")),
        ("\ufeff" + plain, ("text/plain",)),
    ):
        for kind in kinds:
            assert world.bulk("rate/bulk", body, Content_Type=kind) == [wanted] * 3, (body, kind)
    assert world.bulk("rate/bulk", gzip.compress(plain.encode()), Content_Encoding="gzip") == [wanted] * 3
    assert world.bulk("v1/rate/bulk.json", plain) == [wanted] * 3


def test_what_is_wrong_with_a_line_is_said_in_its_place_with_its_number(world: World) -> None:
    lines = (b'{"number":"4470111"}', b"foo", b"", b'{"numbr":"44"}', b'{"number":"44\xff"}', b'{"a',
             b'{"number":"44","Auth":"x"}', b"4" * 20_000)  # fmt: skip
    found = world.bulk("rate/bulk", b"\n".join((b'{"number":"%b"}' % LEEDS.encode(), *lines, LEEDS.encode())))
    assert [answer.get("rate") for answer in (found[0], found[-1])] == ["0.0075", "0.0075"]
    errors = [answer["error"] for answer in found[1:-1]]
    assert [(error["line"], error["code"]) for error in errors] == [
        (2, 403), (3, 400), (5, 400), (6, 400), (7, 400), (8, 400), (9, 400),
    ]  # fmt: skip
    says = ("Prefix blocked", "'f' is not a digit", "'numbr'", "not UTF-8", "Invalid JSON", "'Auth'", "too long")
    assert all(text in error["reason"] for text, error in zip(says, errors, strict=True)), errors


def _same(found: dict[str, Any], wanted: dict[str, Any], line: int) -> bool:
    if "error" in wanted:
        wanted = {"error": {**wanted["error"], "line": line}}
    return {**found, "ttl": 0} == {**wanted, "ttl": 0} and list(found) == list(wanted)


@pytest.mark.parametrize(
    ("service", "asked"),
    [
        ("rate", {"card": "everything"}),
        ("rate", {"card": "everything", "duration": "37.5"}),
        ("rate", {"card": "everything", "at": "2027-01-15"}),
        ("lcr", {"duration": "60", "explain": "1"}),
        ("asrplus", {}),
        ("lookup/smart", {"type": "range,asrplus"}),
    ],
)
def test_each_line_says_what_the_service_says_to_it_alone(world: World, service: str, asked: dict[str, str]) -> None:
    rng = random.Random(1)
    numbers = [f"{rng.choice(RULES).prefix}{rng.randrange(10**7)}" for _ in range(some(30))] + ["44113", "x", "+49 1"]
    numbers *= 60 if len(asked) == 1 and service == "rate" else 1  # so that they are asked all at once as well
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    found = world.bulk(f"{service}/bulk?{query}", "\n".join(numbers))
    known: dict[str, dict[str, Any]] = {}
    for line, (number, answer) in enumerate(zip(numbers, found, strict=True), 1):
        wanted = known.setdefault(number, {}) or known[number]
        if not wanted:
            wanted |= world.single(service, number=number, **asked)
        assert _same(answer, wanted, line), number


def test_the_bytes_of_an_answer_are_those_of_the_service(world: World) -> None:
    url = f"{world.server.url}/api/rate"
    with httpx.Client(headers={"Authorization": f"Bearer {world.keys['all']}"}) as client:
        alone = client.get(f"{url}.json", params={"number": "4930", "card": "retail"}).content
        few = client.post(f"{url}/bulk", content="4930\n4930").content
        many = client.post(f"{url}/bulk", content="4930\n" * 5000).content
    assert few == (alone + b"\n") * 2
    assert many == (alone + b"\n") * 5000


def test_as_csv_each_line_is_a_row_and_no_cell_a_formula(world: World) -> None:
    install(world.data, "names", [Rule("1", "=1+1", 10**8)])
    seconds_until(lambda: "rate" in world.single("rate", number="1", card="names"))
    with sending(world.server, "/api/rate/bulk.csv?card=names&duration=60", world.keys["all"], [b"12\n5\n"]) as answer:
        rows = list(csv.DictReader(io.StringIO(answer.read().decode())))
        assert answer.headers["content-type"].startswith("text/csv")
    assert [rows[0][name] for name in ("number", "name", "rate", "cost", "error_code")] == [
        "12",
        "'=1+1",
        "0.01",
        "0.01",
        "",
    ]
    assert [rows[1][name] for name in ("number", "error_code", "error_reason", "error_line")] == [
        "", "404", "No rate for number", "2",
    ]  # fmt: skip
    with sending(world.server, "/api/lcr/bulk.csv", world.keys["all"], [LEEDS.encode()]) as answer:
        (route,) = csv.DictReader(io.StringIO(answer.read().decode()))
    assert (route["routes_0_carrier"], json.loads(route["routes"])[1]["carrier"]) == ("Carrier A", "Carrier B")


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "says"),
    [
        ("rate/bulk", b"", {}, 400, "No number"),
        ("rate/bulk", b"\n \n", {}, 400, "No number"),
        ("rate/bulk?foo=1", b"44", {}, 400, "Unknown Parameter 'foo'"),
        ("rate/bulk?number=44", b"44", {}, 400, "Unknown Parameter 'number'"),
        ("rate/bulk?card=nope", b"44", {}, 404, "no card 'nope'"),
        ("rate/bulk?duration=x", b"44", {}, 400, "'duration'"),
        ("rate/bulk?at=soon", b"44", {}, 400, "'at'"),
        ("rate/bulk", b"number,foo\n44,1", {}, 400, "Unknown Parameter 'foo'"),
        ("rate/bulk", b'[{"number":"44"}]', {}, 400, "Body is one document"),
        ("rate/bulk", b"44", {"Content_Type": "image/png"}, 415, "text/plain"),
        ("rate/bulk", b"44", {"Content_Encoding": "br"}, 415, "gzip alone"),
        ("rate/bulk", b"44", {"Content_Encoding": "gzip"}, 400, "no sound gzip"),
        ("rate/bulk", gzip.compress(bytes(8 * MIB)), {"Content_Encoding": "gzip"}, 413, "100 times"),
        ("rate/bulk.xlsx", b"44", {}, 406, "not xlsx"),
    ],
)
def test_what_is_wrong_with_all_of_it_is_said_before_any_answer(
    world: World, path: str, body: bytes, headers: dict[str, str], status: int, says: str
) -> None:
    code, error = world.refused(path, body, **headers)
    assert code == status
    assert says in error["reason"] + error.get("detail", "")


def test_an_account_asks_in_bulk_what_it_may_ask_alone(world: World) -> None:
    assert world.refused("rate/bulk?card=everything", b"44", "one")[0] == 404
    (found,) = world.bulk("rate/bulk", f'{{"number":"{LEEDS}","card":"everything"}}', "one")
    assert found["error"]["detail"] == "no card 'everything'"
    assert world.bulk("rate/bulk", LEEDS, "test")[0]["name"] == "Sandbox"
    assert world.bulk("rate/bulk", LEEDS, "strict")[0]["error"]["verdict"] == "unknown_number"


def test_numbers_count_to_the_totals_of_the_plan_and_not_to_the_second(world: World) -> None:
    found = world.bulk("rate/bulk", f"{LEEDS}\n\n" * 15, "daily")
    assert [answer.get("rate") for answer in found] == ["0.0075"] * 10 + [None] * 5
    assert [answer["error"]["line"] for answer in found[10:]] == [21, 23, 25, 27, 29]
    assert {answer["error"]["reason"] for answer in found[10:]} == {
        "Rate Limiting Applied. 10 requests per day exceeded."
    }
    assert world.refused("rate/bulk", b"44\n" * 5, "daily")[0] == 429
    assert world.single("rate", "daily", number=LEEDS)["error"]["code"] == 429
    assert len(world.bulk("rate/bulk", f"{LEEDS}\n" * 100, "paced")) == 100
    assert world.single("rate", "paced", number=LEEDS)["rate"] == "0.0075"


def test_a_bulk_request_takes_a_place_among_the_slow_ones(world: World) -> None:
    with sending(world.server, "/api/rate/bulk", world.keys["paced"], _slowly([b"44\n"] * 40)) as answer:
        assert answer.readline().startswith(b'{"number":"44"')
        assert world.refused("rate/bulk", b"44", "paced")[1]["reason"].startswith("Rate Limiting Applied. 1 active")
    seconds_until(lambda: _status(world, "paced") == 200)


def _status(world: World, who: str) -> int:
    with sending(world.server, "/api/rate/bulk", world.keys[who], [b"44"]) as answer:
        answer.read()
        return answer.status


def _slowly(parts: list[bytes]) -> Iterator[bytes]:
    for part in parts:
        yield part
        time.sleep(0.05)


def test_answers_come_while_questions_are_still_asked(world: World) -> None:
    more, go = threading.Event(), threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"44113\n"
        go.wait(FAIL_SAFE_S)
        more.set()
        yield b"4930\n"

    with sending(world.server, "/api/rate/bulk", world.keys["all"], parts(), Accept_Encoding="gzip") as answer:
        unpacker = zlib.decompressobj(31)
        first = b""
        while b"\n" not in first:
            first += unpacker.decompress(answer.read1(65536))
        assert not more.is_set()
        go.set()
        lines = (first + unpacker.decompress(answer.read())).splitlines()
        assert [json.loads(line)["number"] for line in lines] == ["44113", "4930"]


def test_a_client_that_reads_only_when_all_is_sent_gets_its_answers(world: World) -> None:
    body = "\n".join(f"44113{number:07d}" for number in range(60_000))
    with httpx.Client(headers={"Authorization": f"Bearer {world.keys['all']}"}, timeout=FAIL_SAFE_S) as client:
        answer = client.post(f"{world.server.url}/api/rate/bulk", content=body)
    lines = answer.text.splitlines()
    assert [line[11:23] for line in lines] == body.split()


def test_a_key_that_is_revoked_ends_the_request_and_the_last_line_says_so(world: World) -> None:
    left = threading.Event()

    def parts() -> Iterator[bytes]:
        yield b"44\n"
        revoke(world.data, world.keys["leaving"])
        while not left.wait(1):  # what is sent behind the end may cost the other side what it has not read
            yield b"44\n"

    lines: list[bytes] = []
    with sending(world.server, "/api/rate/bulk", world.keys["leaving"], parts()) as answer:
        with pytest.raises(http.client.IncompleteRead):  # noqa: PT012 - of whichever line
            while True:
                lines.append(_line(answer))
        left.set()
    assert json.loads(lines[-1])["error"]["reason"] == "Token is invalid"


def _line(answer: http.client.HTTPResponse) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += answer.read(1)
        assert line, "it came to its end"
    return line


@pytest.mark.parametrize("size", [100, 100_000])
def test_a_bulk_request_is_answered_by_one_revision_while_cards_are_swapped(world: World, size: int) -> None:
    """
    The n-th revision of the card has the price n, for every number.
    """
    name = f"swapped-{size}"
    install(world.data, name, [Rule(str(first), "All", 10**8) for first in range(1, 10)])
    seconds_until(lambda: "rate" in world.single("rate", number="1", card=name))
    stop, seen = threading.Event(), set()

    def swap() -> None:
        number = 1
        while not stop.wait(0.5 if size == 100 else 1.0):
            number += 1
            install(world.data, name, [Rule(str(first), "All", number * 10**8) for first in range(1, 10)])

    swapping = threading.Thread(target=swap)
    swapping.start()
    body = [b"44113\n" * 100] * (size // 100)
    try:
        while len(seen) < 3:
            with sending(world.server, f"/api/rate/bulk?card={name}", world.keys["all"], body) as answer:
                said, revision = answer.read(), int(answer.headers["ratedip-revision"])
            assert said.count(b"\n") == size
            answers = set(re.findall(rb'"revision":(\d+),.*?"rate":"0\.0*(\d+)"', said))
            assert len(answers) == 1, answers
            assert answers.pop()[0] == str(revision).encode()
            assert json.loads(said.partition(b"\n")[0])["rate"] == f"{revision / 100:g}"
            seen.add(revision)
    finally:
        stop.set()
        swapping.join(FAIL_SAFE_S)


def _held(server: Server) -> tuple[int, int]:
    """
    Descriptors and threads of the serving processes.
    """
    pids = [server.process.pid, *_children(server.process.pid)]
    return (
        sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids),
    )


def _children(pid: int) -> list[int]:
    texts = (task / "children" for task in Path(f"/proc/{pid}/task").iterdir())
    return [int(child) for text in texts for child in text.read_text().split()]


def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(world: World) -> None:
    """
    More of them than may be at work at one time, at any point of their request.
    """
    world.bulk("rate/bulk?card=retail", f"{LEEDS}\n" * 20_000)  # whatever is made once is made now
    before, rng = _held(world.server), random.Random(2)
    for turn in range(24):
        service = ("rate", "lcr")[turn % 2]
        parts = [f"{LEEDS}\n".encode() * 500] * 200
        with sending(world.server, f"/api/{service}/bulk", world.keys["all"], parts) as answer:
            answer.read(rng.choice((1, 100, 100_000)))
            answer.close()
    seconds_until(lambda: _status(world, "all") == 200)
    seconds_until(lambda: _held(world.server)[0] <= before[0] + 2)
    assert _held(world.server)[1] <= before[1] + 8  # threads of the loop's own pool stay for the next work
    assert "Traceback" not in world.server.log.read_text()


def _flood(world: World, numbers: int) -> tuple[int, int]:
    """
    Send numbers to a client that reads nothing at first; how many answers came, and the bytes the server grew by.
    """
    most, stop = [0], threading.Event()
    before = memory(world.server.process.pid)["Rss"]

    def watch() -> None:
        while not stop.wait(0.1):
            with suppress(OSError):  # of a process that ended meanwhile
                most[0] = max(most[0], memory(world.server.process.pid)["Rss"])

    watching = threading.Thread(target=watch)
    watching.start()
    part = b"".join(b"44113%07d\n" % number for number in range(10_000))
    count = 0
    with sending(world.server, "/api/rate/bulk", world.keys["all"], (part for _ in range(numbers // 10_000))) as answer:
        time.sleep(1.0)
        while some_more := answer.read(MIB):
            count += some_more.count(b"\n")
    stop.set()
    watching.join(FAIL_SAFE_S)
    return count, most[0] - before


@pytest.mark.parametrize("numbers", [1_000_000, pytest.param(10_000_000, marks=pytest.mark.long)])
def test_memory_is_flat_however_many_numbers_there_are(world: World, numbers: int) -> None:
    """
    Ten times as many take no more; their answers are some 230 bytes each, 230 MB and more.
    """
    _flood(world, numbers // 10)
    count, grown = _flood(world, numbers)
    assert count == numbers
    assert grown < 96 * MIB
