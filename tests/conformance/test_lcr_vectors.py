"""
The library answers the vectors; and the runner that asks them of any engine over HTTP finds what is wrong.
"""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from conformance import runner
from support.lcr import NOW, Card, stand_behind

from ratecards.charge import billed_seconds, cost_units
from ratecards.compile import compile_card
from ratecards.deck import read_deck
from ratecards.exchange import Exchange
from ratecards.lcr import Ask, Behind, Charge, Conditions, Crossing, Router, cross
from ratecards.lcr.render import routes_json
from ratecards.model import Caller, Quote, Rule, Terms
from ratecards.money import format_units, parse_units
from ratecards.rules import from_frame

SUITE = json.loads(runner.VECTORS.read_text("utf-8"))
STATUS = {"no_rate": 404, "expired": 404, "blocked": 403, "capped": 403, "no_margin": 403}


def rules(name: str) -> tuple[Rule, ...]:
    """
    As a deck reader has them of the CSV that the runner hands to an engine.
    """
    read = read_deck(runner.deck(SUITE["cards"][name]).encode(), currency=SUITE["cards"][name]["currency"])
    assert read.accepted, read.report
    return tuple(from_frame(read.rules))


CARDS = {name: Card(name, rules(name), Terms(card["currency"])) for name, card in SUITE["cards"].items()}


def behind(one: dict[str, Any]) -> Behind:
    providers = [
        replace(CARDS[p["card"]], carrier=p["carrier"], cap_units=parse_units(p["cap"]) if "cap" in p else None)
        for p in one["providers"]
    ]
    made = stand_behind(CARDS[one["card"]], providers, Conditions(), [card.name for card in providers])
    addressed = [
        replace(provider, tech_prefix=p.get("tech_prefix", ""), endpoint=p.get("endpoint", ""))
        for provider, p in zip(made.providers, one["providers"], strict=True)
    ]
    return replace(made, providers=tuple(addressed), exchange=Exchange.from_json(one["exchange"]))


ROUTERS = {one["card"]: Router(behind(one)) for one in SUITE["sets"]}
INDEXES = {
    name: compile_card(read_deck(runner.deck(SUITE["cards"][name]).encode(), currency="USD").rules, card.terms)
    for name, card in CARDS.items()
    if card.terms.currency == "USD"
}


def refused(verdict: str) -> tuple[int, Any]:
    return STATUS[verdict], {"error": {"verdict": str(verdict)}}


def rated(quote: Quote) -> dict[str, Any]:
    rule, jurisdiction = quote.rule, quote.jurisdiction
    fees = {"rate": format_units(quote.rate_units), "connect_fee": format_units(rule.connect_fee_units)}
    return {"prefix": quote.prefix, **fees, "jurisdiction": jurisdiction and str(jurisdiction)}


def rate(query: dict[str, str]) -> tuple[int, Any]:
    quote = INDEXES[query["card"]].quote(query["number"], int(query.get("at", NOW)), Caller(query.get("cli", "")))
    if quote.verdict:
        return refused(quote.verdict)
    billed = billed_seconds(int(query.get("duration", 0)), quote.rule.mcd_s, quote.rule.pulse_s)
    cost = format_units(cost_units(quote.rate_units, quote.rule.connect_fee_units, billed))
    return 200, rated(quote) | {"billed_seconds": billed, "cost": cost}


def lcr(query: dict[str, str]) -> tuple[int, Any]:
    ask = Ask(
        query["number"],
        int(query.get("at", NOW)),
        Decimal(query.get("duration", 60)),
        limit=int(query.get("limit", 10)),
        explain="explain" in query,
    )
    found = ROUTERS[query["card"]].route(ask)
    if found.verdict:
        return refused(found.verdict)
    rejected = [{"card": one.provider.card, "reason": str(one.reason)} for one in found.rejected]
    return 200, {"sell": rated(found.sell), "routes": json.loads(routes_json(found)), "rejected": rejected}


def ask_library(case: dict[str, Any]) -> tuple[int, Any]:
    return {"rate": rate, "lcr": lcr}[case["service"]](case["query"])


@pytest.mark.parametrize("case", SUITE["cases"], ids=lambda case: f"{case['service']}: {case['name']}")
def test_the_library_agrees(case: dict[str, Any]) -> None:
    assert runner.check(case, ask_library) == []


def test_every_mistake_that_a_question_can_show_is_shown() -> None:
    """
    Of the thirteen: all but what a question does not reach: a currency left out of a comparison is shown beside the
    first, caches and decks have tests of their own.
    """
    assert {case.get("mistake") for case in SUITE["cases"]} >= {1, 3, 4, 5, 6, 7, 9, 10, 11, 13}


@contextmanager
def served(answer: Callable[[dict[str, Any]], tuple[int, Any]]) -> Iterator[str]:
    """
    Any engine, over HTTP.
    """

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            service = address.path.removeprefix("/api/").removesuffix(".json")
            status, body = answer({"service": service, "query": dict(parse_qsl(address.query))})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """
            Nothing.
            """

    with HTTPServer(("127.0.0.1", 0), Engine) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_runner_finds_an_engine_that_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    with served(ask_library) as url:
        assert runner.main(["--base-url", url]) == 0
    assert f"{len(SUITE['cases'])} of {len(SUITE['cases'])} agree" in capsys.readouterr().out


def test_the_runner_names_what_an_engine_gets_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """
    One that answers all but one question, and that one with a route left out and a status of 500.
    """

    def wrong(case: dict[str, Any]) -> tuple[int, Any]:
        status, body = ask_library(case)
        return (500, body) if status == 404 else (status, body | {"routes": body.get("routes", [])[1:]})

    with served(wrong) as url:
        assert runner.main(["--base-url", url, "--service", "lcr"]) == 1
    shown = capsys.readouterr().out
    assert "status is 500, not 404" in shown
    assert "routes has 1 entries, not 2" in shown


def test_the_runner_hands_cards_and_carriers_to_a_command(tmp_path: Path) -> None:
    with served(ask_library) as url:
        words = [
            "--load",
            f"cp {{file}} {tmp_path}/{{name}}-{{currency}}",
            "--behind",
            f"cp {{file}} {tmp_path}/{{name}}",
        ]
        assert runner.main(["--base-url", url, *words]) == 0
        assert runner.main(["--base-url", url, "--load", "false {file}"]) == 2
    assert (tmp_path / "suite-eur-EUR").read_text().startswith("Prefix,Destination,Rate,Connect Fee,")
    assert json.loads((tmp_path / "suite-retail").read_text()) == SUITE["sets"][0]


def test_the_runner_says_when_nobody_answers() -> None:
    assert runner.main(["--base-url", "http://127.0.0.1:1"]) == 2


def test_the_page_on_routes_prints_what_it_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lcr.md").read_text("utf-8")
    program, printed = re.findall(r"```(?:python|text)\n(.*?)```", page, re.DOTALL)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert run.stdout == printed


def test_the_sums_on_the_page_are_right() -> None:
    """
    The table of break-even and worst loss.
    """
    pairs = [
        (Charge(120_000_000, 0, 1, 1), Charge(40_000_000, 0, 60, 60), Crossing(20, 1, 38_000_000 * 60, 1)),
        (Charge(100_000_000, 0, 1, 1), Charge(100_000_000, 0, 60, 60), Crossing(3600, 1, 59 * 100_000_000, 1)),
        (Charge(90_000_000, 10**8, 1, 1), Charge(10**8, 0, 1, 1), Crossing(None, 601, 5 * 10**8 * 60, 3600)),
        (Charge(75_000_000, 0, 30, 6), Charge(41_000_000, 0, 1, 1), None),
    ]
    for sell, buy, expected in pairs:
        assert cross(sell, buy) == expected
