"""
Sockets that hold something up go in their time, and nobody else notices them.
"""

from collections.abc import Iterator

import pytest
from support.cards import RETAIL, install
from support.load import load
from support.patience import promised, seconds_until
from support.server import Server, serve
from support.slow_clients import Lived, Slow, hold_sockets

from service.http.limits import HEAD_S, IDLE_S, REQUEST_S

pytestmark = pytest.mark.fault
SEEN_S = 1.5
"""The sweep's second, and a moment for the client of a busy machine to see it."""
POLLED_S = 0.3
"""Of clients that do not read: they look every 0.2 s, at counts that are up to 0.1 s old."""
BODY = b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"
KINDS = {
    "head": (Slow(b"GET /api/rate.json?number=44 HTTP/1.1\r\n", b"X: a\r\n"), HEAD_S),
    "body": (Slow(BODY, b"a"), REQUEST_S),
    "silent": (Slow(b"", b""), IDLE_S),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("slow")
    install(folder, "retail", RETAIL)
    with serve(folder, WORKERS="2", DEMO="1", DEMO_RPS="1000000", DEMO_CARD="retail") as server:
        yield server


def held(server: Server, names: list[str], count: int, readers: int) -> dict[str, list[Lived]]:
    """
    How long each socket of each kind lived, look-ups going on beside them.
    """
    with load(server, "X-A: b", connections=4, pause_s=0.01) as seen:
        seconds_until(lambda: seen.admitted > 20)
        lived = hold_sockets(server, {name: KINDS[name][0] for name in names}, count, readers)
    assert (seen.failed, set(seen.statuses)) == ([], {200})
    return lived


def test_heads_and_bodies_that_come_in_drops_are_given_up_in_time(server: Server) -> None:
    """
    Seen to fail without the sweep: they lived as long as they liked.
    """
    _judge(held(server, ["head", "body"], 60, 0))


@pytest.mark.long
def test_thirteen_hundred_slow_sockets_of_four_kinds_cost_nobody_a_look_up(server: Server) -> None:
    lived = held(server, ["head", "body", "silent"], 325, 325)
    assert sum(map(len, lived.values())) == 1300
    _judge(lived)


def _judge(lived: dict[str, list[Lived]]) -> None:
    for name, each in lived.items():
        limit_s = KINDS[name][1] if name in KINDS else IDLE_S + POLLED_S
        assert max(one.since_known for one in each) <= promised(limit_s + SEEN_S), name
        assert name == "reader" or min(one.since_asked for one in each) >= limit_s - 0.1, name
