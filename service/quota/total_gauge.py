"""
A limit a day or a month.
"""

from service.quota.gauge import Asked, Gauge
from service.quota.windows import ends_s, length_s, window_of
from service.quota.worker import Worker


class TotalGauge(Gauge):
    """
    Requests a day or a month.

    Attributes:
        known: used by all processes, as far as they had told when this one last heard.
        since: used by this process that is not in ``known``, whether told meanwhile or not.
        lent_out: held by the others when Redis was last asked.
    """

    __slots__ = ("known", "lent_out", "since")

    def __init__(self, worker: Worker, service: str, per: str, limit: int) -> None:
        super().__init__(worker, service, per, limit, limit)
        self.known = self.since = self.lent_out = 0

    def keep(self, before: "TotalGauge") -> None:
        """
        Go on from the limit that this one replaces.
        """
        self.held, self.unreported, self.wanted = before.held, before.unreported, before.wanted
        self.known, self.since, self.lent_out, self.window = before.known, before.since, before.lent_out, before.window

    def count(self, count: int) -> None:
        super().count(count)
        self.since += count

    def roll(self, window: int) -> None:
        """
        Begin a window, unless it has begun; one that is over never comes again.
        """
        if window > self.window:
            self.window = window
            self.known = self.since = self.unreported = self.held = self.lent_out = 0

    def turn(self, now_s: float) -> float:
        """
        Begin the window of this instant; the unix time at which it ends.
        """
        self.roll(window_of(self.per, now_s))
        return ends_s(self.per, self.window)

    def room(self, _now_ns: int) -> int:
        """
        What is left of this process's share of what was left when it last heard of the others.
        """
        return self.worker.share(self.limit - self.known) - self.since

    @property
    def used(self) -> int:
        return self.known + self.since

    def left(self, now_ns: int, *, lent: bool) -> int:
        """
        How many remain, as far as this process knows.
        """
        if lent:
            return max(0, self.limit - self.used - self.lent_out)
        return max(0, min(self.room(now_ns) * self.worker.count, self.limit - self.used))

    def wait_s(self, _now_ns: int, now_s: float, *, lent: bool) -> int:
        """
        Whole seconds to the next window; 1 where others hold what is left and may give it back.
        """
        if lent and self.used < self.limit:
            return 1
        return max(1, -int(-(ends_s(self.per, self.window) - now_s) // 1))

    def window_s(self) -> int:
        return length_s(self.per, self.window)

    def ask(self, _now_ns: int) -> Asked:
        return {"m": self.limit, "d": self.window, "x": self.known}

    def learn(self, said: Asked, _now_ns: int) -> None:
        self.roll(int(said["d"]))  # which may be ahead of this process's clock
        self.hear(int(said["t"]))
        self.lent_out = int(said["o"])

    def hear(self, known: int) -> None:
        """
        Take what all processes have told, this one what it has not still to tell.
        """
        self.known, self.since = known, self.unreported
