"""
One sweep a second over the connections, in place of a timer for each request.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

PERIOD_S = 1.0
IDLE_S = 15
REQUEST_S = 5


class Connection(Protocol):
    """
    Attributes:
        seconds: whole seconds since the connection last finished a request or began one; set to 0 by it.
        between: no request has been begun and not yet come in whole.

    """

    seconds: int
    between: bool

    def is_answering(self) -> bool:
        """
        A request has come in whole and its answer is being made.
        """

    def close(self) -> None: ...


def sweep_once(connections: Iterable[Connection]) -> None:
    """
    Age every connection by a second and close those past their time: idle ones, and requests that do not come in.
    """
    for connection in list(connections):
        connection.seconds += 1
        limit = IDLE_S if connection.between else REQUEST_S
        if connection.seconds > limit and not connection.is_answering():
            connection.close()


async def sweep(connections: Iterable[Connection]) -> None:
    """
    Sweep until cancelled.
    """
    while True:
        await asyncio.sleep(PERIOD_S)
        sweep_once(connections)
