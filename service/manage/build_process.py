"""
Derived cards made away from the loop: questions in a thread, work in a process of its own.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Engine

from service.settings import Settings
from service.store.database import connect

LIMIT_S = 300.0
"""A card of a million rules takes some tens of seconds."""
AT_ONCE = 2
"""Processes that one serving process has at work at a time; each may take a gigabyte."""
_COMMAND = (sys.executable, "-P", "-m", "service.cli.builds")
_PLAIN = {"COLUMNS": "100000", "NO_COLOR": "1"}
_THREADS = ThreadPoolExecutor(AT_ONCE + 1, "build")
_running: set[object] = set()
Result = TypeVar("Result")


class BusyError(Exception):
    """
    As much is at work as may be, or it took too long and was ended.
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


async def ask(work: Callable[..., Result], *arguments: Any) -> Result:
    """
    Ask the store, which is the first argument of the work.
    """
    return await _aside(lambda: work(_engine(Settings().store_url), *arguments))


async def give(words: list[str], given: bytes = b"") -> Ended:
    """
    Give a command to a process of its own, and end that process with whoever waits for it.

    Args:
        words: of the command.
        given: on its standard input.

    Raises:
        BusyError: it was not begun, or was ended.
    """
    if len(_running) >= AT_ONCE:
        raise BusyError(f"{AT_ONCE} cards are being made already")
    token, started = object(), list[subprocess.Popen[bytes]]()
    _running.add(token)
    try:
        return await _aside(lambda: _run(words, given, LIMIT_S, started))
    finally:
        _running.discard(token)
        for process in started:
            process.kill()


def _run(words: list[str], given: bytes, limit_s: float, started: list[subprocess.Popen[bytes]]) -> Ended:
    """
    Run and wait in a thread: to start a process may hold up whoever does it for tens of milliseconds.
    """
    pipe, environment = subprocess.PIPE, os.environ | _PLAIN
    command = [*_COMMAND, *words]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment) as process:  # noqa: S603
        started.append(process)
        try:
            said, told = process.communicate(given, limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise BusyError(f"it took longer than {limit_s:g} s and was ended") from None
        finally:
            started.clear()
    return Ended(process.returncode, said, told.decode(errors="replace"))


async def _aside(work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


@lru_cache(1)
def _engine(url: str) -> Engine:
    return connect(url)
