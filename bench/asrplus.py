"""
What was answered for a number, asked over HTTP beside its price; and a start with very many numbers.

Run alone: ``python -m bench.asrplus [ROUNDS] [SECONDS] [NUMBERS]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import child, machine, servers, workspace
from bench.figures import Figure, median_us, seconds
from bench.load import saturate
from bench.numberset import NOW, OPENINGS, POLICY, in_ranges, stamped
from bench.servers import Server
from bench.tables import figures_table
from bench.workspace import Workspace
from ratecards.numberset import Answers, Policy
from ratecards.numberset.tally import Tally, first_hour
from ratecards.numberset.write import write_blocks
from service.access.account import LIVE, LOOKUP, Account, Identity
from service.access.identify import Door
from service.heard import Heard
from service.http import known_asrplus
from service.http.respond import JSON_LENGTH, OK_DATE, Head
from service.ops.answers_file import Positions, open_answers, position_json
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.snapshot import Desk

PREFIXES: Final = 200_000
NUMBERS: Final = 20_000_000
ROUNDS, SECONDS = 7, 3
ORIGIN: Final = "bench"
RATE, ASRPLUS = "rate", "asrplus"


def measure(console: Console, rounds: int = ROUNDS, load_s: int = SECONDS, numbers: int = NUMBERS) -> list[Figure]:
    """
    Take all figures.
    """
    return [answered(), *started(numbers), over_http(rounds, load_s, console)]


def answered() -> Figure:
    """
    Time a request seen before all but its number, from there to the whole response; all numbers are known.
    """
    plan = Plan(Limits(per_second=10**9, burst=10**9))
    guest = Identity(Account(0, "guest", ""), LIVE, frozenset({LOOKUP}), Meters(1).of("guest", plan))
    desk = Desk(door=Door(guest), clock=lambda: NOW, heard=Heard(is_ready=True))
    numbers = [f"4411{number:08d}" for number in range(20_000)]
    for number in numbers:
        desk.heard.numbers[LIVE].take(number, 404, NOW - 1000, NOW - 1000)
    known = known_asrplus.KnownAsrplus(Head(), "192.0.2.1")
    head = OK_DATE + b"Thu, 01 Jan 1970 00:00:00 GMT" + JSON_LENGTH
    asked = [number.encode() for number in numbers]
    value = median_us(lambda number: known_asrplus.answer(desk, known, number, head), asked)
    return Figure("asrplus, number to whole response", value, "µs")


def started(numbers: int) -> list[Figure]:
    """
    Time what a serving process does with a checkpoint before it reads the records that came later.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        path, none = Path(directory) / "live.answers", Positions()
        blocks = stamped(in_ranges(numbers))
        write_blocks(path, blocks, Tally(), first_hour(NOW, POLICY.keep_s), position_json(ORIGIN, none))

        def stand() -> None:
            opened = open_answers(path, ORIGIN, none)
            assert opened is not None  # noqa: S101 - it was written above
            Answers(policy=Policy()).rebase(opened.base)

        value = statistics.median(seconds(stand) for _ in range(OPENINGS))
    return [Figure(f"start with {numbers:,} numbers", value, "s", 2.0 * max(1, numbers / NUMBERS))]


def over_http(rounds: int, load_s: int, console: Console) -> Figure:
    """
    Load one server with questions for prices and for answers, in turns; all numbers have both.
    """
    load_core, server_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        work = workspace.prepare(Path(directory), PREFIXES, 1)
        server = servers.ratedip(work)
        _list(server, work)
        with child.running(server, server_core, work.directory / "asrplus.log"):
            for service in (RATE, ASRPLUS):
                saturate(server, work.numbers_file, 1, load_core, service)
            ratios = [_round(server, work, load_s, load_core, number, console) for number in range(rounds)]
    return Figure("rate over HTTP, of asrplus", 1 / statistics.median(ratios), "x", 1 / 0.95)


def _round(server: Server, work: Workspace, load_s: int, core: int, number: int, console: Console) -> float:
    turn = (RATE, ASRPLUS) if number % 2 else (ASRPLUS, RATE)
    taken = {service: saturate(server, work.numbers_file, load_s, core, service) for service in turn}
    for service, run in taken.items():
        told = run.failure or f"{run.requests_per_s:,.0f} req/s"
        console.print(f"round {number + 1}  {service:<8} {told}", highlight=False)
    return taken[ASRPLUS].requests_per_s / taken[RATE].requests_per_s


def _list(server: Server, work: Workspace) -> None:
    """
    Have something answered for every number of the load, and a checkpoint of it.
    """
    listed, now = work.directory / "list.csv", int(time.time())
    lines = (f"{number},404,{now - place % 86_400}" for place, number in enumerate(sorted({*work.load_numbers})))
    listed.write_text("\n".join(("number,code,datetime", *lines, "")))
    for words in (("load", str(listed)), ("checkpoint",)):
        command = (str(machine.RATEDIP), "asrplus", *words)
        subprocess.run(command, env={**os.environ, **server.environment}, check=True, capture_output=True)


def main(rounds: int = ROUNDS, load_s: int = SECONDS, numbers: int = NUMBERS) -> None:
    """
    Measure, and print the table.
    """
    console = Console()
    console.print(figures_table(measure(console, rounds, load_s, numbers)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
