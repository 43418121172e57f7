"""
What is written to be obeyed is not: not by a spreadsheet, a terminal, a browser, a log, nor by the service itself.
"""

import csv
import io
import json
import re
import select
import socket
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import pytest
from support.cards import RETAIL, install
from support.corpus import get, post
from support.patience import FAIL_SAFE_S
from support.people import account, bearer, key
from support.server import Server, read_responses, serve

from ratecards.model import Rule
from service.http.query import JSON

pytestmark = pytest.mark.fault
ESCAPE, SCRIPT = "\x1b[31mred\x07", "<script>alert(1)</script>"
NAMES = ("=1+1", "+1", "-1+2", "@SUM(1)", "\t=1", '=HYPERLINK("http://a.example")', SCRIPT, "]]>&amp;<!--", ESCAPE,
         "a\r\nSet-Cookie: a=b", "\u202egnp.exe", "\u2028next", "\ufffe\x0b\x00")  # fmt: skip
"""Of destinations, as a deck may have them; their prefixes are 4401, 4402 and so on."""
OBEYED = ("=", "+", "-", "@", "\t", "\r")
INSIDE = re.compile(rb"Traceback|site-packages|\.py\b|line [0-9]+, in ")


@dataclass(frozen=True)
class World:
    server: Server
    data: Path
    client: httpx.Client
    key: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("injection")
    install(data, "retail", RETAIL)
    install(data, "odd", [Rule(f"44{place:02}", name, 10**8 + place) for place, name in enumerate(NAMES, 1)])
    account(data, "acme", card="retail", all_cards=True)
    shown = key(data, "acme", "lookup", "cards", "cdr")
    with (
        serve(data, LOG_LEVEL="debug") as server,
        httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {shown}"}, timeout=FAIL_SAFE_S) as client,
    ):
        yield World(server, data, client, shown)


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """
    What entities and addresses point to: it must never be connected to.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.parametrize("path", ["/api/ratecard/search.csv?card=odd&prefix=44", "/api/ratecard/list.csv"])
def test_no_cell_of_a_file_for_spreadsheets_is_obeyed(world: World, path: str) -> None:
    """
    Seen to fail with the apostrophe in front left out.
    """
    rows = list(csv.reader(io.StringIO(world.client.get(path).raise_for_status().text)))
    assert len(rows) > 1
    assert [cell for row in rows for cell in row if cell.startswith(OBEYED)] == []
    book = world.client.get(path.replace(".csv", ".xlsx")).raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheets = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/"))
    assert b"<f>" not in sheets
    assert b"<hyperlink" not in sheets


@pytest.mark.parametrize("prefix", [f"44{place:02}" for place in range(1, len(NAMES) + 1)])
def test_a_name_breaks_out_of_no_format(world: World, prefix: str) -> None:
    """
    Seen to fail with names put into pages as they are, and with control characters left in XML.
    """
    asked = {"number": f"{prefix}12345", "card": "odd"}
    answers = {form: world.client.get(f"/api/rate.{form}", params=asked) for form in ("json", "xml", "html")}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["json"].json()["name"] == NAMES[int(prefix[2:]) - 1]
    assert "\n" not in answers["json"].text
    ET.fromstring(answers["xml"].content)
    assert "<script>alert" not in answers["html"].text
    for answer in answers.values():
        assert "\x1b" not in answer.text
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-type"].startswith(("application/", "text/html"))


PUT = (ESCAPE, SCRIPT, "a\r\nX-Evil: 1", "a\nb", '","event":"forged', "\u2028", "%s%n{0.__class__}", "${jndi:ldap://a}")


def test_a_line_of_the_log_stays_one_line_and_no_answer_tells_how_it_was_made(world: World) -> None:
    """
    Seen to fail with what is logged printed as it came.
    """
    before = len(world.server.log.read_bytes())
    for text in PUT:
        escaped, plain = quote(text), "".join(c for c in text if c.isprintable() and c.isascii())
        for raw in (
            get(f"/api/rate.json?number={escaped}", bearer(world.key)),
            get(f"/api/rate.html?number=44&{escaped}=1", bearer(world.key)),
            get(f"/api/rate.xml?number=44&card={escaped}", bearer(world.key)),
            get(f"/api/{escaped}.html", bearer(world.key)),
            get(f"/api/ratecard/show.html?card={escaped}", bearer(world.key)),
            get(f"/api/cdr.html?number={escaped}", bearer(world.key)),
            get("/api/rate.json?number=44", f"User-Agent: {plain}", f"X-Request-Id: {plain}"),
            post("/api/rate.json", JSON.decode(), json.dumps({"number": text, text: text})),
            post("/api/lcr/siphon.json", JSON.decode(), json.dumps({"version": text})),
        ):
            answer = _answer(world.server, raw)
            assert answer[9:10] in {b"2", b"4"}, answer
            assert b"\x1b" not in answer
            assert b"<script>alert" not in answer
            assert b"X-Evil" not in answer.partition(b"\r\n\r\n")[0]
            assert not INSIDE.search(answer), answer
            assert str(world.data).encode() not in answer
    lines = world.server.log.read_bytes()[before:].decode().splitlines()
    assert lines
    assert {json.loads(line)["event"] for line in lines} <= {"answered", "requests not logged"}
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028]", "".join(lines))


def test_nothing_is_fetched_because_a_body_says_so(world: World, trap: socket.socket) -> None:
    address = f"http://127.0.0.1:{trap.getsockname()[1]}/evil"
    entity = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY % b SYSTEM "{address}">%b;<!ENTITY c SYSTEM "{address}">]>'
    for content in (f"{entity}<a>&c;</a>".encode(), _workbook(f"{entity}<worksheet>&c;</worksheet>"), address.encode()):
        for path in ("/api/ratecard/upload.json?card=new&currency=USD", "/api/rate/bulk", "/api/cdr.json"):
            answer = world.client.post(path, content=content)
            assert answer.status_code < 500
            assert not INSIDE.search(answer.content), answer.content
    for name in ("number", "card", "cli"):
        world.client.get("/api/rate.json", params={"number": "44", name: address})
    time.sleep(0.2)  # for a connection that had been begun
    assert select.select([trap], [], [], 0)[0] == []


def _workbook(sheet: str) -> bytes:
    """
    A good workbook with another first sheet.
    """
    good = Path(__file__).parents[1] / "good_decks" / "letter_and_rates.xlsx"
    made = io.BytesIO()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            target.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else source.read(name))
    return made.getvalue()


def _answer(server: Server, raw: bytes) -> bytes:
    with server.connect() as client:
        client.sendall(raw)
        return read_responses(client)
