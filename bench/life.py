"""
A server's life: how soon it is ready with a large card, and what memory is left of a card that was swapped out.

Run alone: ``python -m bench.life [ROUNDS]``.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import child, decks, machine, servers, swap, workspace
from bench.figures import Figure
from bench.load import saturate
from bench.servers import Server
from bench.tables import figures_table

ROUNDS: Final = 5
LARGE: Final = 1_000_000
LOADED_S: Final = 2
SETTLED_S: Final = 5.0  # after this long nothing of a replaced card is left to be forgotten
_PSS: Final = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


def measure(console: Console, rounds: int = ROUNDS) -> list[Figure]:
    """
    Take both.
    """
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        starts = _starts(Path(directory), rounds, console)
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        memory = _memory(Path(directory), console)
    return [*starts, memory]


def _starts(directory: Path, rounds: int, console: Console) -> list[Figure]:
    """
    Start two servers in turns: one has a card of a single rule, the other one of a million.
    """
    _, core = machine.cores()
    both = {name: _server(directory, name, rows) for name, rows in (("one rule", 1), ("large", LARGE))}
    taken: dict[str, list[float]] = {name: [] for name in both}
    for number in range(rounds + 1):
        for name, server in both.items():
            seconds = _ready_s(server, core, directory / f"{name}.log")
            if number:  # the first of each reads its files from disk
                taken[name].append(seconds)
                console.print(f"round {number}  start with {name:<9} {seconds:.2f} s", highlight=False)
    small, large = (statistics.median(taken[name]) for name in both)
    return [
        Figure("start to ready, a card of one rule", small, "s"),
        Figure(f"the same with {LARGE:,} rules, beyond that", large - small, "s", 0.5),
    ]


def _server(directory: Path, name: str, rows: int) -> Server:
    folder = directory / name.replace(" ", "-")
    folder.mkdir()
    if rows == 1:
        deck = folder / "deck.csv"
        decks.write_deck(deck, [decks.DeckRow("44", "UK", "0.01", "0", 1, 1)])
        return servers.serving(folder, deck)
    return servers.serving(folder, workspace.prepare(folder, rows, 1).deck_csv)


def _ready_s(server: Server, core: int, log: Path) -> float:
    start = time.monotonic()
    with child.running(server, core, log):
        return time.monotonic() - start


def _memory(directory: Path, console: Console) -> Figure:
    """
    Ask a server, swap a large card in and out again, ask it the same, and compare what it takes.
    """
    load_core, core = machine.cores()
    work = workspace.prepare(directory, 200_000, 1)
    server = servers.ratedip(work)
    with child.running(server, core, directory / "memory.log") as pid:
        swap.prepare(server, work, LARGE, 4, console)
        before = _loaded(server, work.numbers_file, load_core, pid)
        swap.there_and_back(server, work)
        after = _loaded(server, work.numbers_file, load_core, pid)
    return Figure("memory after a large card was swapped in and out, of that before", after / before, "x", 1.1)


def _loaded(server: Server, numbers: Path, core: int, pid: int) -> int:
    saturate(server, numbers, LOADED_S, core)
    time.sleep(SETTLED_S)
    return sum(_bytes(one) for one in _tree(pid))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for started in (task / "children").read_text().split():
            yield from _tree(int(started))


def _bytes(pid: int) -> int:
    return sum(int(size) for size in _PSS.findall(Path(f"/proc/{pid}/smaps_rollup").read_text())) * 1024


if __name__ == "__main__":
    out = Console()
    out.print(figures_table(measure(out, int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
