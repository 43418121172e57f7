"""
A real softswitch between real callers and carriers: Kamailio as ``deploy/kamailio`` has it, and SIPp on both sides.
"""

import base64
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from support.patience import FAIL_SAFE_S, seconds_until
from support.server import free_port

REPOSITORY = Path(__file__).parents[2]
DEPLOYED = REPOSITORY / "deploy" / "kamailio"
SCENARIOS = REPOSITORY / "tests" / "e2e" / "softswitch" / "scenarios"
HOST = "127.0.0.1"
TO_INSTALL = "kamailio kamailio-utils-modules kamailio-extra-modules kamailio-sqlite-modules sip-tester"


def program(name: str) -> str:
    """
    Path of a program that comes from Debian.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin")
    assert found, f"{name} is missing: apt-get install -y {TO_INSTALL}"
    return found


@dataclass
class Kamailio:
    """
    Attributes:
        folder: its configuration, its spool and its log.
        port: it takes calls on, UDP.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "kamailio.log"

    def start(self) -> None:
        command = [program("kamailio"), "-DD", "-E", "-f", str(self.folder / "kamailio.cfg"), "-Y", str(self.folder)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        try:
            seconds_until(self._answers, pause_s=0.1)
        except AssertionError:
            raise AssertionError(f"Kamailio did not start:\n{self.log.read_text()}") from None

    def connect(self, before: Sequence[str], nodes: Sequence[str]) -> None:
        """
        Name other nodes, by their URLs, from the next start on.
        """
        connections = self.folder / "ratedip.http"
        text = connections.read_text()
        for url, node in zip(before, nodes, strict=True):
            text = text.replace(url, node)
        connections.write_text(text)

    def stop(self, *, kill: bool = False) -> None:
        if self.process is None:
            return
        if kill:
            signal_all(self.process, signal.SIGKILL)
        else:
            self.process.terminate()
        self.process.wait(FAIL_SAFE_S)
        self.process = None

    def spooled(self) -> int:
        """
        Call records that wait for a node.
        """
        with closing(sqlite3.connect(self.folder / "spool.sqlite")) as spool:
            rows = spool.execute("SELECT lines FROM records").fetchall()
        return sum(len(base64.b64decode(lines).splitlines()) for (lines,) in rows)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.5)
            client.connect((HOST, self.port))
            here = f"{HOST}:{client.getsockname()[1]}"
            client.send(
                f"OPTIONS sip:{HOST}:{self.port} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK1\r\n"
                f"From: <sip:t@{here}>;tag=1\r\nTo: <sip:{HOST}>\r\nCall-ID: 1@{here}\r\nCSeq: 1 OPTIONS\r\n"
                "Max-Forwards: 10\r\nContent-Length: 0\r\n\r\n".encode()
            )
            try:
                return client.recv(65536).startswith(b"SIP/2.0 200")
            except OSError:
                return False


def signal_all(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """
    Send a signal to a process and its children.
    """
    told = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False)
    for pid in (process.pid, *map(int, told.stdout.split())):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def configure(folder: Path, nodes: Sequence[str], account: str, key: str, **settings: str) -> Kamailio:
    """
    Copy what is deployed, and set what a site sets.

    Args:
        nodes: URLs of both.
        settings: of ``settings.cfg``, as they are written there.
    """
    shutil.copytree(DEPLOYED, folder)
    made = Kamailio(folder, free_port())
    own = {
        "LISTEN": f"udp:{HOST}:{made.port}",
        "SPOOL": f'"spool=>sqlite:///{folder}/spool.sqlite"',
        "CONNECTIONS": f'"{folder}/ratedip.http"',
        **settings,
    }
    (folder / "local.cfg").write_text("".join(f"#!define {name} {value}\n" for name, value in own.items()))
    connections = folder / "ratedip.http"
    connections.write_text(connections.read_text().replace("switch-1", account).replace("rd_live_...", key))
    made.connect(("http://10.0.0.11:8080", "http://10.0.0.12:8080"), nodes)
    return made


@dataclass(frozen=True)
class Calls:
    """
    Calls of one kind.

    Attributes:
        kind: begins their Call-IDs.
        expected: the final answer each must get.
    """

    kind: str
    numbers: tuple[str, ...]
    expected: int
    per_s: int = 50


@contextmanager
def carriers(folder: Path, answers: Iterable[int]) -> Iterator[list[int]]:
    """
    Carriers that each answer every call alike, until the block ends; their ports.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_carrier(folder, answer)) for answer in answers]


@contextmanager
def _carrier(folder: Path, answer: int) -> Iterator[int]:
    port = free_port()
    scenario = _scenario(folder, "carrier_answers" if answer == 200 else "carrier_refuses", answer, f"carrier-{port}")
    process = _sipp(folder, f"carrier-{port}", "-sf", str(scenario), "-p", str(port))
    try:
        yield port
    finally:
        process.terminate()
        process.wait(FAIL_SAFE_S)


@contextmanager
def calling(folder: Path, port: int, kinds: Iterable[Calls]) -> Iterator[None]:
    """
    Call while the block runs; all calls must have ended as expected after it.
    """
    running = {calls: _call(folder, port, calls) for calls in kinds}
    try:
        yield
        for calls, process in running.items():
            assert process.wait(2 * FAIL_SAFE_S) == 0, f"{calls.kind}: {_errors(folder, calls.kind)}"
    finally:
        for process in running.values():
            process.kill()
            process.wait()


def _call(folder: Path, port: int, calls: Calls) -> "subprocess.Popen[bytes]":
    (folder / f"{calls.kind}.csv").write_text("SEQUENTIAL\n" + "".join(f"{number}\n" for number in calls.numbers))
    scenario = _scenario(folder, "answered" if calls.expected == 200 else "refused", calls.expected, calls.kind)
    count = str(len(calls.numbers))
    load = ("-m", count, "-r", str(calls.per_s), "-inf", f"{calls.kind}.csv", "-cid_str", f"{calls.kind}-%u-%p@%s")
    return _sipp(folder, calls.kind, f"{HOST}:{port}", "-sf", str(scenario), "-p", str(free_port()), *load)


def _scenario(folder: Path, name: str, expected: int, to: str) -> Path:
    written = folder / f"{to}.xml"
    written.write_text((SCENARIOS / f"{name}.xml").read_text().replace("EXPECTED", str(expected)))
    return written


def _sipp(folder: Path, name: str, *words: str) -> "subprocess.Popen[bytes]":
    command = [program("sipp"), "-i", HOST, "-nostdin", "-trace_err", "-error_file", f"{name}.errors", *words]
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _errors(folder: Path, kind: str) -> str:
    errors = folder / f"{kind}.errors"
    return errors.read_text()[:4000] if errors.exists() else (folder / f"{kind}.log").read_text()[-4000:]
