"""
How long tests wait: a promise in seconds is held to its figure on a quiet machine, and to its order on any.

``make faults`` and ``make long`` hold the figures. ``make test`` sets RATEDIP_TEST_PATIENCE, for a machine where a
process may not run for seconds on end: what is promised must then still come, only later.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = float(os.environ.get("RATEDIP_TEST_PATIENCE", "1"))
FAIL_SAFE_S = 60.0
"""For what nobody promised a time for: it ends a test that would never end."""
HELD_UP_S = 20.0
"""Where patience is asked for, a promise of a few milliseconds gets no less than this."""


def promised(seconds: float) -> float:
    """
    Seconds that something promised within so many may take here.
    """
    return seconds if PATIENCE == 1 else max(seconds * PATIENCE, HELD_UP_S)


def at_least(count: float) -> float:
    """
    How much of what is promised to be done in some time must be done here.
    """
    return count / PATIENCE


def seconds_until(holds: Callable[[], object], limit_s: float = FAIL_SAFE_S, pause_s: float = 0.02) -> float:
    """
    Wait for something that must come to hold; how long it took.
    """
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < limit_s, f"it did not happen in {limit_s:g} s"
        time.sleep(pause_s)
    return time.monotonic() - start


async def until(holds: Callable[[], object], limit_s: float = FAIL_SAFE_S) -> None:
    """
    The same beside other tasks of a loop.
    """
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen in {limit_s:g} s"
        await asyncio.sleep(0.005)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """
    What the block does is promised within so many seconds.
    """
    start = time.monotonic()
    yield
    took = time.monotonic() - start
    assert took < promised(seconds), f"took {took:.3f} s, promised {seconds:g}"
