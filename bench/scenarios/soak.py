"""
Hours of the ordinary mix: connections are dropped and made anew, and the end must be no slower than the beginning.

The run fails where the median of its last third is over twice that of its first, by more than a millisecond.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, ClassVar, Final

from locust import events, task

from bench.scenarios.callers import DRAW, Softswitch

TIMES: Final = 2.0
NOISE_MS: Final = 1.0
KEPT: Final = 200_000
"""Answers whose times are remembered at most; beyond that, one in so many."""


class Switch(Softswitch):
    """
    A connection of the switch, which is lost now and then.
    """

    @task(1)
    def lose_the_connection(self) -> None:
        """
        Close the connection; the next call opens another.
        """
        self.client.client.close()


class Course:
    """
    How long answers took over the run.
    """

    seen: ClassVar[list[tuple[float, float]]] = []

    @classmethod
    def note(cls, response_time: float, **_: Any) -> None:
        """
        Remember an answer.
        """
        if len(cls.seen) < KEPT:
            cls.seen.append((time.monotonic(), response_time))
        else:
            cls.seen[DRAW.randrange(KEPT)] = (time.monotonic(), response_time)

    @classmethod
    def judge(cls, environment: Any, **_: Any) -> None:
        """
        Fail the run that became slow.
        """
        times = sorted(cls.seen)
        if len(times) < 3:
            return
        third = len(times) // 3
        first, last = (statistics.median(ms for _, ms in part) for part in (times[:third], times[-third:]))
        print(f"median of the first third {first:.2f} ms, of the last {last:.2f} ms")
        if last > TIMES * first + NOISE_MS:
            environment.process_exit_code = 1


events.request.add_listener(Course.note)  # type: ignore[no-untyped-call]
events.quitting.add_listener(Course.judge)  # type: ignore[no-untyped-call]
