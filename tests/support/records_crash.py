"""
Somebody who takes in call records as a serving process does, and is killed with SIGKILL in the middle of it.

Run as a program it reads one line of JSON after the other, ``{"name": ..., "url": ..., "die_ms": n, "at_once": ...,
"log": ...}``, takes in records in a process of its own until it is killed, so long after its start or after its first
answer, and answers with the signal that ended it. The log has a line for every request: ``sent NAME FROM TO`` before
it, ``kept NAME FROM TO`` once it was answered.
"""

import asyncio
import importlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.manage.cdr_store import Writer
from service.store.database import connect
from support.records import many

ROOT = Path(__file__).parents[2]
SENDERS = 3
MOST = 200
"""Records of one request."""


class Ingest:
    """
    Starts those who take records in, and kills them.
    """

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def killed(self, name: str, url: str, die_ms: int, *, at_once: bool) -> list[tuple[str, str, int, int]]:
        """
        What was sent and what was answered, up to the moment of the kill.

        Args:
            die_ms: after the first answer, or with ``at_once`` after the start.
        """
        log = self._folder / f"{name}.log"
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"name": name, "url": url, "die_ms": die_ms, "at_once": at_once, "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        assert int(self._process.stdout.readline()) == -signal.SIGKILL
        lines = (line.split() for line in log.read_text().splitlines())
        return [(what, who, int(start), int(end)) for what, who, start, end in lines]


@contextmanager
def ingest(folder: Path) -> Iterator[Ingest]:
    with (folder / "ingest.log").open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "support.records_crash"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "POLARS_MAX_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process:  # ends when nothing more comes
            yield Ingest(process, folder)


class Fuse:
    """
    Ends this process so many milliseconds after it was lit.
    """

    def __init__(self, die_ms: int) -> None:
        self._timer = threading.Timer(die_ms / 1000, os.kill, (os.getpid(), signal.SIGKILL))

    def light(self) -> None:
        if not self._timer.is_alive():
            self._timer.start()


async def _take_in(order: dict[str, Any], log: int) -> None:
    engine, fuse = connect(order["url"]), Fuse(order["die_ms"])
    if order["at_once"]:
        fuse.light()
    writer = Writer(lambda: engine)
    await asyncio.gather(*(_send(f"{order['name']}-{n}", writer, log, fuse) for n in range(SENDERS)))


async def _send(name: str, writer: Writer, log: int, fuse: Fuse) -> None:
    chance, start = random.Random(name), 0
    while True:
        end = start + chance.randrange(1, MOST)
        os.write(log, f"sent {name} {start} {end}\n".encode())
        await writer.add(many(*range(start, end), carrier=name))
        os.write(log, f"kept {name} {start} {end}\n".encode())
        fuse.light()
        start = end


def main() -> None:
    """
    Whoever dies is a fork of this process, which has imported all that is needed and started no thread.
    """
    importlib.import_module("service.store.patient")
    for line in sys.stdin:
        order = json.loads(line)
        log = os.open(order["log"], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        child = os.fork()
        if child == 0:
            asyncio.run(_take_in(order, log))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201
        os.close(log)


if __name__ == "__main__":
    main()
