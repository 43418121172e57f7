"""
What it costs to be seen: the hot door with metrics and the decision log, and without, by turns.

``python -m bench.watched`` starts the same service twice on one core and loads one after the other in many short
rounds, each pair the other way round, so that what drifts on the machine drifts for both. Of each round it takes the
requests a second, and the server's processor time for each, which others on the machine disturb less.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from bench import child, machine, servers, workspace
from bench.load import saturate
from bench.machine import MissingPartError
from bench.servers import HOST, Server

LEAST: Final = 0.95
OFF: Final = {"RATEDIP_METRICS": "0", "RATEDIP_LOG": "off"}


@dataclass(frozen=True, slots=True)
class Turn:
    """
    One server loaded for a while: requests a second, and microseconds of processor time for each.
    """

    per_second: float
    cpu_us: float


def main(
    rounds: Annotated[int, typer.Option(help="Pairs of turns.")] = 15,
    seconds: Annotated[int, typer.Option(help="Seconds of each turn.")] = 1,
    prefixes: Annotated[int, typer.Option(help="Prefixes in the deck.")] = 50_000,
    seed: Annotated[int, typer.Option(help="Seed of the deck and the numbers.")] = 1,
) -> None:
    """
    Print the ratio with over without.
    """
    console = Console(width=None if sys.stdout.isatty() else 120)
    try:
        pairs = list(_measure(rounds, seconds, prefixes, seed))
    except (MissingPartError, child.ServerFailedError) as error:
        console.print(f"[bold red]Nothing measured.[/] {error}")
        raise typer.Exit(2) from None
    for number, (on, off) in enumerate(pairs, 1):
        ratio = on.per_second / off.per_second
        console.print(f"round {number:>2}  {on.per_second:>8,.0f} / {off.per_second:>8,.0f} req/s = {ratio:.3f}")
    rate = statistics.median(on.per_second / off.per_second for on, off in pairs)
    console.print(f"requests a second, with over without: {rate:.3f}, wanted >= {LEAST}", highlight=False)
    on_us, off_us = (_undisturbed(turn.cpu_us for turn in turns) for turns in zip(*pairs, strict=True))
    words = f"processor time a request, without over with: {off_us / on_us:.3f} ({off_us:.2f} / {on_us:.2f} µs)"
    console.print(words, highlight=False)


def _undisturbed(figures: Iterable[float]) -> float:
    """
    The median of the lower half: what else runs on the machine only ever adds to a figure.
    """
    ordered = sorted(figures)
    return statistics.median(ordered[: -(-len(ordered) // 2)])


def _measure(rounds: int, seconds: int, prefixes: int, seed: int) -> Iterator[tuple[Turn, Turn]]:
    load_core, server_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory, ExitStack() as stack:
        work = workspace.prepare(Path(directory), prefixes, seed)
        on = _with(servers.ratedip(work), {})
        off = _with(on, OFF)
        processes = {
            server.port: stack.enter_context(child.running(server, server_core, work.directory / f"{server.port}.log"))
            for server in (on, off)
        }
        turns = _Turns(processes, work.numbers_file, seconds, load_core)
        for server in (on, off):
            turns.take(server)
        for number in range(rounds):
            first, second = (on, off) if number % 2 else (off, on)
            taken = {server.port: turns.take(server) for server in (first, second)}
            yield taken[on.port], taken[off.port]


def _with(server: Server, environment: dict[str, str]) -> Server:
    """
    The same service on a port of its own, by further settings.
    """
    port = servers.free_port()
    data = server.environment["RATEDIP_DATA"]
    command = (server.command[0], "serve", "--host", HOST, "--port", str(port), "--admin-port", "0", "--data", data)
    return replace(server, command=command, port=port, environment={**server.environment, **environment})


@dataclass(frozen=True, slots=True)
class _Turns:
    processes: dict[int, int]
    numbers: Path
    seconds: int
    core: int

    def take(self, server: Server) -> Turn:
        before_s = _cpu_s(self.processes[server.port])
        run = saturate(server, self.numbers, self.seconds, self.core)
        if run.failure:
            raise child.ServerFailedError(f"{server.name}: {run.failure}")
        used_s = _cpu_s(self.processes[server.port]) - before_s
        return Turn(run.requests_per_s, 1e6 * used_s / (run.requests_per_s * self.seconds))


def _cpu_s(process: int) -> float:
    """
    Processor time of all threads of a process so far. Source: the kernel's documentation of schedstat.
    """
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{process}/task").glob("*/schedstat")) / 1e9


if __name__ == "__main__":
    typer.run(main)
