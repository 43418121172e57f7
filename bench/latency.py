"""
The paced client of `bench.paced`, run as a process pinned to the core of the load.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import machine
from bench.oracle import CARD
from bench.servers import Server


@dataclass(frozen=True, slots=True)
class Latency:
    """
    One paced run: the rate asked for, percentiles in microseconds, and what went wrong in words (empty: nothing).
    """

    rate_per_s: float
    p50_us: float
    p99_us: float
    p999_us: float
    failure: str


def pace(server: Server, numbers: Path, rate_per_s: float, seconds: int, core: int) -> Latency:
    """
    Ask the server at a fixed rate for some seconds from the given core.
    """
    load = (str(server.port), f"{rate_per_s:.0f}", str(seconds), str(numbers), CARD, server.key or "")
    done = subprocess.run(
        ("taskset", "-c", str(core), sys.executable, "-m", "bench.paced", *load),
        cwd=machine.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    if done.returncode:
        return Latency(rate_per_s, 0.0, 0.0, 0.0, done.stderr.strip().splitlines()[-1])
    return _latency(rate_per_s, json.loads(done.stdout))


def _latency(rate_per_s: float, result: dict[str, float]) -> Latency:
    counts = {"non-2xx answers": result["bad"], "unanswered": result["asked"] - result["answered"]}
    failure = ", ".join(f"{count:.0f} {words}" for words, count in counts.items() if count)
    p50_us, p99_us, p999_us = (result.get(name, 0.0) for name in ("p50_us", "p99_us", "p999_us"))
    return Latency(rate_per_s, p50_us, p99_us, p999_us, failure)
