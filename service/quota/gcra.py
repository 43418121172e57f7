"""
Throughput by the generic cell rate algorithm: one integer an account, one comparison a request.

Source: ITU-T I.371 (03/2004) annex A.1, the virtual scheduling algorithm.
"""

from math import ceil

NS = 10**9
NEVER_NS = 2**62
"""Further ahead than any clock: as a tolerance below zero it lets nothing through."""


class Gcra:
    """
    Lets a number of requests a second through, and a burst of as many at once.

    Attributes:
        interval_ns: time one request takes up.
        tolerance_ns: how far ahead of its time a request may come.
        due_ns: when the next request would be neither early nor late.

    """

    __slots__ = ("due_ns", "interval_ns", "tolerance_ns")

    def __init__(self, per_second: float, burst: int) -> None:
        """
        Args:
            per_second: requests a second.
            burst: requests at one instant after a pause; 0: nothing is let through, ever.

        """
        self.interval_ns = max(1, ceil(NS / per_second))
        self.tolerance_ns = self.interval_ns * (burst - 1) if burst > 0 else -NEVER_NS
        self.due_ns = 0

    def admit(self, now_ns: int) -> int:
        """
        Take one request.

        Args:
            now_ns: nanoseconds of a clock that never goes back.

        Returns:
            0: admitted. Otherwise refused, and the nanoseconds after which one would be admitted.

        """
        wait = self.wait_ns(now_ns)
        if not wait:
            self.charge(1, now_ns)
        return wait

    def wait_ns(self, now_ns: int) -> int:
        """
        Nanoseconds after which a request would be admitted; 0: at once.
        """
        return max(0, self.due_ns - now_ns - self.tolerance_ns)

    def room(self, now_ns: int) -> int:
        """
        How many requests would be admitted at this instant.
        """
        free_ns = self.tolerance_ns - max(0, self.due_ns - now_ns)
        return free_ns // self.interval_ns + 1 if free_ns >= 0 else 0

    def charge(self, count: int, now_ns: int) -> None:
        """
        Take requests that were let through, by this limit or by another.
        """
        self.due_ns = max(self.due_ns, now_ns) + count * self.interval_ns

    def debt(self, now_ns: int) -> int:
        """
        Requests that have been taken and not yet made up for by time.
        """
        return -(-max(0, self.due_ns - now_ns) // self.interval_ns)
