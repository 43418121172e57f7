"""
An account that asks for more than its plan: what is let through, and what is refused how.

Give the account's key, its `--rps` and `--burst`, and enough connections to exceed them. A 429 with `Retry-After` is a
right answer. The run fails where more was let through than burst + rps x seconds.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any, ClassVar

from locust import events

from bench.scenarios.callers import OVER_PLAN, Softswitch


def add_arguments(parser: ArgumentParser) -> None:
    """
    Add the plan.
    """
    parser.add_argument("--rps", type=int, required=True, help="requests a second of the account's plan")
    parser.add_argument("--burst", type=int, default=0, help="its burst; as many as a second's where left out")


events.init_command_line_parser.add_listener(add_arguments)  # type: ignore[no-untyped-call]


class Switch(Softswitch):
    """
    A connection of the switch.
    """

    first_s: ClassVar[float] = 0.0
    admitted: ClassVar[int] = 0
    refused: ClassVar[int] = 0

    def on_start(self) -> None:
        """
        Remember when the first connection asked first.
        """
        Switch.first_s = Switch.first_s or time.monotonic()

    def judge(self, response: Any, expected: int) -> None:
        """
        Count; a refusal must say when to come again.
        """
        if response.status_code != OVER_PLAN:
            Switch.admitted += 1
            super().judge(response, expected)
        elif int(response.headers.get("Retry-After") or 0) > 0:
            Switch.refused += 1
            response.success()
        else:
            response.failure("a 429 without Retry-After")


def judge_run(environment: Any, **_: Any) -> None:
    """
    Fail the run in which too much was let through, or nothing refused.
    """
    options = environment.parsed_options
    most = (options.burst or options.rps) + options.rps * (time.monotonic() - Switch.first_s)
    print(f"let through {Switch.admitted}, at most {most:.0f}; refused {Switch.refused}")
    if Switch.admitted > most or not Switch.refused:
        environment.process_exit_code = 1


events.quitting.add_listener(judge_run)  # type: ignore[no-untyped-call]
