"""
One sweep a second over the connections, in place of a timer for each request.
"""

import asyncio
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Protocol

from service.http.limits import IDLE_S
from service.snapshot import Crowd, Desk, Snapshot

PERIOD_S = 1.0
LATE_S = 0.1
"""What a sweep may be late by and the next make up for."""
MAX_SLOW = 1000
"""Connections of one process that hold a request back, an answer up, or have never asked anything."""
NEW = -IDLE_S - 1
"""Seconds of a connection on which nothing has come yet: they go up to 0, and any request sets them there."""


class Connection(Protocol):
    """
    Attributes:
        seconds: whole seconds since the connection last finished a request or began one; set to 0 by it.
        limit_s: how many it may have as it now is.

    """

    seconds: int
    limit_s: int

    def is_answering(self) -> bool:
        """
        A request has come in whole and its answer is being made, or being read.
        """

    def is_slow(self) -> bool:
        """
        It is not simply between two requests.
        """

    def close(self) -> None: ...


def sweep_once(connections: Iterable[Connection], most_slow: int = MAX_SLOW) -> Crowd:
    """
    Age every connection by a second, and close those past their time; of more slow ones than there may be, the oldest.
    """
    slow: list[Connection] = []
    count = 0
    for connection in list(connections):
        count += 1
        connection.seconds += 1
        if connection.seconds == 0 or connection.seconds > connection.limit_s:
            if not connection.is_answering():
                connection.close()
            continue
        if (connection.seconds > 1 and connection.is_slow()) or NEW + 1 < connection.seconds < 0:
            slow.append(connection)
    for connection in _too_many(slow, most_slow):
        connection.close()
    return Crowd(count, min(len(slow), most_slow))


def _too_many(slow: list[Connection], most: int) -> list[Connection]:
    """
    Those to close: first of all who said nothing, then by age.
    """
    if len(slow) <= most:
        return []
    silent = sorted((c for c in slow if c.seconds < 0), key=attrgetter("seconds"), reverse=True)
    begun = sorted((c for c in slow if c.seconds >= 0), key=attrgetter("seconds"), reverse=True)
    return [*silent, *begun][: len(slow) - most]


async def sweep(desk: Desk, connections: Iterable[Connection], let_go: Callable[[Snapshot], None]) -> None:
    """
    Sweep until cancelled, and say how many there are.

    Args:
        let_go: told of each new snapshot, so that nothing holds on to what answers no more.
    """
    told = desk.snapshot
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        # By the clock, so that sixteen sweeps are sixteen seconds; a standstill of the process is nobody's fault.
        due = max(due, loop.time() - LATE_S) + PERIOD_S
        await asyncio.sleep(due - loop.time())
        desk.crowd = sweep_once(connections)
        if desk.snapshot is not told:
            told = desk.snapshot
            let_go(told)
