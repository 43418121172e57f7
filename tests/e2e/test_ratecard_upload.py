"""
Decks sent over HTTP: in every wrapping, of every kind, too long, refused, and with their reader killed.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from support.cards import RETAIL, install
from support.patience import at_least, seconds_until, within
from support.people import store
from support.ratecards import ROOT, Manager, deck, managing

from service.http.upload import MAX_DECK
from service.store.mappings import save_mapping

GOOD = Path(__file__).parents[1] / "good_decks"
KINDS = ("utf8.csv", "tabs.tsv", "numbers_and_dates.xlsx", "libre_office.ods", "open_rate_card.json",
         "packed.csv.gz", "two_streams.csv.xz", "utf16_little_endian.csv")  # fmt: skip


@pytest.fixture(scope="module")
def boss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    folder = tmp_path_factory.mktemp("upload")
    install(folder, "retail", RETAIL)
    with store(folder) as engine:
        save_mapping(engine, "dmy", None, {"date_order": "dmy"})
    with managing(folder) as made:
        yield made
    assert list((folder / "uploads").iterdir()) == [], "what was sent is gone from the disk"


def test_every_kind_of_deck_is_read_as_the_reader_alone_reads_it(boss: Manager) -> None:
    expected = json.loads((GOOD / "expected.json").read_text())

    def send(name: str) -> tuple[str, int]:
        card = name.lower().replace(".", "-")
        said = boss.upload((GOOD / name).read_bytes(), card=card, filename=name)
        rules = boss.get("search.json", card=card, revision=said["revision"], prefix="44")["rules"]
        assert said["report"]["file"] == name
        assert {(r["prefix"], r["name"], r["rate"]) for r in rules} == {
            tuple(rule[:3]) for rule in expected[name]["rules"] if rule[0].startswith("44")
        }
        return name, said["report"]["rules"]

    with ThreadPoolExecutor(2) as pool:
        for name, rules in pool.map(send, KINDS):
            assert rules == len(expected[name]["rules"]), name


def test_a_form_with_a_file_and_fields(boss: Manager) -> None:
    sent = {"file": ("C:\\decks\\../../June\n.csv", deck("44,UK,0.01"), "text/csv")}
    fields = {"card": "form", "note": "from a form", "precision": "4", "rounding": "up", "lrn": "1", "activate": "1"}
    said = boss.client.post(f"{ROOT}upload.json", data=fields, files=sent).json()
    assert (said["revision"], said["active"]) == (1, True)
    shown = boss.get("show.json", card="form")
    assert (shown["active"]["note"], shown["active"]["actor"]) == ("from a form", f"key:{boss.key.split('_')[2]}")
    assert "/" not in shown["active"]["source"]
    assert {name: shown["terms"][name] for name in ("precision", "rounding", "lrn")} == {
        "precision": 4, "rounding": "up", "lrn": True,
    }  # fmt: skip
    assert shown["fingerprint"] == said["report"]["fingerprint"]
    again = boss.upload(deck("44,UK,0.02"), card="form", filename="july.csv", at=int(time.time()) + 900)
    assert (again["revision"], again["active"]) == (2, False)
    shown = boss.get("show.json", card="form")
    assert (shown["planned"][0]["revision"], shown["terms"]["rounding"]) == (2, "up")


def test_what_is_wrong_with_a_request_is_said_before_anything_is_read(boss: Manager) -> None:
    good = deck("44,UK,0.01")
    for asked, content, said in (
        ({}, good, "Missing Required Parameter 'card'"),
        ({"card": "w"}, b"", "Missing Required Parameter 'file'"),
        ({"card": "W!"}, good, "Invalid Parameter 'card'"),
        ({"card": "test/w"}, good, "Invalid Parameter 'card'"),
        ({"card": "w", "colour": 1}, good, "Unknown Parameter 'colour'"),
        ({"card": "w", "precision": 11}, good, "Invalid Parameter 'precision'"),
        ({"card": "w", "rounding": "odd"}, good, "Invalid Parameter 'rounding'"),
        ({"card": "w", "activate": "maybe"}, good, "Invalid Parameter 'activate'"),
        ({"card": "w", "activate": 1, "at": int(time.time()) + 99}, good, "Invalid Parameter 'at'"),
        ({"card": "w", "at": 1}, good, "Invalid Parameter 'at'"),
        ({"card": "w", "note": "x" * 256}, good, "Invalid Parameter 'note'"),
    ):
        assert boss.upload(content, 400, **asked)["error"]["reason"].startswith(said), asked
    for files, said in (
        ({"deck": ("a.csv", good)}, "Invalid Parameter 'deck': is a file"),
        ({"file": ("a.csv", good), "more": ("b.csv", good)}, "Invalid form: Too many files"),
    ):
        answer = boss.client.post(f"{ROOT}upload.json", data={"card": "w"}, files=files)
        assert (answer.status_code, answer.json()["error"]["reason"][: len(said)]) == (400, said)
    for body in (b"", b"--x\r\n", b"nothing of the kind"):
        for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
            answer = boss.client.post(f"{ROOT}upload.json?card=w", content=body, headers={"Content-Type": kind})
            assert answer.status_code == 400, (kind, body)
    boss.get("show.json", 404, card="w")


def test_a_refused_deck_is_reported_line_by_line_and_changes_nothing(boss: Manager) -> None:
    boss.upload(deck("44,UK,0.01"), card="kept", filename="a.csv", activate=1)
    said = boss.upload(deck("4x,UK,0.01", "45,,free"), 400, card="kept", filename="b.csv")["error"]
    assert (said["code"], said["reason"], said["line"]) == (400, "Deck refused", 2)
    assert [(row["line"], row["value"]) for row in said["report"]["refusals"]] == [(2, "4x"), (3, "free")]
    assert boss.get("revisions.json", card="kept")["total"] == 1
    page = boss.client.post(f"{ROOT}upload.html?card=kept&filename=<b>.csv", content=deck("4x,UK,0.01"))
    assert page.status_code == 400
    assert "&lt;b&gt;.csv: refused" in page.text
    tree = boss.client.post(f"{ROOT}upload.xml?card=kept", content=deck("4x,\x01UK,0.01")).text
    assert "<upload><error><code>400</code><reason>Deck refused</reason>" in tree


def test_a_saved_mapping_answers_what_a_deck_leaves_open(boss: Manager) -> None:
    rows = b"Prefix,Destination,Rate,Effective\n44,UK,0.01,03/04/2027\n"
    said = boss.upload(rows, 400, card="dated", filename="a.csv")["error"]
    assert "date_order" in said["detail"]
    assert boss.upload(rows, card="dated", mapping="dmy", dry_run=1)["report"]["status"] == "warnings"
    said = boss.upload(rows, 400, card="dated", mapping="nope")["error"]
    assert said["reason"] == "Invalid Parameter 'mapping': no mapping was saved under that name"


def test_a_body_over_the_limit_is_refused_without_being_kept(boss: Manager) -> None:
    """
    Announced, before it is sent; not announced, once it is over; and what serves keeps none of it in memory.
    """
    before = _resident_kib(boss.server.process.pid)

    def endless() -> Iterator[bytes]:
        for _ in range(MAX_DECK // 65_536 + 2):
            yield b"0" * 65_536

    answer = boss.client.post(f"{ROOT}upload.json?card=w", content=endless())
    assert (answer.status_code, answer.json()["error"]["detail"]) == (413, f"a deck may have {MAX_DECK} bytes")
    assert _resident_kib(boss.server.process.pid) - before < 32 * 1024
    with boss.server.connect() as client:
        head = f"POST {ROOT}upload.json?card=w HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer {boss.key}\r\n"
        client.sendall(f"{head}Content-Length: {MAX_DECK + 1}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert client.recv(65_536).startswith(b"HTTP/1.1 413")


def _resident_kib(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:")))


def test_a_reader_that_is_killed_leaves_everything_as_it_was(boss: Manager) -> None:
    before = boss.get("audit.json")["total"]
    answered = threading.Event()
    for reader in _readers(boss.server.process.pid):  # one that waits for its next deck would be too quick
        os.kill(reader, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(_kill_the_readers, boss.server.process.pid, boss.server.log.parent, answered)
        rows = (f"44{n:05d},UK,0.01" for n in range(99_999))
        said = boss.upload(deck(*rows), 500, card="victim", filename="a.csv")
        answered.set()
        assert killed.result() > 0
    seconds_until(lambda: not _readers(boss.server.process.pid))
    assert said["error"]["detail"] == "the process that read it ended; nothing was changed"
    boss.get("show.json", 404, card="victim")
    assert boss.get("audit.json")["total"] == before
    assert boss.rate("retail", "44") == "0.01"
    boss.upload(deck("44,UK,0.01"), card="victim", filename="a.csv")


def _kill_the_readers(server: int, data: Path, answered: threading.Event) -> int:
    """
    From when a deck lies on the disk until its upload is answered: whoever reads it, or waits to read another.
    """
    count = 0
    seconds_until(lambda: list(data.glob("uploads/deck-*/a.csv")), pause_s=0.005)
    while not answered.wait(0.005):
        for reader in _readers(server):
            os.kill(reader, signal.SIGKILL)
            count += 1
    return count


def _readers(server: int) -> list[int]:
    children = [int(child) for task in Path(f"/proc/{server}/task").glob("*/children") for child in _words(task)]
    return [child for child in children if any(b"ratecard_job" in word for word in _words(f"/proc/{child}/cmdline"))]


def _words(path: Path | str) -> list[bytes]:
    try:
        return Path(path).read_bytes().replace(b"\0", b" ").split()
    except OSError:  # it has ended
        return []


@pytest.mark.timed
def test_look_ups_go_on_while_a_deck_is_read(boss: Manager) -> None:
    rows = deck(*(f"44{n:05d},UK {n % 50},0.0{n % 9 + 1}" for n in range(100_000)))
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=boss.server.url, headers=boss.client.headers) as switch:
        sent = pool.submit(boss.upload, rows, card="large", filename="large.csv")
        count = 0
        while not sent.done():
            with within(0.5):
                assert switch.get("/api/rate.json?number=44&card=retail").status_code == 200
            count += 1
        assert sent.result()["report"]["rules"] == 100_000
    assert count > at_least(100)


def test_a_deck_may_take_its_time_and_a_question_may_not(boss: Manager) -> None:
    """
    A deck that comes in over seven seconds, and a byte a second for a look-up.
    """
    asked = {"card": "patient", "filename": "slow.csv"}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    content = deck("44,UK,0.01")
    with ThreadPoolExecutor(1) as pool:
        dripped = pool.submit(boss.client.post, "/api/rate.json", headers=form, content=_drip(b"n" * 20))
        taken = boss.client.post(f"{ROOT}upload.json", params=asked, content=_drip(content, 7))
        refused = dripped.result()
    assert taken.status_code == 200
    assert refused.status_code == 408
    assert refused.json()["error"]["detail"] == "the request did not come in within 5 seconds"


def _drip(content: bytes, count: int = 20) -> Iterator[bytes]:
    """
    A part each second.
    """
    size = -(-len(content) // count)
    for start in range(0, len(content), size):
        time.sleep(1)
        yield content[start : start + size]
