"""
A limit a second.
"""

from service.quota.gauge import Asked, Gauge
from service.quota.gcra import NS, Gcra
from service.quota.worker import Worker

SECOND = "second"


class RateGauge(Gauge):
    """
    Requests a second.

    Attributes:
        gcra: this process's share, charged with everything let through, lent or not.
        level: tokens that nobody held when Redis was last asked; None: never asked.
        level_ns: when that was.
    """

    __slots__ = ("gcra", "level", "level_ns")

    def __init__(self, worker: Worker, service: str, per_second: int, burst: int) -> None:
        super().__init__(worker, service, SECOND, per_second, max(1, burst))
        part = worker.share(self.capacity) or (1 if worker.index is None else 0)
        self.gcra = Gcra(per_second / worker.count, part)
        self.level: float | None = None
        self.level_ns = 0

    def keep(self, before: "RateGauge", now_ns: int) -> None:
        """
        Go on from the limit that this one replaces.
        """
        self.held, self.unreported, self.wanted = before.held, before.unreported, before.wanted
        self.level, self.level_ns = before.level, before.level_ns
        self.gcra.charge(min(before.gcra.debt(now_ns), self.worker.share(self.capacity)), now_ns)

    def room(self, now_ns: int) -> int:
        return self.gcra.room(now_ns)

    def spend(self, count: int, now_ns: int) -> None:
        super().spend(count, now_ns)
        self.gcra.charge(count, now_ns)

    def spend_lent(self, count: int, now_ns: int) -> None:
        super().spend_lent(count, now_ns)
        full = now_ns + max(0, self.gcra.tolerance_ns) + self.gcra.interval_ns
        self.gcra.due_ns = min(self.gcra.due_ns, full)  # more than the share was lent; it owes no more than its burst

    def settle_share(self, now_ns: int) -> None:
        """
        After a time without Redis: tell of no more than what time has not made up for.
        """
        self.unreported = min(self.unreported, self.gcra.debt(now_ns))

    def left(self, now_ns: int, *, lent: bool) -> int:
        """
        How many remain, as far as this process knows.
        """
        if not lent or self.level is None:
            return min(self.capacity, self.gcra.room(now_ns) * self.worker.count)
        grown = (now_ns - self.level_ns) * self.limit // NS
        return int(max(0, min(self.capacity, self.level + grown) + self.held))

    def wait_s(self, now_ns: int, _now_s: float, *, lent: bool) -> int:
        """
        Whole seconds after which one is let through, at least 1.
        """
        if not lent:
            return max(1, -(-self.gcra.wait_ns(now_ns) // NS))
        lacking = 1 - (self.level or 0) - (now_ns - self.level_ns) * self.limit / NS
        return max(1, int(-(-lacking // self.limit)))

    def ask(self, now_ns: int) -> Asked:
        known = {} if self.level is None else {"l": self.level, "a": (now_ns - self.level_ns) / NS}
        return {"r": self.limit, "b": self.capacity} | known

    def learn(self, said: Asked, now_ns: int) -> None:
        self.level, self.level_ns = float(said["l"]), now_ns
