"""
A real server process, and a client that sends exactly the bytes it is told.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from support.patience import FAIL_SAFE_S

FIRST_PORT, PORTS = 11_000, 2_000
"""Below those that the system gives to clients, and so many for each process that runs tests."""


@dataclass(frozen=True)
class Server:
    """
    Attributes:
        process: the first process, whose end is everybody's.
        log: file that standard output and error go to.

    """

    host: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=FAIL_SAFE_S)

    def ask(self, raw: bytes) -> bytes:
        """
        Send bytes on a new connection and read all that comes for them.
        """
        with self.connect() as client:
            client.sendall(raw)
            return read_responses(client, expect_close=False)


def free_port() -> int:
    """
    A port that nobody listens on, and that nobody else who runs tests picks before it is listened on.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5
    while True:
        port = FIRST_PORT + worker * PORTS + next(_ports) % PORTS
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


_ports = count(os.getpid() * 7)


@contextmanager
def serve(data: Path, *, ready: bool = True, **environment: str) -> Iterator[Server]:
    """
    Run ``ratedip serve`` on a free port until the block ends.

    Args:
        data: its data directory.
        ready: wait until it answers look-ups; otherwise until it lives.
        environment: further ``RATEDIP_`` settings, without that prefix.

    """
    port = free_port()
    settings = {"DATA": str(data), "PORT": str(port), "DEMO": "0", "DEMO_CARDS": "*", "ADMIN_PORT": "0", **environment}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("RATEDIP_")}
    log = data / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ratedip"), "serve"],
            env=plain | {f"RATEDIP_{name}": value for name, value in settings.items()},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server("127.0.0.1", port, process, log)
    try:
        _wait(server, b"/readyz" if ready else b"/livez")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(FAIL_SAFE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: Server, path: bytes) -> None:
    deadline = time.monotonic() + 3 * FAIL_SAFE_S  # some processes of their own, each with all to import
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if server.ask(b"GET " + path + b" HTTP/1.1\r\nHost: t\r\n\r\n").startswith(b"HTTP/1.1 200"):
                return
        except OSError:
            pass
        time.sleep(0.05)
    ended = server.process.poll()
    raise AssertionError(f"the server did not start, its end is {ended}:\n{server.log.read_text()}")


def read_responses(client: socket.socket, *, count: int = 1, expect_close: bool = False) -> bytes:
    """
    Read whole responses by their content-length, and whatever follows at once; or all until the server closes.
    """
    data = b""
    while expect_close or _complete(data) < count:
        try:
            part = client.recv(65536)
        except TimeoutError:
            return data + b"<nothing more came>"
        except ConnectionResetError:
            return data + b"<reset>"
        if not part:
            return data + b"<closed>"
        data += part
    return data


def _complete(data: bytes) -> int:
    """
    How many whole responses there are. A body announced for HEAD never comes: such requests close instead.
    """
    found = 0
    while True:
        head, blank, rest = data.partition(b"\r\n\r\n")
        if not blank:
            return found
        length = next((int(f[15:]) for f in head.split(b"\r\n") if f.startswith(b"content-length:")), 0)
        if len(rest) < length:
            return found
        found += 1
        data = rest[length:]
