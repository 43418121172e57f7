"""
The meters of one process.
"""

import time
from collections.abc import Callable
from weakref import WeakValueDictionary

from service.quota.meter import Meter
from service.quota.plan import Plan
from service.quota.worker import Backing, Worker


class Meters:
    """
    Finds an account's meter, and forgets it when no snapshot refers to it and it has nothing left to tell.

    Attributes:
        worker: what they have in common.
    """

    def __init__(
        self,
        workers: int,
        index: int | None = None,
        backing: Backing = Backing.NONE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Args:
            workers: processes that share every limit.
            index: which of them this is, from 0; None: not known.
            backing: who tells the processes of each other: nobody, a ledger, Redis.
            clock: unix time in seconds.

        """
        self.worker = Worker(workers, index, backing, clock)
        self._meters: WeakValueDictionary[str, Meter] = WeakValueDictionary()

    def of(self, key: str, plan: Plan) -> Meter:
        """
        The meter of an account in an environment, counting by this plan from now on; from any thread.

        Args:
            key: ``p:<account>`` for production, ``s:<account>`` for the sandbox.
            plan: of the account.

        """
        meter = self._meters.get(key)
        if meter is None:
            meter = self._meters[key] = self.worker.active.get(key) or Meter(key, plan, self.worker)
        meter.change(plan)
        return meter

    def all(self) -> list[Meter]:
        """
        Those referred to.
        """
        return list(self._meters.values())
