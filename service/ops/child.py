"""
Work in a process of its own, which ends with whoever waits for it.
"""

import asyncio
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial


class SlowError(Exception):
    """
    It took too long and was ended.
    """


@dataclass(frozen=True, slots=True)
class Ended:
    """
    A command that came to its end.

    Attributes:
        status: of its exit; below 0: the signal that ended it.
        said: on standard output; ``told``: on standard error.
    """

    status: int
    said: bytes
    told: str


async def run_child(
    command: Sequence[str],
    given: bytes = b"",
    *,
    limit_s: float,
    settings: Mapping[str, str] | None = None,
    threads: Executor | None = None,
) -> Ended:
    """
    Run a command and wait for it in a thread: to start a process may hold up whoever does it for tens of milliseconds.

    Args:
        given: on its standard input.
        settings: environment variables besides those of this process.
        threads: that wait.

    Raises:
        SlowError: it was ended.
    """
    started, left = list[subprocess.Popen[bytes]](), threading.Event()
    work = partial(_run, command, given, limit_s, {**os.environ, **(settings or {})}, started, left)
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, work)
    finally:
        left.set()
        for process in started:
            process.kill()


def _run(
    command: Sequence[str],
    given: bytes,
    limit_s: float,
    environment: Mapping[str, str],
    started: list[subprocess.Popen[bytes]],
    left: threading.Event,
) -> Ended:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:  # noqa: S603
        started.append(process)
        if left.is_set():  # whoever waited went while it was being started
            process.kill()
        try:
            said, told = process.communicate(given, limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise SlowError(f"it took longer than {limit_s:g} s and was ended") from None
        finally:
            started.clear()
    return Ended(process.returncode, said, told.decode(errors="replace"))
