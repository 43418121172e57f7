"""
One run: configure, start and check all servers, then measure them in rounds.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import agree, child, machine, servers, swap, workspace
from bench.load import CONNECTIONS
from bench.results import Results, ServerSamples
from bench.rounds import Rounds, Settings
from bench.servers import Server
from bench.workspace import Workspace

CHECKED_NUMBERS: Final = 200
BUSY_LIMIT: Final = 0.1


def measure(settings: Settings, console: Console) -> Results:
    """
    Run the whole side-by-side measurement.

    Raises:
        MissingPartError: A peer or tool is not installed, or ratedip refused the deck.
        ServerFailedError: A server did not start.
        DisagreementError: A server answers otherwise than the oracle.

    """
    machine.require_parts()
    load_core, server_core = machine.cores()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory, contextlib.ExitStack() as stack:
        console.print(f"Deck of {settings.prefixes:,} prefixes; servers on core {server_core}, load on {load_core}")
        work = workspace.prepare(Path(directory), settings.prefixes, settings.seed)
        started = servers.peers(work) if settings.peers_only else servers.all_servers(work)
        for server in started:
            stack.enter_context(child.running(server, server_core, work.directory / f"{server.port}.log"))
        _check(started, work, settings, console)
        before = _busy(console)
        results = _results(Rounds(started, work, settings, load_core, console))
        results.facts["used by others"] = f"{before:.0%} before, {_busy(console):.0%} after the rounds"
        return results


def _check(started: Sequence[Server], work: Workspace, settings: Settings, console: Console) -> None:
    numbers = workspace.check_numbers(work.rows, CHECKED_NUMBERS, settings.seed + 2)
    for server in started:
        agree.check(server, numbers, work.rows)
    console.print(f"All answer {len(numbers)} numbers as the oracle does")


def _busy(console: Console) -> float:
    """
    Look, while all servers are up and nobody is asked, how much of the machine something else uses; a share of 0 to 1.
    """
    busy = machine.busy_share()
    if busy > BUSY_LIMIT:
        console.print(f"[yellow]Something else uses {busy:.0%} of this machine; the figures will be poor.[/]")
    return busy


def _results(rounds: Rounds) -> Results:
    """
    Measure saturation, then latency at half of it, then what swapping in a large card does to that.
    """
    rounds.warm_up()
    load = rounds.saturate()
    half = {name: rounds.half_of(runs) for name, runs in load.items()}
    paced = rounds.pace(half)
    samples = [ServerSamples(name, load[name], paced[name]) for name in load]
    settings = rounds.settings
    described = {**asdict(settings), "numbers": len(rounds.work.load_numbers), "connections": CONNECTIONS}
    if settings.peers_only:
        return Results(machine.facts(), described, samples)
    own = next(server for server in rounds.started if server.name == servers.RATEDIP)
    swap.prepare(own, rounds.work, settings.swapped_in, settings.seed + 3, rounds.console)
    return Results(machine.facts(), described, samples, rounds.pace_swaps(own, half[own.name]))
