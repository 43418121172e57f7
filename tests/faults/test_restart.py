"""
Stopping, restarting and losing processes costs nobody a look-up. Clients here never retry.
"""

import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.corpus import get
from support.patience import FAIL_SAFE_S, seconds_until, within
from support.server import Server, read_responses, serve

pytestmark = pytest.mark.fault
ASK = "/api/rate.json?number=44113%07d"
OPEN = {"DEMO": "1", "DEMO_RPS": "1000000", "DEMO_CARD": "retail"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("restart")
    install(folder, "retail", RETAIL)
    return folder


@dataclass
class Clients:
    """
    Keep-alive clients; one that is told that its connection closes opens another, or goes elsewhere for good.

    Attributes:
        answered: look-ups.
        failed: what came instead of an answer.
        told: how often a connection was said to close.
    """

    answered: int = 0
    failed: list[str] = field(default_factory=list)
    told: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def clients(server: Server, *, stay: bool = True) -> Iterator[Clients]:
    """
    Eight of them ask until the block ends.

    Args:
        stay: come again with another connection.
    """
    seen, stop = Clients(), threading.Event()
    threads = [threading.Thread(target=_ask, args=(server, seen, stop, i, stay)) for i in range(8)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join(FAIL_SAFE_S)


def _ask(server: Server, seen: Clients, stop: threading.Event, number: int, stay: bool) -> None:
    while not stop.is_set():
        with server.connect() as client:
            while not stop.is_set():
                number += 8
                answer = _one(client, number)
                good = answer.startswith(b"HTTP/1.1 200") and b'"number":"44113%07d"' % number in answer
                closes = b"connection: close\r\n" in answer
                with seen.lock:
                    seen.answered += good
                    seen.told += closes
                    if not good:
                        seen.failed.append(repr(answer[:200]))
                if closes or not good:
                    break
                time.sleep(0.002)
        if not stay:
            return


def _one(client: socket.socket, number: int) -> bytes:
    try:
        client.sendall(get(ASK % number))
        return read_responses(client)
    except OSError as error:
        return repr(error).encode()


def workers(server: Server) -> set[int]:
    """
    Serving processes of a server.
    """
    command = ("pgrep", "-P", str(server.process.pid), "-f", "spawn_main")
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return set(map(int, found.stdout.split()))


def test_told_to_stop_it_is_unready_first_and_then_says_farewell_to_every_connection(data: Path) -> None:
    """
    Seen to fail with uvicorn's own shutdown: connections were closed between two requests, and nobody was told.
    """
    with serve(data, **OPEN, NOTICE_S="1") as server, clients(server, stay=False) as seen:
        seconds_until(lambda: seen.answered > 500)
        with within(10):
            server.process.terminate()
            seconds_until(lambda: is_unready(server))
            assert server.process.wait(FAIL_SAFE_S) == 0
    assert seen.failed == []
    assert seen.told == 8
    assert "Traceback" not in server.log.read_text()


def is_unready(server: Server) -> bool:
    with suppress(OSError):
        return server.ask(get("/readyz")).startswith(b"HTTP/1.1 503")
    return False


def test_a_stuck_body_does_not_hold_up_the_end_and_one_that_comes_is_answered(data: Path) -> None:
    """
    Three deadlines hold it, each alone, the body's, the drain's and the process's; seen to pass without the last two.
    """
    raw = b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with serve(data, **OPEN) as server, server.connect() as stuck, server.connect() as coming:
        for client in (stuck, coming):
            client.sendall(raw + b"Content-Length: 9\r\n\r\nnumber")
        seconds_until(lambda: server.ask(get("/livez")).startswith(b"HTTP/1.1 200"))
        with within(10):
            server.process.terminate()
            seconds_until(lambda: is_unready(server))
            coming.sendall(b"=44")
            answer = read_responses(coming, expect_close=True)
            assert server.process.wait(FAIL_SAFE_S) == 0
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close\r\n" in answer


def test_a_rolling_restart_costs_no_look_up_and_a_killed_process_is_replaced(data: Path) -> None:
    """
    Seen to fail with processes that are told to go closing their connections at once.
    """
    with serve(data, **OPEN, WORKERS="2") as server:
        before = workers(server)
        with clients(server) as seen:
            seconds_until(lambda: seen.answered > 500)
            server.process.send_signal(signal.SIGHUP)
            seconds_until(lambda: len(workers(server)) == 2 and not workers(server) & before)
            answered = seen.answered
            seconds_until(lambda: seen.answered > answered + 500)
        assert seen.failed == []
        assert seen.told >= 4
        (victim, other) = workers(server)
        with within(3):
            os.kill(victim, signal.SIGKILL)
            seconds_until(lambda: len(workers(server)) == 2 and victim not in workers(server))
            assert other in workers(server)
        seconds_until(lambda: is_shared(server))
        with within(10):
            server.process.terminate()
            assert server.process.wait(FAIL_SAFE_S) == 0


def is_shared(server: Server) -> bool:
    """
    Every process has taken a connection.
    """
    return Counter(bool(server.ask(get("/readyz"))) for _ in range(8))[True] == 8


def test_processes_whose_parent_is_killed_end_too(data: Path) -> None:
    """
    Seen to fail with uvicorn's own processes, which went on without anybody to stop them.
    """
    with serve(data, **OPEN, WORKERS="2") as server:
        left = workers(server)
        server.process.kill()
        server.process.wait(FAIL_SAFE_S)
        seconds_until(lambda: not any(is_running(pid) for pid in left))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
