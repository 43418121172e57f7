"""
What is known of numbers, from memory: ``python -m bench.smart [NUMBERS]``.

A table of ported numbers is built in one process and measured in another, whose memory is that of what it opened.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console

from bench.figures import BATCHES, Figure, median_us, seconds
from bench.tables import figures_table
from ratecards.numbering import lrn_build
from ratecards.numbering.lrn import LrnTable, open_lrn
from ratecards.numbering.plan import plan
from ratecards.numberset import NumberSet
from service.access.account import LIVE, Account
from service.heard import Heard
from service.lookups.known import asked_by
from service.lookups.smart import smart
from service.snapshot import Loaded, Snapshot

NUMBERS: Final = 5_000_000
NOW: Final = 2_000_000_000  # unix seconds
ASKED: Final = 20_000
OPENINGS: Final = 5
AT_ONCE: Final = 100  # numbers of a request
SWITCHES: Final = 30_000  # location routing numbers, with their carriers and places
FULL: Final = 0.5  # of the numbers of an exchange, ported or in use elsewhere
TYPES: Final = ("asrplus", "range", "lrn")
_ANONYMOUS: Final = re.compile(r"^RssAnon:\s+(\d+) kB", re.MULTILINE)
_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


def measure(numbers: int = NUMBERS) -> list[Figure]:
    """
    Take every figure.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        built: dict[str, float] = json.loads(_run("build", directory, numbers))
        got: dict[str, float] = json.loads(_run("measure", directory, numbers))
    what = f"{numbers:,} ported numbers"
    return [
        Figure(f"{' and '.join(TYPES)} of a number, {AT_ONCE} at once", got["smart_us"], "µs", 30.0),
        Figure("plan of a number not asked before", got["plan_us"], "µs"),
        Figure("plans opened and compiled", got["plan_s"], "s"),
        Figure("routing number of a number, half of them unknown", got["find_us"], "µs", 5.0),
        Figure(f"{what}, on disk", got["lrn_bytes"], "bytes a number"),
        Figure("memory of a process beside the mapped file", got["memory_mib"], "MiB"),
        Figure("likewise opened and verified", got["open_s"], "s"),
        Figure("likewise built from CSV in any order", built["build_s"], "s"),
        Figure("memory of building it, at most", built["peak_mib"], "MiB"),
    ]


def _run(step: str, directory: str, numbers: int) -> str:
    command = (sys.executable, "-m", "bench.smart", step, directory, str(numbers))
    root = Path(__file__).resolve().parent.parent
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=root).stdout


def exchanges(numbers: int, rng: Random) -> list[str]:
    """
    Exchanges with numbers in use, in no order.
    """
    there = [f"{npa}{nxx}" for npa in range(201, 990) for nxx in range(200, 1_000)]
    return rng.sample(there, min(len(there), int(numbers / (10_000 * FULL)) + 1))


def lines(numbers: int, seed: int = 1) -> Iterator[str]:
    """
    Lines of a table, exchange after exchange.
    """
    rng = Random(seed)
    switches = [
        f"{rng.randrange(201, 990)}{rng.randrange(200, 1_000)}{n % 10_000:04},{n % 9_999:04},{n % 900},"
        f"City {n % 5_000},NY,,Carrier {n % 800},"
        for n in range(SWITCHES)
    ]
    for exchange in exchanges(numbers, rng):
        for line in rng.sample(range(10_000), int(10_000 * FULL)):
            yield f"{exchange}{line:04},{rng.choice(switches)}\n"


def build(directory: Path, numbers: int) -> dict[str, float]:
    """
    Write the table.
    """
    with (directory / "lrn.csv").open("w") as file:
        file.writelines(lines(numbers))
    took = seconds(lambda: lrn_build.build(directory / "lrn.csv", directory / "lrn"))
    return {"build_s": took, "peak_mib": _bytes(_PEAK) / 2**20}


def measured(directory: Path, numbers: int) -> dict[str, float]:
    """
    Open the table and ask.
    """
    got = {"plan_s": seconds(lambda: plan().warm())}
    memory = _bytes(_ANONYMOUS)
    table = open_lrn(directory / "lrn")
    got["memory_mib"] = (_bytes(_ANONYMOUS) - memory) / 2**20
    got["open_s"] = statistics.median(seconds(lambda: open_lrn(directory / "lrn")) for _ in range(OPENINGS))
    got["lrn_bytes"] = (directory / "lrn").stat().st_size / table.rows
    asked = drawn(numbers, 2 * ASKED)
    got["find_us"] = median_us(table.find, asked[:ASKED])
    got["plan_us"] = median_us(plan().find, asked[:ASKED])
    got["smart_us"] = smart_us(table, asked[ASKED:])
    return got


def smart_us(table: LrnTable, numbers: list[str]) -> float:
    """
    Time three types of numbers nobody asked for before, as a request has them; half are ported, half have failed.
    """
    heard = Heard(is_ready=True)
    for number in numbers[::2]:
        heard.numbers[LIVE].take(number, 404, NOW - 10, NOW - 10)
    files = {
        "lrn": Loaded("lrn", "lrn", LIVE, 1, NOW, table.rows, table),
        "tps": Loaded("tps", "numbers", LIVE, 1, NOW, 1, NumberSet(["441132456789"])),
    }
    asked = asked_by(Snapshot(loaded=files), LIVE, Account(0, "guest", ""), heard, NOW)
    requests = [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]

    def answer(request: list[str]) -> Any:
        return {number: smart(number, TYPES, asked) for number in request}

    assert len(requests) >= BATCHES  # noqa: S101 - each batch has a request
    return median_us(answer, requests) / AT_ONCE


def drawn(numbers: int, count: int) -> list[str]:
    """
    Numbers to ask for, each once, half of them from exchanges of the table.
    """
    rng = Random(2)
    known = exchanges(numbers, Random(1))
    found = [f"1{rng.choice(known)}{rng.randrange(10_000):04}" for _ in range(count)]
    found += [f"44{rng.randrange(10**9, 10**10)}" for _ in range(count)]
    return rng.sample(list(dict.fromkeys(found)), count)


def _bytes(what: re.Pattern[str]) -> int:
    """
    Memory of this process, of one sort.
    """
    found = what.search(Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """
    Print the figures; the two steps are run by :func:`measure`.
    """
    if sys.argv[1:2] == ["build"]:
        print(json.dumps(build(Path(sys.argv[2]), int(sys.argv[3]))))
    elif sys.argv[1:2] == ["measure"]:
        print(json.dumps(measured(Path(sys.argv[2]), int(sys.argv[3]))))
    else:
        Console().print(figures_table(measure(int(sys.argv[1]) if sys.argv[1:] else NUMBERS)))


if __name__ == "__main__":
    main()
