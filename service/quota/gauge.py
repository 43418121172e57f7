"""
One limit of a plan in one process: what is lent of it, and what is to be told.
"""

from typing import Any

from service.quota.gcra import NS
from service.quota.worker import Worker

Asked = dict[str, Any]
"""A limit's part of what is sent to Redis; its short names are those of ``lua/exchange.lua``."""


class Gauge:
    """
    Attributes:
        per: ``second``, ``day`` or ``month``.
        service: whose limit it is; empty: the account's own.
        limit: requests a window.
        capacity: most that can be there at one time: the limit, or the burst.
        held: requests lent and not yet used.
        unreported: requests let through and not yet told to Redis or to the ledger.
        wanted: requests let through, or refused by this limit, since it was last asked for.
        touched: requests came for it since then, whatever refused them.
        window: number of the day or month counted.
    """

    __slots__ = ("capacity", "held", "limit", "per", "service", "touched", "unreported", "wanted", "window", "worker")

    def __init__(self, worker: Worker, service: str, per: str, limit: int, capacity: int) -> None:
        self.worker = worker
        self.service = service
        self.per = per
        self.limit = limit
        self.capacity = capacity
        self.held = 0
        self.unreported = 0
        self.wanted = 0
        self.touched = False
        self.window = 0

    @property
    def name(self) -> str:
        return f"{self.per}.{self.service}" if self.service else self.per

    def spend_lent(self, count: int, now_ns: int) -> None:
        """
        Charge requests to what was lent, and to the share as well.
        """
        self.held -= count
        self.spend(count, now_ns)

    def spend(self, count: int, _now_ns: int) -> None:
        """
        Charge requests to the share.
        """
        self.count(count)

    def count(self, count: int) -> None:
        self.unreported += count
        self.wanted += count

    def ask(self, now_ns: int) -> Asked:
        """
        What Redis must know of the limit.
        """
        raise NotImplementedError

    def learn(self, said: Asked, now_ns: int) -> None:
        """
        Take what Redis answered.
        """
        raise NotImplementedError

    def target(self, elapsed_ns: int) -> int:
        """
        How many to hold for the next half second: by what was wanted, and a fifth more.
        """
        expected = -(-self.wanted * 6 * NS // (10 * max(elapsed_ns, NS // 20)))
        return min(self.capacity, max(expected, self.worker.block(self.capacity))) if self.wanted or self.touched else 0
