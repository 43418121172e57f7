"""
What was measured, summed up: medians, spreads, and ratios taken round by round before their median.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from bench.figures import Figure
from bench.latency import Latency
from bench.load import Throughput
from bench.servers import KAMAILIO, NGINX_LUA, NGINX_RETURN

BASELINES: Final = (NGINX_LUA, KAMAILIO, NGINX_RETURN)
RATIO_TARGETS: Final = {NGINX_LUA: 1.0, KAMAILIO: 1.5, NGINX_RETURN: 0.6}
P99_TARGET_US: Final = 1000.0
SWAP_TARGET: Final = 2.0  # p99 while a card is swapped in, over p99 without


@dataclass(frozen=True, slots=True)
class Spread:
    """
    Median, least and greatest of the rounds.
    """

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """
        Sum up the rounds; there is at least one.
        """
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class ServerSamples:
    """
    All rounds of one server, in order; round n of one server pairs with round n of every other.
    """

    name: str
    load: list[Throughput]
    paced: list[Latency]

    @property
    def failures(self) -> list[str]:
        """
        What went wrong, in words; a server with failures has no figures in the table.
        """
        said = [run.failure for run in self.load] + [run.failure for run in self.paced]
        return sorted({words for words in said if words})

    @property
    def requests_per_s(self) -> Spread:
        """
        Requests per second at saturation.
        """
        return Spread.of([run.requests_per_s for run in self.load])

    @property
    def p99_us(self) -> Spread:
        """
        99th percentile of latency at half of saturation, in microseconds.
        """
        return Spread.of([run.p99_us for run in self.paced])

    @property
    def p50_us(self) -> Spread:
        """
        Median latency at half of saturation, in microseconds.
        """
        return Spread.of([run.p50_us for run in self.paced])

    def ratio(self, baseline: ServerSamples) -> Spread:
        """
        Return this server's throughput over the baseline's, round by round.
        """
        pairs = zip(self.load, baseline.load, strict=True)
        return Spread.of([own.requests_per_s / other.requests_per_s for own, other in pairs])


@dataclass(frozen=True, slots=True)
class Results:
    """
    Everything a run found, and on what it was found.
    """

    facts: dict[str, str]
    settings: dict[str, int]
    servers: list[ServerSamples]
    swaps: list[Latency] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """
        True if any row of the table is a failure.
        """
        return any(server.failures for server in self.servers) or bool(self.swap_failures)

    @property
    def swap_failures(self) -> list[str]:
        """
        What went wrong while a card was swapped in, in words.
        """
        return sorted({run.failure for run in self.swaps if run.failure})

    @property
    def swap_p99_us(self) -> Spread | None:
        """
        99th percentile of ratedip's latency while a card was swapped in, in microseconds.
        """
        return None if not self.swaps or self.swap_failures else Spread.of([run.p99_us for run in self.swaps])

    def baseline(self, name: str) -> ServerSamples | None:
        """
        Return a peer to compare with, or None where it failed or was not run.
        """
        return next((server for server in self.servers if server.name == name and not server.failures), None)

    def as_json(self) -> dict[str, Any]:
        """
        Return facts, settings, the sums and every single round.
        """
        return {
            "facts": self.facts,
            "settings": self.settings,
            "servers": [self._server(server) for server in self.servers],
            "swaps": [asdict(run) for run in self.swaps],
            "in_process": [{**asdict(figure), "there": figure.there, "meets": figure.meets} for figure in self.figures],
        }

    def _server(self, server: ServerSamples) -> dict[str, Any]:
        rounds = {"load": [asdict(run) for run in server.load], "paced": [asdict(run) for run in server.paced]}
        if server.failures:
            return {"name": server.name, "failures": server.failures, "rounds": rounds}
        peers = {name: peer for name in BASELINES if (peer := self.baseline(name))}
        return {
            "name": server.name,
            "failures": [],
            "requests_per_s": asdict(server.requests_per_s),
            "ratio": {name: asdict(server.ratio(peer)) for name, peer in peers.items()},
            "half_of_saturation": {"p50_us": asdict(server.p50_us), "p99_us": asdict(server.p99_us)},
            "rounds": rounds,
        }
