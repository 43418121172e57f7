"""
The server as its users meet it.
"""

import json
import random
import re
import time
from decimal import Decimal
from pathlib import Path

import pytest
from support.cards import RETAIL, RULES, install, random_rules, sdf_rules
from support.corpus import get
from support.examples import some
from support.oracle import Oracle, cost
from support.patience import FAIL_SAFE_S, seconds_until, within
from support.server import Server, read_responses, serve

from ratecards.model import Rule
from ratecards.money import format_units
from service.ops.reload import artifact_path

ASKED = some(10_000)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    install(folder, "retail", RETAIL)
    return folder


@pytest.mark.many
def test_twenty_thousand_numbers_over_http_rate_as_the_naive_oracle_does(door: Server) -> None:
    """
    Ten thousand on each of two decks, through each door.
    """
    with door.connect() as client:
        for name, rules in (("sdf", sdf_rules()), ("everything", random_rules(7, RULES))):
            _compare(client, name, rules)


def _compare(client: object, name: str, rules: list[Rule]) -> None:
    oracle, rng = Oracle(rules), random.Random(17)
    questions = []
    for _ in range(ASKED):
        number = (rng.choice(rules).prefix + f"{rng.randrange(10**9):09d}")[: rng.randrange(4, 16)]
        questions.append((number, rng.choice((None, rng.randrange(4000)))))
    for start in range(0, ASKED, 100):
        batch = questions[start : start + 100]
        at = int(time.time())
        client.sendall(b"".join(get(_target(name, number, duration)) for number, duration in batch))
        bodies = re.findall(rb"\r\n\r\n(\{.*?\})(?=HTTP/1.1|$)", read_responses(client, count=len(batch)))
        assert len(bodies) == len(batch)
        for (number, duration), body in zip(batch, bodies, strict=True):
            _agree(json.loads(body), oracle.price(number, at), number, duration)


def _target(card: str, number: str, duration: int | None) -> str:
    more = "" if duration is None else f"&duration={duration}"
    return f"/api/rate.json?number={number}&card={card}{more}"


def _agree(answer: dict[str, object], expected: object, number: str, duration: int | None) -> None:
    if expected.verdict is not None:
        assert answer["error"]["verdict"] == expected.verdict, number
        return
    assert (answer["prefix"], answer["name"]) == (expected.prefix, expected.rule.name), number
    assert answer["rate"] == format_units(expected.rule.rate_units)
    if duration is not None:
        assert Decimal(answer["cost"]) == cost(expected.rule, duration), (number, duration)


def test_a_plan_s_limit_is_kept_and_the_refusal_says_so(small: Path) -> None:
    with serve(small, DEMO="1", DEMO_RPS="5", DEMO_CARD="retail") as server, server.connect() as client:
        start = time.monotonic()
        client.sendall(get("/api/rate.json?number=44") * 200)
        answers = read_responses(client, count=200)
        took_s = time.monotonic() - start
    admitted, refused = answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 429")
    assert admitted + refused == 200
    assert 5 <= admitted <= 5 + 5 * took_s
    assert b"retry-after: 1\r\n" in answers
    assert b'"reason":"Rate Limiting Applied. 5 requests per second exceeded.","retry_after":1' in answers


def test_without_an_account_nobody_may_ask(small: Path) -> None:
    with serve(small) as server:
        answer = server.ask(get("/api/rate.json?number=44&card=retail"))
    assert answer.startswith(b"HTTP/1.1 401")
    assert b'www-authenticate: Bearer realm="ratedip"' in answer
    assert b'{"error":{"code":401,"reason":"Token is invalid"}}' in answer


def test_a_wrong_credential_is_not_taken_for_none(door: Server) -> None:
    for header in ("Authorization: Bearer x", "Authorization: Basic YTpi", "Authorization: "):
        assert door.ask(get("/api/rate.json?number=44", header)).startswith(b"HTTP/1.1 401")
    assert door.ask(get("/api/rate.json?number=44&Auth=x")).startswith(b"HTTP/1.1 401")


@pytest.mark.timed
def test_a_new_revision_is_live_within_two_seconds_on_every_worker(tmp_path: Path) -> None:
    install(tmp_path, "c", [Rule("44", "UK", 1)])
    install(tmp_path, "sdf", RETAIL)
    with serve(tmp_path, DEMO="1", DEMO_RPS="1000000", WORKERS="2") as server:

        def seen() -> set[bytes]:
            answers = [server.ask(get("/api/rate.json?number=44&card=c")) for _ in range(40)]
            return {answer.partition(b'"revision":')[2][:1] for answer in answers}

        assert seen() == {b"1"}
        install(tmp_path, "c", [Rule("44", "UK", 2)])
        with within(2):
            seconds_until(lambda: seen() == {b"2"})


@pytest.mark.fault
def test_with_no_card_it_lives_is_not_ready_and_guesses_nothing(tmp_path: Path) -> None:
    revision = install(tmp_path, "sdf", RETAIL)
    artifact_path(tmp_path / "cards", revision.digest).write_bytes(b"not a card")
    with serve(tmp_path, ready=False, DEMO="1") as server:
        assert server.ask(get("/livez")).startswith(b"HTTP/1.1 200")
        assert server.ask(get("/readyz")).startswith(b"HTTP/1.1 503")
        answer = server.ask(get("/api/rate.json?number=44"))
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1\r\n" in answer
        assert str(tmp_path).encode() not in answer


@pytest.mark.fault
def test_a_card_that_cannot_be_opened_is_our_fault_and_the_others_answer(tmp_path: Path) -> None:
    install(tmp_path, "sdf", RETAIL)
    broken = install(tmp_path, "broken", RETAIL[:1])
    artifact_path(tmp_path / "cards", broken.digest).unlink()
    with serve(tmp_path, DEMO="1") as server:
        assert server.ask(get("/api/rate.json?number=44&card=sdf")).startswith(b"HTTP/1.1 200")
        assert server.ask(get("/api/rate.json?number=44&card=broken")).startswith(b"HTTP/1.1 503")
        assert b'"status":"degraded"' in server.ask(get("/readyz"))


@pytest.mark.fault
@pytest.mark.timed
def test_it_stops_when_told_to_and_with_success(small: Path) -> None:
    with serve(small, DEMO="1") as server:
        server.process.terminate()
        with within(10):
            assert server.process.wait(FAIL_SAFE_S) == 0


@pytest.mark.fault
@pytest.mark.timed
def test_a_request_that_does_not_come_in_is_given_up(hot: Server) -> None:
    with hot.connect() as slow, hot.connect() as good:
        slow.sendall(b"GET /api/rate.json?number=44 HTTP/1.1\r\nHost: a\r\n")
        with within(8):
            assert read_responses(slow, expect_close=True) == b"<closed>"
        good.sendall(get("/api/rate.json?number=44"))
        assert b"HTTP/1.1 200" in read_responses(good)
