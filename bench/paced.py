"""
Latency at a fixed rate: an open-loop client with Poisson arrivals over 32 keep-alive connections.

Calls arrive when they arrive, not when the last answer is back. Each arrival has its due time beforehand; it takes an
idle connection, or waits for one, and its latency counts from the due time, so that a stalled server cannot hide its
stall by slowing the client (no coordinated omission). One busy epoll loop on a core of its own, garbage collection
off; run as a process: ``python -m bench.paced PORT RATE_PER_S SECONDS NUMBERS_FILE CARD [KEY]``.
"""

from __future__ import annotations

import contextlib
import gc
import json
import random
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
CONNECTIONS: Final = 32
GRACE_NS: Final = 1_000_000_000  # how long after the last arrival answers are waited for


def main(arguments: Sequence[str]) -> None:
    """
    Run the load the arguments ask for and print one JSON object.
    """
    port, rate, seconds, numbers, card = arguments[:5]
    key = arguments[5] if len(arguments) > 5 else ""
    due_ns = arrivals(float(rate), float(seconds))
    requests = render(Path(numbers).read_text().split(), card, key)
    gc.disable()
    latencies_ns, bad = drive(connect(int(port)), due_ns, requests)
    print(json.dumps(summary(latencies_ns, bad, len(due_ns))))


def arrivals(rate: float, seconds: float, seed: int = 7) -> list[int]:
    """
    Draw the due times of Poisson arrivals, in nanoseconds from the start.
    """
    draw = random.Random(seed)
    due_ns, moment_s = [], draw.expovariate(rate)
    while moment_s < seconds:
        due_ns.append(int(moment_s * 1e9))
        moment_s += draw.expovariate(rate)
    return due_ns


def render(numbers: Sequence[str], card: str, key: str) -> list[bytes]:
    """
    Render one request for each number, in random order.
    """
    credential = f"Authorization: Bearer {key}\r\n" if key else ""
    end = f"&card={card} HTTP/1.1\r\nHost: {HOST}\r\n{credential}\r\n"
    requests = [f"GET /api/rate.json?number={number}{end}".encode() for number in numbers]
    random.Random(8).shuffle(requests)
    return requests


def connect(port: int) -> list[socket.socket]:
    """
    Open the keep-alive connections, non-blocking and without Nagle's delay.
    """
    connections = [socket.create_connection((HOST, port)) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
    return connections


def drive(connections: list[socket.socket], due_ns: list[int], requests: list[bytes]) -> tuple[list[int], int]:
    """
    Send every request when it is due and read every answer.

    Returns:
        The latency of each answered request in nanoseconds, and how many answers were not a 200.

    """
    watch = select.epoll()
    for connection in connections:
        watch.register(connection.fileno(), select.EPOLLIN)
    receive = {connection.fileno(): connection.recv for connection in connections}
    send = {connection.fileno(): connection.send for connection in connections}
    idle, asked, bad = deque(send), dict.fromkeys(send, 0), 0
    latencies_ns: list[int] = []
    following, total, clock, poll = 0, len(due_ns), time.perf_counter_ns, watch.poll
    start_ns = clock()
    give_up_ns = start_ns + due_ns[-1] + GRACE_NS
    while len(latencies_ns) < total and (now_ns := clock()) < give_up_ns:
        while idle and following < total and due_ns[following] <= now_ns - start_ns:
            free = idle.popleft()
            send[free](requests[following % len(requests)])
            asked[free] = due_ns[following]
            following += 1
        for ready, _ in poll(0):
            answer = read_answer(receive[ready])
            latencies_ns.append(clock() - start_ns - asked[ready])
            bad += not answer.startswith(b"HTTP/1.1 200")
            idle.append(ready)
    return latencies_ns, bad


def read_answer(receive: Callable[[int], bytes]) -> bytes:
    """
    Read one whole answer; its body is one JSON object, nearly always here in one piece.
    """
    answer = receive(65_536)
    while answer and b"}" not in answer[-2:]:
        with contextlib.suppress(BlockingIOError):
            answer += receive(65_536)
    if not answer:
        raise ConnectionError("the server closed a keep-alive connection")
    return answer


def summary(latencies_ns: list[int], bad: int, asked: int) -> dict[str, float]:
    """
    Return counts and percentiles; latencies in microseconds.
    """
    ordered = sorted(latencies_ns)
    shares = {"p50_us": 0.5, "p90_us": 0.9, "p99_us": 0.99, "p999_us": 0.999}
    percentiles = {name: ordered[int(len(ordered) * share)] / 1000 for name, share in shares.items() if ordered}
    return {"asked": asked, "answered": len(ordered), "bad": bad, **percentiles}


if __name__ == "__main__":
    main(sys.argv[1:])
