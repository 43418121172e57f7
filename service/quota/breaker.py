"""
When to leave a store alone that does not answer.
"""

from collections.abc import Callable
from random import uniform

from service.quota.gcra import NS

FAILURES = 3
FIRST_NS, LAST_NS = NS // 2, 5 * NS


class Breaker:
    """
    Opens after some failures in a row, for longer each time; then one trial decides.

    Attributes:
        is_open: the store is left alone, or being tried.
        retry_ns: when it may be tried.
    """

    __slots__ = ("_failures", "_jitter", "_pause_ns", "is_open", "retry_ns")

    def __init__(self, jitter: Callable[[float, float], float] = uniform) -> None:
        self._jitter = jitter
        self._failures = 0
        self._pause_ns = FIRST_NS
        self.is_open = False
        self.retry_ns = 0

    @property
    def has_failed(self) -> bool:
        """
        The last time it was asked, the store did not answer.
        """
        return self._failures > 0

    def allows(self, now_ns: int) -> bool:
        return not self.is_open or now_ns >= self.retry_ns

    def succeed(self) -> None:
        self._failures = 0
        self._pause_ns = FIRST_NS
        self.is_open = False

    def fail(self, now_ns: int) -> None:
        self._failures += 1
        if self._failures < FAILURES:
            return
        self.is_open = True
        self.retry_ns = now_ns + int(self._pause_ns * self._jitter(0.75, 1.0))
        self._pause_ns = min(LAST_NS, self._pause_ns * 2)
