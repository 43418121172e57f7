"""
A real softswitch asks two real nodes before each call, does as it is told, and reports each call to them.
"""

import signal
import time
from pathlib import Path

import pytest
from support.market import ACCOUNT, BLOCKED, DEAD, FULL_FIRST, HOST, PRICED, UNPRICED, UNPROFITABLE, knows, numbers
from support.patience import seconds_until
from support.server import free_port
from support.softswitch import Calls, calling, configure, signal_all

from .conftest import Exchange, Market

pytestmark = pytest.mark.outside

NOT_SENT = ("", 608)
"""The record of a call that no carrier was offered."""


def test_a_call_s_record_in_the_softswitch_has_what_it_sells_and_costs(market: Market, exchange: Exchange) -> None:
    with calling(exchange.folder, exchange.kamailio.port, [Calls("rated", numbers(FULL_FIRST, 3, 500), 200)]):
        pass
    market.await_records("rated", 6)
    records = [record for record in exchange.written() if record["callid"].startswith("rated-")]
    said = {(r["carrier"], r["rate"], r.get("buy_rate"), r.get("sip_code", 200), r["number"][:5]) for r in records}
    assert said == {("full", "0.01", "0.002", 503, FULL_FIRST), ("good", "0.01", "0.004", 200, FULL_FIRST)}


def test_a_number_that_a_carrier_calls_dead_is_hardly_offered_again(market: Market, exchange: Exchange) -> None:
    fresh = numbers(DEAD, 40, 5_000)
    with calling(exchange.folder, exchange.kamailio.port, [Calls("first", fresh, 404)]):
        pass
    market.await_records("first", 40)
    assert market.records("first") == {("dead", 404): 40}
    for one in exchange.nodes:
        seconds_until(lambda one=one: all(knows(one, market.key, number) for number in fresh), pause_s=0.2)  # type: ignore[misc]
    with calling(exchange.folder, exchange.kamailio.port, [Calls("again", fresh, 404)]):
        pass
    market.await_records("again", 40)
    assert market.records("again")[NOT_SENT] >= 30


def test_a_number_is_asked_for_as_dialled_and_what_is_none_is_not(market: Market, exchange: Exchange) -> None:
    dialled = tuple(f"+{number}" for number in numbers(PRICED, 3, 600))
    strange = (f"{PRICED}0000601&card=full", f"{PRICED}0000602%26card=full", "sales")
    kinds = [Calls("dialled", dialled, 200), Calls("strange", strange, 484)]
    with calling(exchange.folder, exchange.kamailio.port, kinds):
        pass
    market.await_records("dialled", 3)
    assert market.records("dialled") == {("good", 200): 3}
    assert not market.records("strange")


def test_records_outlast_nodes_out_of_reach_and_a_killed_softswitch(
    market: Market, exchange: Exchange, tmp_path: Path
) -> None:
    nowhere = [f"http://{HOST}:{free_port()}" for _ in exchange.nodes]
    kamailio = configure(tmp_path / "cut-off", nowhere, ACCOUNT, market.key)
    kamailio.start()
    try:
        with calling(tmp_path, kamailio.port, [Calls("unheard", numbers(PRICED, 8, 900), 503)]):
            pass
        seconds_until(lambda: kamailio.spooled() == 8)
        tried = kamailio.log.read_text().count("/api/cdr.json")
        seconds_until(lambda: kamailio.log.read_text().count("/api/cdr.json") >= tried + 4)
        kamailio.stop(kill=True)
        assert kamailio.spooled() == 8
        kamailio.connect(nowhere, [one.url for one in exchange.nodes])
        kamailio.start()
        market.await_records("unheard", 8)
        seconds_until(lambda: kamailio.spooled() == 0)
    finally:
        kamailio.stop()
    assert market.records("unheard") == {NOT_SENT: 8}


def test_a_node_that_was_silent_is_asked_first_again(market: Market, exchange: Exchange) -> None:
    signal_all(exchange.nodes[0].process, signal.SIGSTOP)
    try:
        with calling(exchange.folder, exchange.kamailio.port, [Calls("without", numbers(PRICED, 20, 700), 200)]):
            pass
        assert "node_a does not answer" in exchange.kamailio.log.read_text()
    finally:
        signal_all(exchange.nodes[0].process, signal.SIGCONT)
    seconds_until(lambda: "node_a is ready again" in exchange.kamailio.log.read_text())


def test_the_operator_says_what_a_call_that_earns_nothing_gets(
    market: Market, exchange: Exchange, tmp_path: Path
) -> None:
    urls = [one.url for one in exchange.nodes]
    kamailio = configure(tmp_path / "other", urls, ACCOUNT, market.key, NO_MARGIN_CODE="480")
    kamailio.start()
    try:
        with calling(tmp_path, kamailio.port, [Calls("earnless", numbers(UNPROFITABLE, 5), 480)]):
            pass
        market.await_records("earnless", 5)
    finally:
        kamailio.stop()
    assert market.records("earnless") == {NOT_SENT: 5}


def test_calls_end_as_ratedip_says_though_a_node_dies_and_each_is_on_record(market: Market, exchange: Exchange) -> None:
    """
    Last of all: the node stays dead.
    """
    kinds = [
        Calls("priced", numbers(PRICED, 600), 200),
        Calls("second", numbers(FULL_FIRST, 100), 200, 10),
        Calls("unpriced", numbers(UNPRICED, 120), 404, 10),
        Calls("blocked", numbers(BLOCKED, 100), 403, 10),
        Calls("dead", numbers(DEAD, 150), 404, 15),
        Calls("unprofitable", numbers(UNPROFITABLE, 100), 503, 10),
    ]
    with calling(exchange.folder, exchange.kamailio.port, kinds):
        time.sleep(4)
        exchange.nodes[0].process.kill()
    for calls in kinds:
        market.await_records(calls.kind, len(calls.numbers) * (2 if calls.kind == "second" else 1))
    assert market.records("priced") == {("good", 200): 600}
    assert market.records("second") == {("full", 503): 100, ("good", 200): 100}
    for kind, count in {"unpriced": 120, "blocked": 100, "unprofitable": 100}.items():
        assert market.records(kind) == {NOT_SENT: count}
    dead = market.records("dead")
    assert dead.keys() <= {NOT_SENT, ("dead", 404)}
    assert dead[NOT_SENT] >= 130, "nine of ten calls to dead numbers are not sent"
    assert "node_a does not answer" in exchange.kamailio.log.read_text()
