"""
How many numbers a second go through bulk requests on one core, what they do to look-ups meanwhile, and calls of a file.
"""

from __future__ import annotations

import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Final

from rich.console import Console

from bench import child, machine, replay, servers, workspace
from bench.figures import Figure
from bench.oracle import CARD
from bench.servers import Server
from bench.tables import figures_table

NUMBERS, PREFIXES, ROUNDS = 1_000_000, 200_000, 5
PART: Final = 10_000  # numbers sent at a time
OVER_HTTP, OF_A_FILE = 300_000, 500_000  # a second: targets
PACE_S: Final = 0.002
LOOKUPS: Final = 1000
KINDS: Final = {"text/plain": "%s\n", "application/x-ndjson": '{"number":"%s"}\n'}


def measure(console: Console, rounds: int = ROUNDS, numbers: int = NUMBERS) -> list[Figure]:
    """
    Every figure in turn.
    """
    return [*over_http(console, rounds, numbers), of_a_file(console, rounds)]


def over_http(console: Console, rounds: int, numbers: int) -> list[Figure]:
    """
    Send random numbers to a server that has one core, from another; by the server's own processor time.
    """
    load_core, server_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        work = workspace.prepare(Path(directory), PREFIXES, 1)
        server = servers.ratedip(work)
        with child.running(server, server_core, work.directory / "bulk.log") as pid, _on(load_core):
            bodies = {kind: _parts(work.load_numbers, form, numbers) for kind, form in KINDS.items()}
            for kind, body in bodies.items():
                send(server, kind, body)
            taken = {
                kind: [_us(pid, server, kind, body, numbers) for _ in range(rounds)] for kind, body in bodies.items()
            }
            quiet, busy = _beside(server, bodies["text/plain"])
    for kind, values in taken.items():
        console.print(f"{kind}: {', '.join(f'{1e6 / us:,.0f}' for us in values)} numbers a second", highlight=False)
    figures = [
        Figure(f"a number of a bulk request, {kind}", statistics.median(values), "µs", 1e6 / OVER_HTTP)
        for kind, values in taken.items()
    ]
    return [
        *figures,
        Figure("p99 of look-ups, alone", quiet, "ms"),
        Figure("likewise beside a bulk request", busy, "ms"),
    ]


@contextmanager
def _on(core: int) -> Iterator[None]:
    """
    Keep to one core, and then go back to all there were.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _parts(known: list[str], form: str, count: int) -> list[bytes]:
    rng = random.Random(1)
    return ["".join(form % rng.choice(known) for _ in range(PART)).encode() for _ in range(count // PART)]


def send(server: Server, kind: str, parts: list[bytes]) -> int:
    """
    One request, read while it is sent; the bytes of its answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.putrequest("POST", "/api/rate/bulk", skip_accept_encoding=True)
    for name, value in {"Content-Type": kind, "Transfer-Encoding": "chunked", **server.headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    writer = threading.Thread(target=_write, args=(connection, parts))
    writer.start()
    answer = connection.getresponse()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(answer.read().decode())
    count = 0
    while part := answer.read(2**20):
        count += len(part)
    writer.join()
    connection.close()
    return count


def _write(connection: http.client.HTTPConnection, parts: list[bytes]) -> None:
    for part in parts:
        connection.sock.sendall(b"%x\r\n%b\r\n" % (len(part), part))
    connection.sock.sendall(b"0\r\n\r\n")


def _us(pid: int, server: Server, kind: str, parts: list[bytes], numbers: int) -> float:
    began = _cpu_s(pid)
    send(server, kind, parts)
    return (_cpu_s(pid) - began) / numbers * 1e6


def _cpu_s(pid: int) -> float:
    """
    Of a process and those it started.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # with those that have ended
    started = (task / "children" for task in Path(f"/proc/{pid}/task").iterdir())
    return own + sum(_cpu_s(int(one)) for listed in started for one in listed.read_text().split())


def _beside(server: Server, parts: list[bytes]) -> tuple[float, float]:
    """
    The p99 in milliseconds of look-ups at a pace, with no bulk request and with one after the other.
    """
    quiet = _p99_ms(server)
    with _bulk_without_end(server, parts):
        return quiet, _p99_ms(server)


@contextmanager
def _bulk_without_end(server: Server, parts: list[bytes]) -> Iterator[None]:
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            send(server, "text/plain", parts)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        stop.set()
        asking.join()


def _p99_ms(server: Server) -> float:
    connection, taken = http.client.HTTPConnection("127.0.0.1", server.port), []
    for number in range(LOOKUPS):
        began = time.perf_counter()
        connection.request("GET", f"/api/rate.json?number=44113{number:07d}", headers=server.headers)
        connection.getresponse().read()
        taken.append(time.perf_counter() - began)
        time.sleep(PACE_S)
    connection.close()
    return statistics.quantiles(taken, n=100)[98] * 1000


def of_a_file(console: Console, rounds: int) -> Figure:
    """
    Rate a file of calls to a file with all cores: the processor's time of all processes, shared out over the cores,
    less that of a file of one call.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        folder = Path(directory)
        work = workspace.prepare(folder, PREFIXES, 1)
        server = servers.ratedip(work)
        replay.write_calls(folder / "calls.csv", list(work.rows))
        (folder / "one.csv").write_text("".join((folder / "calls.csv").read_text().splitlines(keepends=True)[:2]))
        values = []
        for turn in range(rounds):
            whole, start = (_rate(server, folder, name, turn) for name in ("calls", "one"))
            values.append((whole - start) / replay.CALLS * 1e6)
            said = f"rate-file: {1e6 / values[-1]:,.0f} calls a second, and {start:.1f} s to start"
            console.print(said, highlight=False)
    return Figure("a call of a file, all cores", statistics.median(values), "µs", 1e6 / OF_A_FILE)


def _rate(server: Server, folder: Path, name: str, turn: int) -> float:
    out = folder / f"{name}-{turn}.out"
    command = (str(machine.RATEDIP), "rate-file", str(folder / f"{name}.csv"), "--card", CARD, "-o", str(out))
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, env={**os.environ, **server.environment}, check=True, capture_output=True)
    after = getrusage(RUSAGE_CHILDREN)
    out.unlink()
    taken_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken_s / len(os.sched_getaffinity(0))


def main(rounds: int = ROUNDS, numbers: int = NUMBERS) -> None:
    """
    Measure, and print the table.
    """
    console = Console()
    console.print(figures_table(measure(console, rounds, numbers)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
