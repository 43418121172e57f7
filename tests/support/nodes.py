"""
Nodes of a fleet: each with its own data directory, all with one store.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.server import Server, serve

ENDLESS = "1000000000"


@dataclass(frozen=True)
class Node:
    """
    Attributes:
        data: its data directory.
        url: of the store.
        server: of two processes.
    """

    data: Path
    url: str
    server: Server

    def run(self, *command: str) -> str:
        """
        A command typed on this node; what it said.
        """
        plain = {name: value for name, value in os.environ.items() if not name.startswith("RATEDIP_")}
        settings = {"RATEDIP_DATA": str(self.data), "RATEDIP_DATABASE_URL": self.url}
        program = Path(sys.executable).with_name("ratedip")
        done = subprocess.run([program, *command], env=plain | settings, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
        return done.stdout

    def ask(self, query: str) -> dict[str, Any]:
        """
        An answer, on a connection of its own, so that any of the processes may give it.
        """
        answer = self.server.ask(
            f"GET /api/rate.json?{query} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n".encode()
        )
        return dict(json.loads(answer.partition(b"\r\n\r\n")[2].removesuffix(b"<closed>")))

    def answers(self, query: str, count: int = 12) -> list[dict[str, Any]]:
        return [self.ask(query) for _ in range(count)]


@contextmanager
def node(data: Path, url: str) -> Iterator[Node]:
    data.mkdir(exist_ok=True)
    settings = {"DATABASE_URL": url, "WORKERS": "2", "DEMO": "1", "DEMO_CARD": "c", "DEMO_CARDS": "*"}
    with serve(data, ready=False, DEMO_RPS=ENDLESS, **settings) as server:
        yield Node(data, url, server)


def seconds_until(holds: Callable[[], bool], limit_s: float = 10.0) -> float:
    """
    How long it takes until something holds.
    """
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < limit_s, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - start
