"""
Telling systemd how the service is.

Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Notifier:
    """
    Speaks for the service, where somebody listens.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = os.environ.get("NOTIFY_SOCKET", "")
        self._period_s = _watchdog_s() / 2
        self._clock = clock
        self._next = 0.0

    def say(self, state: str) -> None:
        """
        Say it, and do not mind if nobody hears it.
        """
        if not self._place:
            return
        address = "\0" + self._place[1:] if self._place.startswith("@") else self._place
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way, suppress(OSError):
            way.sendto(state.encode(), address)

    def say_alive(self) -> None:
        """
        Feed the watchdog, twice as often as it wants.
        """
        if self._period_s and self._clock() >= self._next:
            self._next = self._clock() + self._period_s
            self.say(ALIVE)


def _watchdog_s() -> float:
    """
    How long the watchdog waits; 0: there is none, or it is another process's.
    """
    microseconds, owner = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or owner not in ("", str(os.getpid())):
        return 0.0
    return int(microseconds) / 1_000_000
