"""
Nodes of a fleet: each with its own data directory, all with one store.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
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
        server: its processes.
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
def node(data: Path, url: str, workers: int = 1) -> Iterator[Node]:
    data.mkdir(exist_ok=True)
    settings = {"DATABASE_URL": url, "WORKERS": str(workers), "DEMO": "1", "DEMO_CARD": "c", "DEMO_CARDS": "*"}
    with serve(data, ready=False, DEMO_RPS=ENDLESS, **settings) as server:
        yield Node(data, url, server)
