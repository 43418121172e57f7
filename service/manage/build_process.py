"""
Derived cards made away from the loop: questions in a thread, work in a process of its own.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Engine

from service.ops.child import Ended, SlowError, run_child
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
__all__ = ["BusyError", "Ended", "ask", "give"]
Result = TypeVar("Result")


class BusyError(Exception):
    """
    As much is at work as may be, or it took too long and was ended.
    """


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
    token = object()
    _running.add(token)
    try:
        return await run_child([*_COMMAND, *words], given, limit_s=LIMIT_S, settings=_PLAIN, threads=_THREADS)
    except SlowError as error:
        raise BusyError(str(error)) from None
    finally:
        _running.discard(token)


async def _aside(work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work)


@lru_cache(1)
def _engine(url: str) -> Engine:
    return connect(url)
