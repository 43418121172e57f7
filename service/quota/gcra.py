"""
Throughput by the generic cell rate algorithm: one integer an account, one comparison a request.

Source: ITU-T I.371 (03/2004) annex A.1, the virtual scheduling algorithm.
"""

NS = 10**9


class Gcra:
    """
    Lets a number of requests a second through, and a burst of as many at once.

    Attributes:
        interval_ns: time one request takes up.
        tolerance_ns: how far ahead of its time a request may come.

    """

    __slots__ = ("_due_ns", "interval_ns", "tolerance_ns")

    def __init__(self, per_second: float, burst: int) -> None:
        """
        Args:
            per_second: requests a second.
            burst: requests at one instant after a pause, at least 1.

        """
        self.interval_ns = max(1, round(NS / per_second))
        self.tolerance_ns = self.interval_ns * (burst - 1)
        self._due_ns = 0

    def admit(self, now_ns: int) -> int:
        """
        Take one request.

        Args:
            now_ns: nanoseconds of a clock that never goes back.

        Returns:
            0: admitted. Otherwise refused, and the nanoseconds after which one would be admitted.

        """
        due = self._due_ns
        early = due - now_ns
        if early > self.tolerance_ns:
            return early - self.tolerance_ns
        self._due_ns = (due if early > 0 else now_ns) + self.interval_ns
        return 0
