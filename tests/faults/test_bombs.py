"""
What is small on the wire and large when taken at its word is refused, and memory stays as it was.
"""

import gzip
import io
import json
import random
import re
import socket
import struct
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.load import load
from support.patience import seconds_until
from support.people import account, bearer, key
from support.server import Server, read_responses, serve

pytestmark = pytest.mark.fault
MEGABYTE = 2**20
FLAT = 48 * MEGABYTE
"""What a process may keep of it: pools, and pages its allocator does not give back."""
CHUNKED = b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bombs")
    install(folder, "retail", RETAIL)
    account(folder, "acme", card="retail")
    return folder


@pytest.fixture(scope="module")
def manager(data: Path) -> str:
    return bearer(key(data, "acme", "cards", "lookup"))


@pytest.fixture(scope="module")
def server(data: Path, manager: str) -> Iterator[Server]:
    with serve(data, DEMO="1", DEMO_RPS="1000000", DEMO_CARD="retail") as server:
        yield server


def post(path: str, kind: str, body: bytes, *fields: str) -> bytes:
    head = (f"POST {path} HTTP/1.1", "Host: a", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields)
    return "\r\n".join((*head, "", "")).encode() + body


def workbook(size: int) -> bytes:
    """
    What looks like a workbook, and has a sheet of so many bytes.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    return packed.getvalue()


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "' + b"c" * 1000 + b'">]><a>' + b"&b;" * 100_000 + b"</a>"
LOOKUPS = {
    "deep arrays": ("application/json", b"[" * 1_000_000),
    "deep objects": ("application/json", b'{"a":' * 200_000),
    "a million digits": ("application/json", b'{"number": ' + b"4" * 1_000_000 + b"}"),
    "a million digits in a form": ("application/x-www-form-urlencoded", b"number=" + b"4" * 1_000_000),
    "a million names": ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % i for i in range(100_000))),
    "entities": ("application/xml", ENTITIES),
    "a body too large": ("application/json", b" " * (MEGABYTE + 1)),
}
DECKS = {
    "gzip": gzip.compress(b"0" * (100 * MEGABYTE), 9),
    "workbook": workbook(100 * MEGABYTE),
    "entities": ENTITIES,
}


def answer(server: Server, raw: bytes) -> bytes:
    with server.connect() as client:
        with suppress(OSError):
            client.sendall(raw)
        return read_responses(client)


def held(server: Server) -> int:
    """
    Bytes of memory that the serving process has.
    """
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_look_up_that_unfolds_is_refused(server: Server, name: str) -> None:
    before = held(server)
    for _ in range(3):
        assert answer(server, post("/api/rate.json", *LOOKUPS[name])).startswith(b"HTTP/1.1 4")
    assert held(server) <= before + FLAT
    assert b'"prefix":"44113"' in answer(server, get("/api/rate.json?number=441132456789"))


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_that_unfolds_is_refused(server: Server, manager: str, name: str) -> None:
    raw = post("/api/ratecard/upload.json?card=new", "application/octet-stream", DECKS[name], manager)
    before = held(server)
    refused = answer(server, raw)
    assert refused.startswith(b"HTTP/1.1 4")
    assert json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] // 100 == 4
    assert held(server) <= before + FLAT


@pytest.mark.parametrize("count", [1_500, pytest.param(10_000, marks=pytest.mark.long)])
def test_requests_given_up_at_any_point_leave_nothing_behind(server: Server, manager: str, count: int) -> None:
    """
    Look-ups of both doors and slow services, while others ask: no descriptor, no task, no answer to another's request.
    Seen to fail with ``ClientDisconnect`` left to the application: a trace in the log for each.
    """
    form = post("/api/rate.json", "application/x-www-form-urlencoded", b"number=441132456789")
    whole = (get("/api/rate.json?number=441132456789"), form, get("/api/ratecard/list.json", manager))
    rng, before = random.Random(18), descriptors(server)

    def give_up(asked: tuple[bytes, int]) -> None:
        raw, part = asked
        with server.connect() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(raw[:part])

    drops = [(raw, rng.randrange(len(raw) + 1)) for raw in (rng.choice(whole) for _ in range(count))]
    with load(server, "X-A: b", connections=2, pause_s=0.01) as seen, ThreadPoolExecutor(8) as pool:
        list(pool.map(give_up, drops))
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    seconds_until(lambda: descriptors(server) <= before + 5)
    log = server.log.read_text()
    assert "never retrieved" not in log
    assert "Traceback" not in log


def descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
