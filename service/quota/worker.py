"""
What all meters of one process have in common, and its share of a limit.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.quota.meter import Meter
    from service.quota.slots import Slots


class Backing(StrEnum):
    """
    Where the processes of a service agree on what is used.
    """

    NONE = "none"
    LEDGER = "ledger"
    REDIS = "redis"


class Worker:
    """
    One of the processes that share every limit.

    Attributes:
        count: how many there are.
        index: which of them this is, from 0; None: not known.
        backing: who tells the processes of each other.
        up: whether Redis answers.
        active: meters, by key, with something to report, to ask for or to give back.
        clock: unix time in seconds; may jump.
        slots: where running requests are counted; None: in this process alone.
        wake: says that a meter became active.
    """

    __slots__ = ("active", "backing", "clock", "count", "index", "slots", "up", "wake")

    def __init__(
        self,
        count: int = 1,
        index: int | None = None,
        backing: Backing = Backing.NONE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.count = count
        self.index = index
        self.backing = backing
        self.up = True
        self.active: dict[str, Meter] = {}
        self.clock = clock
        self.slots: Slots | None = None
        self.wake: Callable[[], None] = _nobody

    def enlist(self, meter: "Meter") -> None:
        """
        Remember a meter until what it has to tell is told.
        """
        if self.active.get(meter.key) is not meter:
            self.active[meter.key] = meter
            self.wake()

    def share(self, amount: int) -> int:
        """
        The part of a whole number of requests that is this process's; all parts together are never more than the whole.

        The remainder goes to the first processes. One that does not know its index gets none of it.
        """
        if amount <= 0:
            return 0
        each, rest = divmod(amount, self.count)
        return each + (self.index is not None and self.index < rest)

    def block(self, amount: int) -> int:
        """
        What is held of a limit at least while it is used: about a tenth of it, over the processes.
        """
        return max(1, -(-amount // (10 * self.count)))


def _nobody() -> None:
    pass
