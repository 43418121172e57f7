"""
Two nodes behind HAProxy: what it tries again, what it never does, and what clients see of a node that goes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.balanced import CLIENTS, Seen, asking, balanced, fleet
from support.corpus import get
from support.patience import FAIL_SAFE_S, seconds_until
from support.postgres import run_postgres
from support.redis import redis_running

pytestmark = [pytest.mark.fault, pytest.mark.outside]


def test_a_drained_node_loses_nothing_and_a_killed_one_what_it_was_being_asked(tmp_path: Path) -> None:
    """
    Seen to fail with ``retries 0``: of the killed node's requests hundreds were lost until it was found to be down.
    """
    with (
        run_postgres() as postgres,
        redis_running() as redis,
        fleet(tmp_path, postgres, redis) as running,
        asking(running.proxy, running.key) as seen,
    ):
        one, two = running.nodes
        go_on(seen)
        two.process.terminate()
        assert two.process.wait(FAIL_SAFE_S) == 0
        go_on(seen)
        assert seen.failed == []
        with running.started_anew("two"):
            go_on(seen)
            one.process.kill()
            one.process.wait()
            go_on(seen)
            lost = list(seen.failed)
            assert len(lost) <= CLIENTS
            go_on(seen)
            assert seen.failed == lost


def go_on(seen: Seen) -> None:
    """
    Wait for five hundred more answers.
    """
    answered = seen.answered
    seconds_until(lambda: seen.answered > answered + 500)


class Listener(BaseHTTPRequestHandler):
    """
    A node that reads what it is asked, and hangs up.
    """

    protocol_version = "HTTP/1.1"
    asked: list[dict[str, str]]

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.asked.append({name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers})
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listeners() -> Iterator[tuple[list[dict[str, str]], list[int]]]:
    """
    Two of them; what both were asked, as header fields, and their ports.
    """
    handler = type("Both", (Listener,), {"asked": []})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield handler.asked, [server.server_port for server in servers]
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join(FAIL_SAFE_S)


def test_what_was_sent_is_not_sent_again_and_who_asks_cannot_say_who_asks(tmp_path: Path) -> None:
    """
    Seen to fail with ``retry-on all-retryable-errors``, which asked three times, and with ``option forwardfor``, which
    left what the client said of itself.
    """
    with listeners() as (asked, ports), balanced(tmp_path, *ports) as proxy:
        answer = proxy.ask(get("/api/rate.json?number=44", "X-Forwarded-For: 192.0.2.9", "X-Forwarded-Proto: https"))
        assert answer.startswith(b"HTTP/1.1 502")
        assert len(asked) == 1
        assert asked[0]["x-forwarded-for"] == "127.0.0.1"
        assert asked[0]["x-forwarded-proto"] == "http"
