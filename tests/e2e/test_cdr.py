"""
Call records over HTTP, as a softswitch sends them and people look for them.
"""

import base64
import csv
import io
import json
import random
import select
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.cards import RETAIL, install
from support.patience import promised, seconds_until
from support.people import account, key, store
from support.ratecards import sheet
from support.records import SAID
from support.server import Server, serve

from ratecards.profiles import PROFILES
from service.http.cdr_body import LARGE_AT_ONCE
from service.manage.cdr_lines import MAX_LINE
from service.manage.cdr_load import PIECE
from service.quota.plan import Limits, Plan
from service.store.records import Record, tail

CDR = "/api/cdr.json"
START = 1_790_000_000


@dataclass(frozen=True)
class Switch:
    """
    Attributes:
        client: shows the key of an account.
    """

    client: httpx.Client
    data: Path

    def send(self, content: Any = None, /, status: int = 200, kind: str = "application/json", **asked: Any) -> Any:
        """
        What became of records.
        """
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        answer = self.client.post(CDR, params=asked, content=body, headers={"Content-Type": kind})
        assert answer.status_code == status, answer.text
        return answer.json()

    def find(self, status: int = 200, **asked: Any) -> Any:
        answer = self.client.get(CDR, params={name.rstrip("_"): value for name, value in asked.items()})
        assert answer.status_code == status, answer.text
        return answer.json()

    def calls(self, **asked: Any) -> list[str]:
        return [one["call_id"] for one in self.find(**asked)["records"]]

    def kept(self) -> list[Record]:
        """
        Every record in the store, whoever sent it.
        """
        with store(self.data) as engine:
            return tail(engine, 0, 10**6)[0]


@contextmanager
def client(server: Server, text: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {text}"}, timeout=60) as made:
        seconds_until(lambda: made.get(CDR, params={"limit": 1}).status_code == 200)
        yield made


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cdr")
    install(folder, "retail", RETAIL)
    for name in ("acme", "other", "staff"):
        account(folder, name)
    account(folder, "british", profile=PROFILES["uk"].as_json())
    account(folder, "narrow", Plan(Limits(concurrent=1)))
    return folder


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Server]:
    with serve(data) as made:
        yield made


@pytest.fixture(scope="module")
def acme(server: Server, data: Path) -> Iterator[Switch]:
    with client(server, key(data, "acme", "cdr", "lookup")) as made:
        yield Switch(made, data)


@pytest.fixture(scope="module")
def staff(server: Server, data: Path) -> Iterator[Switch]:
    with client(server, key(data, "staff", "admin")) as made:
        yield Switch(made, data)


def said(call: str, **changes: Any) -> dict[str, Any]:
    own = {name: value for name, value in SAID.items() if name != "account"}
    return own | {"call_id": call, "start": START} | changes


def counts(answer: dict[str, Any]) -> tuple[int, ...]:
    return tuple(answer[name] for name in ("taken", "repeated", "conflicts", "refused", "ignored"))


def test_a_record_is_there_in_every_format_once_it_was_answered_for(acme: Switch) -> None:
    answer = acme.send(said("one@x", duration=37.125))
    assert (answer["shape"], counts(answer)) == ("ratedip", (1, 0, 0, 0, 0))
    row = said("one@x", duration=37.125, account="acme")
    assert acme.find(call_id="one@x") == {"records": [row], "limit": 100, "cursor": None}
    tree = ElementTree.fromstring(acme.client.get("/api/cdr.xml?call_id=one@x").text)
    assert {part.tag: part.text for part in tree[0]} == {name: str(value) for name, value in row.items()}
    assert "one@x" in acme.client.get("/api/cdr?call_id=one@x").text


def test_one_record_or_many_in_every_wrapping(acme: Switch) -> None:
    fields = {name: str(value) for name, value in said("form@x").items()}
    assert acme.client.post(CDR, data=fields).json()["taken"] == 1
    assert acme.send([said("list1@x"), said("list2@x")])["taken"] == 2
    lines = b"".join(json.dumps(said(f"line{n}@x")).encode() + b"\n" for n in range(3))
    assert acme.send(lines, kind="application/x-ndjson")["taken"] == 3
    assert acme.send(lines, kind="text/plain")["repeated"] == 3
    table = f"{','.join(SAID)}\ncsv@x,{','.join(str(v) for v in SAID.values()).partition(',')[2]}\n"
    assert acme.send(table.encode(), kind="text/csv; charset=utf-8")["taken"] == 1
    wanted = {"form@x", "list1@x", "list2@x", "line0@x", "line1@x", "line2@x", "csv@x"}
    assert wanted <= set(acme.calls(limit=1000))


def test_the_same_again_is_no_error_and_another_in_its_place_is_told(acme: Switch) -> None:
    assert counts(acme.send(said("again@x"))) == (1, 0, 0, 0, 0)
    assert counts(acme.send(said("again@x"))) == (0, 1, 0, 0, 0)
    changed = acme.send([said("again@x", sip_code=404), said("again@x", carrier="b")])
    assert counts(changed) == (1, 0, 1, 0, 0)
    assert changed["problems"][0]["line"] == 1
    assert [one["sip_code"] for one in acme.find(call_id="again@x")["records"]] == [200, 200]


def test_a_single_record_that_is_wrong_is_a_bad_request_and_of_many_each_is_told(acme: Switch) -> None:
    assert acme.send({"call_id": "bad@x"}, 400)["error"]["reason"] == "Missing Required Parameter 'number'"
    reason = acme.send(said("bad@x", number="0113"), 400)["error"]["reason"]
    assert reason.startswith("Invalid Parameter 'number': starts with 0")
    assert (
        acme.client.post(CDR, data={"colour": "red"}).json()["error"]["reason"].startswith("Invalid Parameter ''colour")
    )
    answer = acme.send([said("good@x"), said("bad@x", number="x"), said("bad@x", start="soon")])
    assert counts(answer) == (1, 0, 0, 2, 0)
    assert [one["line"] for one in answer["problems"]] == [2, 3]
    assert acme.calls(call_id="bad@x") == []


def test_what_cannot_be_read_at_all_changes_nothing(acme: Switch) -> None:
    before = len(acme.kept())
    for content, kind, status in (
        (b"", "", 400),
        (b"{", "application/json", 400),
        (b"a,b\n1,2\n", "text/csv", 400),
        (b"x", "image/png", 415),
        (b"cdr=%", "application/x-www-form-urlencoded", 400),
        (b"cdr=[]", "application/x-www-form-urlencoded", 400),
        (b"cdr=!", "application/x-www-form-base64-encoded", 400),
        (b"{}", "multipart/form-data", 415),
    ):
        acme.send(content, status, kind)
    for asked in ({"shape": "pots"}, {"timezone": "Mars/Olympus"}, {"number": "44"}, {"shape": "asterisk"}):
        acme.send(said("no@x"), 400, **asked)
    assert acme.client.post("/api/cdr.csv", json=said("no@x")).status_code == 406
    assert len(acme.kept()) == before


def test_what_switches_send_is_read_as_it_is(acme: Switch) -> None:
    document = {
        "core-uuid": "x",
        "variables": {"uuid": "fs1", "start_epoch": str(START), "sip_term_status": "404", "hangup_cause_q850": "1"},
        "callflow": [{"caller_profile": {"destination_number": "%2B44113"}}],
    }
    text = json.dumps(document).encode()
    for call, body, kind in (
        ("fs1", text, "application/json"),
        ("fs2", b"cdr=" + quote(text.replace(b"fs1", b"fs2")).encode(), "application/x-www-form-urlencoded"),
        (
            "fs3",
            b"cdr=" + base64.b64encode(text.replace(b"fs1", b"fs3") + b"\0\0"),
            "application/x-www-form-base64-encoded",
        ),
    ):
        answer = acme.send(body, kind=kind, uuid=call)
        assert (answer["shape"], answer["taken"]) == ("freeswitch", 1)
        assert [one["sip_code"] for one in acme.find(call_id=call)["records"]] == [404]
    event = {"method": "INVITE", "callid": "ka@x", "time": START, "sip_code": "486", "dst_user": "44113"}
    assert acme.send(event)["shape"] == "kamailio"
    assert counts(acme.send(event | {"method": "BYE"})) == (0, 0, 0, 0, 1)
    line = [
        "",
        "44",
        "44113",
        "out",
        "",
        "SIP/a-1",
        "SIP/b-2",
        "Dial",
        "",
        "2026-07-01 12:00:00",
        "",
        "",
        "9",
        "0",
        "BUSY",
    ]
    row = ",".join(f'"{cell}"' for cell in [*line, "DOCUMENTATION", "1782907200.1"]).encode()
    assert acme.send(row, kind="text/plain", timezone="Europe/London")["shape"] == "asterisk"
    start = datetime(2026, 7, 1, 11, tzinfo=UTC).timestamp()
    assert acme.find(call_id="1782907200.1")["records"][0]["start"] == start


def test_an_account_sees_and_sends_its_own_and_staff_everybody_s(
    acme: Switch, staff: Switch, server: Server, data: Path
) -> None:
    with client(server, key(data, "other", "cdr")) as made:
        other = Switch(made, data)
        assert (
            other.send([said("mine@x"), said("theirs@x", account="acme"), said("nobody@x", account="nobody")])["taken"]
            == 1
        )
        assert acme.calls(call_id="mine@x") == []
        assert acme.calls(call_id="mine@x", account="other") == []
        assert other.calls(account="other", call_id="mine@x") == ["mine@x"]
    assert counts(staff.send([said("s@x", account="acme"), said("s@x"), said("s@x", account="nobody")])) == (
        2,
        0,
        0,
        1,
        0,
    )
    assert acme.calls(call_id="s@x") == ["s@x"]
    assert {one["account"] for one in staff.find(call_id="s@x")["records"]} == {"acme", "staff"}
    assert staff.calls(call_id="mine@x", account="other") == ["mine@x"]
    british = said("uk@x", account="british", number="0113 245 6789", cli="020 7946 0000")
    assert staff.send(british)["taken"] == 1
    assert staff.find(call_id="uk@x")["records"][0]["number"] == "441132456789"


def test_the_sandbox_and_production_know_nothing_of_each_other(
    acme: Switch, staff: Switch, server: Server, data: Path
) -> None:
    with client(server, key(data, "acme", "cdr", environment="test")) as made:
        sandbox = Switch(made, data)
        assert sandbox.send(said("box@x"))["taken"] == 1
        assert (sandbox.calls(call_id="box@x"), acme.calls(call_id="box@x")) == (["box@x"], [])
        assert staff.calls(call_id="box@x") == []
        assert acme.send(said("box@x"))["taken"] == 1
        assert sandbox.calls(call_id="one@x") == []


def test_a_search_by_each_parameter(acme: Switch) -> None:
    rows = [
        said("p1", number="33140000001", start=START + 10, card="p", carrier="ca", sip_code=404),
        said("p2", number="33140000002", start=START + 20, card="p", carrier="cb", sip_code=486),
        said("p3", number="33150000003", start=START + 20.5, card="p", carrier="ca", sip_code=404),
    ]
    acme.send(rows)
    for asked, found in (
        ({}, ["p3", "p2", "p1"]),
        ({"number": "+33 140 000 001"}, ["p1"]),
        ({"number": "3314*"}, ["p2", "p1"]),
        ({"carrier": "ca"}, ["p3", "p1"]),
        ({"sip_code": 486}, ["p2"]),
        ({"from_": START + 20, "to": "2026-09-21T14:13:40.500Z"}, ["p2"]),
        ({"from_": START + 20}, ["p3", "p2"]),
        ({"call_id": "p1", "carrier": "cb"}, []),
    ):
        assert acme.calls(card="p", **asked) == found, asked
    for asked in ({"number": "*"}, {"number": "331*4"}, {"number": "x*"}, {"sip_code": "4xx"}, {"limit": 0},
                  {"limit": 1001}, {"cursor": "x"}, {"cursor": "é"}, {"from_": "soon"}, {"page": 2},
                  {"shape": "ratedip"}):  # fmt: skip
        acme.find(400, **asked)


def test_pages_join_to_the_whole_by_cursor_and_by_link(acme: Switch) -> None:
    acme.send([said(f"page{n}", card="paged", start=START + n % 7) for n in range(50)])
    whole = acme.calls(card="paged", limit=1000)
    assert len(whole) == 50
    seen, cursor = list[str](), None
    while True:
        asked = {} if cursor is None else {"cursor": cursor}
        page = acme.find(card="paged", limit=8, **asked)
        seen += [one["call_id"] for one in page["records"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    linked, href = list[str](), f"{CDR}?card=paged&limit=8"
    while href:
        page = acme.client.get(href, headers={"Accept": "application/hal+json"}).json()
        linked += [one["call_id"] for one in page["_embedded"]["records"]]
        href = page["_links"].get("next", {}).get("href")
    assert seen == linked == whole
    item = page["_embedded"]["records"][-1]["_links"]["self"]["href"]
    assert [one["call_id"] for one in acme.client.get(item).json()["records"]] == [whole[-1]]
    html = acme.client.get("/api/cdr?card=paged&limit=8")
    assert html.text.count("<tr>") == 9
    assert 'rel="next"' in html.text or ">next</a>" in html.text


def test_a_file_has_every_record_and_no_formula(acme: Switch) -> None:
    rows = [said(f"=cmd{n}", card="filed", sip_reason="@SUM(1)", start=START + n, duration=n / 8) for n in range(3000)]
    acme.send([*rows, said("+plus", card="filed", carrier="-minus")])
    answer = acme.client.get("/api/cdr.csv?card=filed")
    assert (answer.headers["content-encoding"], answer.headers.get("content-length")) == ("gzip", None)
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(found) == 3001
    assert not [cell for row in found for cell in row.values() if cell[:1] in "=+-@" and cell]
    assert (found[0]["call_id"], found[0]["start"], found[0]["duration"]) == ("'=cmd2999", str(START + 2999), "374.875")
    cells = sheet(acme.client.get("/api/cdr.xlsx?card=filed").content)
    assert (len(cells), cells[0]) == (3002, list(SAID))
    assert [row[0] for row in cells[1:]] == [row["call_id"] for row in found]
    assert acme.client.get("/api/cdr.csv?card=none").text.count("\n") == 1
    assert acme.client.head("/api/cdr.csv?card=filed").status_code == 200
    assert acme.client.get("/api/cdr.csv?limit=5").status_code == 400


def test_a_file_that_was_got_can_be_sent(acme: Switch, server: Server, data: Path) -> None:
    acme.send([said(f"round{n}", card="round", pdd_ms=None, start=START + n / 4) for n in range(40)])
    content = acme.client.get("/api/cdr.csv?card=round").content
    assert acme.send(content, kind="text/csv")["repeated"] == 40


def test_a_large_body_is_taken_in_as_it_comes(acme: Switch, server: Server) -> None:
    """
    What serves keeps neither the body, of which most is refused here, nor a line that is too long.
    """

    def pieces() -> Iterator[bytes]:
        yield b"call_id,number,start,sip_code,card\n"
        for block in range(64):
            yield b"".join(b"big%d,44113,1,200,big\n" % n for n in range(block * 50, block * 50 + 50))
            yield b"x" * (2 * 1024 * 1024) + b"\n"

    def resident_kib() -> int:
        lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))

    before, peak, ended = resident_kib(), [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            peak[0] = max(peak[0], resident_kib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    answer = acme.client.post(CDR, content=pieces(), headers={"Content-Type": "text/csv"}).json()
    ended.set()
    watcher.join()
    assert counts(answer) == (3200, 0, 0, 64, 0)
    assert answer["problems"][0]["reason"] == f"has more than {MAX_LINE} bytes"
    assert peak[0] - before < 48 * 1024


def test_large_bodies_beyond_what_there_is_memory_for_wait_outside(acme: Switch, server: Server) -> None:
    """
    Whoever sends on holds a place until they are gone; small ones need none.
    """
    head = f"POST {CDR} HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\nContent-Length: 99999999\r\n"
    large = b"call_id,number,start,sip_code\n" + b"x" * (2 * PIECE)

    def post() -> int:
        return acme.client.post(CDR, content=large, headers={"Content-Type": "text/csv"}).status_code

    with ExitStack() as open_ones:
        switches = [open_ones.enter_context(server.connect()) for _ in range(LARGE_AT_ONCE + 2)]
        for switch in switches:
            with suppress(OSError):
                switch.sendall(f"{head}Authorization: {acme.client.headers['authorization']}\r\n\r\n".encode() + large)

        def answered() -> int:
            for switch in switches:
                with suppress(OSError):  # those who found no place
                    switch.sendall(b"x")
            return len(select.select(switches, [], [], 0)[0])

        seconds_until(lambda: answered() == 2)
        assert post() == 503
        assert acme.send(said("small@x"))["taken"] == 1
    seconds_until(lambda: post() == 200)


def test_look_ups_go_on_while_records_are_taken_in(acme: Switch) -> None:
    rows = [said(f"load{n}", card="load") for n in range(8_000)]
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(acme.send, body, kind="application/x-ndjson")
        answers = 0
        while not sent.done():
            assert acme.client.get("/api/rate.json?card=retail&number=441132456789").json()["rate"] == "0.0075"
            answers += 1
    assert sent.result()["taken"] == 8_000
    assert answers > 10


def test_whoever_breaks_off_in_the_middle_sends_all_again_and_has_nothing_twice(acme: Switch, server: Server) -> None:
    rows = b"".join(b"cut%d%b,44113,%d,200,cut\n" % (n, b"-" * 100, START) for n in range(10_000))
    body = b"call_id,number,start,sip_code,card\n" + rows
    head = f"POST {CDR} HTTP/1.1\r\nHost: t\r\nContent-Type: text/csv\r\nContent-Length: {len(body)}\r\n"
    with server.connect() as switch:
        switch.sendall(f"{head}Authorization: {acme.client.headers['authorization']}\r\n\r\n".encode())
        switch.sendall(body[: len(body) * 3 // 4])
    taken, repeated, *others = counts(acme.send(body, kind="text/csv"))
    assert (taken + repeated, others) == (10_000, [0, 0, 0])
    assert sum(one.card == "cut" for one in acme.kept()) == 10_000


def test_as_many_requests_run_at_a_time_as_the_plan_says(server: Server, data: Path) -> None:
    """
    One that goes out slowly holds its place until its end.
    """
    with client(server, key(data, "narrow", "cdr")) as made:
        narrow = Switch(made, data)
        for half in (range(6_000), range(6_000, 12_000)):
            narrow.send([said(f"n{n}-{'y' * 240}", sip_reason="x" * 120, card="z" * 60) for n in half])
        with made.stream("GET", "/api/cdr.csv", headers={"Accept-Encoding": "identity"}) as running:
            assert running.status_code == 200
            refused = narrow.find(429)["error"]
            assert refused["reason"] == "Rate Limiting Applied. 1 active requests are already in progress."
            lines = sum(1 for _ in running.iter_lines())
        assert lines == 12_001
        seconds_until(lambda: made.get(CDR, params={"limit": 1}).status_code == 200)


def test_a_file_given_up_in_the_middle_gives_its_place_back(server: Server, data: Path) -> None:
    with client(server, key(data, "narrow", "cdr")) as made:
        for _ in range(3):
            with made.stream("GET", "/api/cdr.csv", headers={"Accept-Encoding": "identity"}) as running:
                next(running.iter_bytes())
            took_s = seconds_until(lambda: made.get(CDR, params={"limit": 1}).status_code == 200)
            assert took_s < promised(2)


def test_many_senders_at_one_time_are_each_told_of_their_own(acme: Switch) -> None:
    def one(number: int) -> tuple[int, ...]:
        chance = random.Random(number)
        own = [said(f"many{number}-{n}", card="many") for n in range(chance.randrange(1, 30))]
        return (len(own), *counts(acme.send([*own, own[0]])))

    with ThreadPoolExecutor(8) as pool:
        for sent, *told in pool.map(one, range(60)):
            assert told == [sent, 1, 0, 0, 0]


BODIES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=4)),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SAID, "variables", "callid"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
KINDS = st.sampled_from(
    ["application/json", "text/csv", "application/x-ndjson", "text/plain", "application/x-www-form-urlencoded",
     "application/x-www-form-base64-encoded", "multipart/form-data", "x"]
)  # fmt: skip


@settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    BODIES,
    KINDS,
    st.sampled_from(["json", "xml", "html", "csv"]),
    st.sampled_from(["", "kamailio", "freeswitch", "asterisk"]),
)
def test_any_bytes_are_answered_with_counts_or_the_sender_s_fault(
    acme: Switch, body: bytes, kind: str, form: str, shape: str
) -> None:
    asked = {"shape": shape} if shape else {}
    answer = acme.client.post(f"/api/cdr.{form}", params=asked, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, answer.text
    if form == "json":
        assert "error" in answer.json() or sum(counts(answer.json())) > 0
