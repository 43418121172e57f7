"""
A server as a child process: started on its core, waited for, and always stopped again.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.servers import HOST, Server

START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 10.0


class ServerFailedError(Exception):
    """
    A server did not start; the message carries the end of what it printed.
    """


@contextlib.contextmanager
def running(server: Server, core: int | str, log: Path) -> Iterator[int]:
    """
    Run the server pinned to one core, in a process group of its own, for as long as the block lasts.

    Yields:
        The process id of the server's first process, once the server answers.

    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            ("taskset", "-c", str(core), *server.command),
            env={**os.environ, **server.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(server, process, log)
        yield process.pid
    finally:
        _stop(process)


def get(server: Server, target: str, timeout_s: float = 5.0) -> tuple[int, bytes]:
    """
    Ask the server once, on a connection of its own, and return the status and the body.
    """
    connection = http.client.HTTPConnection(HOST, server.port, timeout=timeout_s)
    try:
        connection.request("GET", target, headers=server.headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_LIMIT_S
    while not _is_ready(server):
        if process.poll() is not None or time.monotonic() > give_up:
            printed = log.read_text(errors="replace")[-2000:]
            raise ServerFailedError(f"{server.name} did not start. It printed:\n{printed}")
        time.sleep(0.05)


def _is_ready(server: Server) -> bool:
    try:
        status, _ = get(server, server.ready_target, timeout_s=1.0)
    except (OSError, http.client.HTTPException):
        return False
    return status == 200


def _stop(process: subprocess.Popen[bytes]) -> None:
    """
    Ask the first process to stop, then end what is left of its group.
    """
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_LIMIT_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
