"""
Interleaved paired rounds: in every round each server once, so that what drifts on the machine drifts for all.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console

from bench import swap
from bench.latency import Latency, pace
from bench.load import Throughput, saturate
from bench.servers import Server
from bench.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What a run measures: rounds, seconds of each measurement, prefixes in the deck and in the one swapped in.
    """

    rounds: int = 5
    seconds: int = 5
    prefixes: int = 200_000
    swapped_in: int = 1_000_000
    seed: int = 1
    peers_only: bool = False


@dataclass(frozen=True, slots=True)
class Rounds:
    """
    The started servers and the core they are loaded from.
    """

    started: Sequence[Server]
    work: Workspace
    settings: Settings
    core: int
    console: Console

    def warm_up(self) -> None:
        """
        Load every server for a second that does not count.
        """
        for server in self.started:
            saturate(server, self.work.numbers_file, 1, self.core)

    def saturate(self) -> dict[str, list[Throughput]]:
        """
        Measure how much each server takes; a list of rounds by server.
        """
        runs: dict[str, list[Throughput]] = {server.name: [] for server in self.started}
        for number, server in self._turns():
            run = saturate(server, self.work.numbers_file, self.settings.seconds, self.core)
            runs[server.name].append(run)
            self._say(number, server, run.failure or f"{run.requests_per_s:,.0f} req/s")
        return runs

    def pace(self, rate_per_s: Mapping[str, float]) -> dict[str, list[Latency]]:
        """
        Measure each server's latency at the rate given for it; a list of rounds by server.
        """
        runs: dict[str, list[Latency]] = {server.name: [] for server in self.started}
        for number, server in self._turns():
            run = pace(server, self.work.numbers_file, rate_per_s[server.name], self.settings.seconds, self.core)
            runs[server.name].append(run)
            self._say(number, server, run.failure or f"p99 {run.p99_us:,.0f} µs at {run.rate_per_s:,.0f} req/s")
        return runs

    def pace_swaps(self, server: Server, rate_per_s: float) -> list[Latency]:
        """
        Measure latency at the rate while the large revision takes over, once a round.
        """
        load = swap.Load(rate_per_s, max(self.settings.seconds, swap.LEAST_S), self.core)
        runs = []
        for number in range(1, self.settings.rounds + 1):
            run = swap.pace_during_swap(server, self.work, load)
            runs.append(run)
            self._say(number, server, run.failure or f"p99 {run.p99_us:,.0f} µs while the large card is swapped in")
        return runs

    @staticmethod
    def half_of(runs: Sequence[Throughput]) -> float:
        """
        Return half of the median saturation, in requests per second, and at least 1.
        """
        return max(1.0, statistics.median(run.requests_per_s for run in runs) / 2)

    def _turns(self) -> Iterator[tuple[int, Server]]:
        """
        Yield every server once a round; each round begins with the next one.
        """
        for number in range(self.settings.rounds):
            first = number % len(self.started)
            for server in (*self.started[first:], *self.started[:first]):
                yield number + 1, server

    def _say(self, number: int, server: Server, words: str) -> None:
        self.console.print(f"round {number}  {server.name:<13} {words}", highlight=False)
