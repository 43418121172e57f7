"""
As many requests as a server takes: wrk on its own core, 32 keep-alive connections, random numbers.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench import machine
from bench.oracle import CARD
from bench.servers import HOST, Server

CONNECTIONS: Final = 32
SCRIPTS: Final = Path(__file__).resolve().parent / "wrk"
RESULT: Final = "RESULT "
FAILURES: Final = {
    "status": "non-2xx answers",
    "connect": "connect errors",
    "read": "read errors",
    "write": "write errors",
    "timeout": "time-outs",
}


@dataclass(frozen=True, slots=True)
class Throughput:
    """
    One run of wrk: requests per second, and what went wrong in words (empty: nothing).
    """

    requests_per_s: float
    p99_us: float
    failure: str


def saturate(server: Server, numbers: Path, seconds: int, core: int | str, service: str = "rate") -> Throughput:
    """
    Load the server for some seconds from the given core, as hard as 32 connections can.
    """
    url, script = f"http://{HOST}:{server.port}", str(SCRIPTS / f"{service}.lua")
    wrk = (machine.program("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, url)
    done = subprocess.run(
        ("taskset", "-c", str(core), *wrk, "--", str(numbers), CARD, server.key or ""),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 30,
    )
    found = [line.removeprefix(RESULT) for line in done.stdout.splitlines() if line.startswith(RESULT)]
    if not found:
        return Throughput(0.0, 0.0, f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    return _throughput(json.loads(found[0]))


def _throughput(result: dict[str, Any]) -> Throughput:
    failures = [f"{result[name]} {words}" for name, words in FAILURES.items() if result[name]]
    if not result["requests"]:
        failures.append("no answers")
    rate = result["requests"] / (result["duration_us"] / 1_000_000)
    return Throughput(rate, float(result["p99_us"]), ", ".join(failures))
