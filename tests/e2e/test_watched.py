"""
A real service of two processes, watched: its metrics, its decision log, what it says, and ``ratedip top``.
"""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.cards import RETAIL, install
from support.corpus import get
from support.patience import seconds_until
from support.people import account, bearer, key
from support.server import Server, free_port, read_responses, serve
from typer.testing import CliRunner

from service.cli.main import app
from service.quota.plan import Limits, Plan

NUMBER = "441132456789"
AT_ONCE = 40


@dataclass(frozen=True)
class Watched:
    """
    Attributes:
        admin: port that metrics are told on.
        keys: by account; ``acme`` may look up, ``boss`` may all.
        rounds: look-ups made so far.
    """

    server: Server
    data: Path
    admin: int
    keys: dict[str, str]
    rounds: list[int] = field(default_factory=list)

    @property
    def each(self) -> int:
        """
        Look-ups with a price, and as many without.
        """
        return sum(self.rounds) // 2

    def ask(self, path: str, who: str = "acme", *more: str) -> tuple[int, dict[str, str], bytes]:
        """
        Status, header fields and body.
        """
        head, _, body = self.server.ask(get(path, bearer(self.keys[who]), *more)).partition(b"\r\n\r\n")
        first, *fields = head.decode().split("\r\n")
        return int(first[9:12]), dict(field.split(": ", 1) for field in fields), body

    def log(self, who: str = "acme", **asked: object) -> list[dict[str, object]]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        status, _, body = self.ask(f"/api/log.json?per_page=1000&{query}", who)
        assert status == 200, body
        found: list[dict[str, object]] = json.loads(body)["decisions"]
        return found

    def scrape(self) -> bytes:
        there = Server("127.0.0.1", self.admin, self.server.process, self.server.log)
        head, _, body = there.ask(get("/metrics")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        assert b"content-type: text/plain; version=0.0.4" in head
        return body

    def values(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        families = text_string_to_metric_families(self.scrape().decode())
        return {(row.name, tuple(sorted(row.labels.items()))): row.value for each in families for row in each.samples}

    def answered(self, verdict: str) -> float:
        return sum(value for (name, labels), value in self.values().items()
                   if name == "ratedip_answers_total" and ("verdict", verdict) in labels)  # fmt: skip


def _both_answered(made: Watched) -> bool:
    """
    Look up over many connections at once, half of it numbers without a price; whether each process has answered some.
    """
    with ExitStack() as stack:
        clients = [stack.enter_context(made.server.connect()) for _ in range(AT_ONCE)]
        for place, client in enumerate(clients):
            number = NUMBER if place % 2 else f"33{place:09d}"
            client.sendall(get(f"/api/rate.json?number={number}", bearer(made.keys["acme"])))
        assert {read_responses(client)[9:12] for client in clients} == {b"200", b"404"}
    made.rounds.append(AT_ONCE)
    seconds_until(lambda: made.answered("ok") == made.answered("no_rate") == made.each)
    seconds_until(lambda: len(made.log()) == 2 * made.each)
    return len({row["worker"] for row in made.log()}) == 2


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """
    Both processes have answered look-ups of ``acme``, half of them with a price.
    """
    data, admin = tmp_path_factory.mktemp("watched"), free_port()
    install(data, "retail", RETAIL)
    keys = {}
    for name, scopes in (("acme", ["lookup"]), ("other", ["lookup"]), ("boss", ["admin"])):
        account(data, name, Plan(Limits(per_day=10_000)), card="retail")
        keys[name] = key(data, name, *scopes)
    with serve(data, WORKERS="2", ADMIN_PORT=str(admin)) as server:
        made = Watched(server, data, admin, keys)
        seconds_until(lambda: _both_answered(made))
        yield made


def test_metrics_add_up_what_all_processes_have_answered(watched: Watched) -> None:
    values = watched.values()
    assert values["ratedip_workers", ()] == values["ratedip_ready", ()] == 2
    answers = {labels: value for (name, labels), value in values.items() if name == "ratedip_answers_total"}
    assert answers[("service", "rate"), ("status", "200"), ("verdict", "ok")] == watched.each
    assert answers[("service", "rate"), ("status", "404"), ("verdict", "no_rate")] == watched.each
    assert values["ratedip_lookup_seconds_count", (("service", "rate"),)] == 2 * watched.each
    acme = ("account", "acme"), ("environment", "live")
    assert values["ratedip_account_requests_total", (*acme, ("outcome", "admitted"))] >= 2 * watched.each
    assert values["ratedip_quota_limit", (*acme, ("per", "day"), ("service", ""))] == 10_000
    assert values["ratedip_card_revision", (("card", "retail"), ("environment", "live"))] == 1
    assert values["ratedip_cards", (("environment", "live"),)] == 1


def test_metrics_are_told_on_the_admin_port_alone(watched: Watched) -> None:
    assert watched.ask("/metrics", "boss")[0] == 404
    assert b"# TYPE ratedip_answers_total counter" in watched.scrape()


def test_neither_secret_nor_number_stands_in_the_metrics(watched: Watched) -> None:
    text = watched.scrape().decode()
    assert NUMBER not in text
    assert not [name for name, text_ in watched.keys.items() if text_.split("_")[2] in text or text_[-20:] in text]


def test_an_account_finds_its_own_decisions_with_their_numbers(watched: Watched) -> None:
    rows = watched.log(verdict="ok", number="%2B44 113 245 6789".replace(" ", "%20"))
    assert len(rows) == watched.each
    for row in rows:
        assert (row["account"], row["number"], row["prefix"], row["card"], row["revision"], row["status"]) == (
            "acme", NUMBER, "44113", "retail", 1, 200,
        )  # fmt: skip
        assert isinstance(row["microseconds"], float)
    assert len({row["worker"] for row in watched.log()}) == 2, "both processes answered some"
    times = [row["at"] for row in watched.log()]
    assert times == sorted(times, key=str, reverse=True)


def test_an_account_finds_nothing_of_another(watched: Watched) -> None:
    assert watched.log("other") == []
    assert watched.log("other", account="acme") == []
    assert watched.log("other", number=NUMBER) == []


def test_staff_find_everything_but_the_end_of_a_number(watched: Watched) -> None:
    rows = watched.log("boss", account="acme", verdict="ok")
    assert {row["number"] for row in rows} == {"4411********"}
    assert len(watched.log("boss", number=NUMBER)) == watched.each
    assert watched.log("boss", service="lcr") == []
    status, _, body = watched.ask("/api/log.csv", "boss")
    assert status == 200
    assert NUMBER.encode() not in body


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("number=x", b"Invalid Parameter 'number'"),
        (f"verdict={'v' * 65}", b"Invalid Parameter 'verdict'"),
        ("until=3", b"Unknown Parameter 'until'"),
        ("page=0", b"Invalid Parameter 'page'"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(watched: Watched, query: str, reason: bytes) -> None:
    status, _, body = watched.ask(f"/api/log.json?{query}")
    assert status == 400
    assert reason in body


def test_a_slow_service_answers_with_the_name_of_the_request(watched: Watched) -> None:
    assert watched.ask("/api/account.json", "acme", "X-Request-Id: call-17.a")[1]["x-request-id"] == "call-17.a"
    made = watched.ask("/api/account.json", "acme", "X-Request-Id: <script>")[1]["x-request-id"]
    assert re.fullmatch("[0-9a-f]{16}", made)


def test_a_refusal_is_logged_by_the_name_of_the_request_in_one_line_of_json(watched: Watched) -> None:
    status, _, _ = watched.ask("/api/ratecard/list.json", "acme", "X-Request-Id: refused-1")
    assert status == 403

    def lines() -> list[dict[str, object]]:
        return [json.loads(line) for line in watched.server.log.read_text().splitlines() if "refused-1" in line]

    seconds_until(lines)
    (line,) = lines()
    assert (line["event"], line["service"], line["status"]) == ("answered", "ratecard/list", 403)
    assert (line["level"], line["request_id"]) == ("info", "refused-1")


def test_no_look_up_is_logged_one_by_one(watched: Watched) -> None:
    assert b'"service": "rate"' not in watched.server.log.read_bytes()


def test_top_tells_what_a_second_brought(watched: Watched) -> None:
    place = f"http://127.0.0.1:{watched.admin}/metrics"
    done = CliRunner().invoke(app, ["top", "--url", place, "--once", "--json", "--every", "0.2"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["now"]["workers"] == told["now"]["ready"] == 2
    assert told["lookups"]["rate"]["per_second"] == 0


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_top_says_what_is_wrong_where_there_are_no_metrics(watched: Watched, path: str) -> None:
    done = CliRunner().invoke(app, ["top", "--url", f"{watched.server.url}{path}", "--once"])
    assert done.exit_code == 1
    assert "answers 404" in done.stderr or "no metrics" in done.stderr


def test_top_says_that_nobody_answers() -> None:
    done = CliRunner().invoke(app, ["top", "--url", f"http://127.0.0.1:{free_port()}/metrics", "--once"])
    assert done.exit_code == 1
    assert "does not answer" in done.stderr


def test_what_a_killed_process_answered_still_counts(watched: Watched) -> None:
    run = watched.data / "run"
    victim = min(path.stem for path in run.glob("*.ring"))
    os.kill(int(victim.partition("-")[0]), signal.SIGKILL)
    seconds_until(lambda: not (run / f"{victim}.ring").exists() and len(list(run.glob("*.json"))) == 2)
    assert watched.values()["ratedip_workers", ()] == 2
    assert watched.answered("ok") == watched.each
