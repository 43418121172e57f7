"""
A sudden burst: five times the connections for a fifth of the run, and back. What comes after must be as before.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import ClassVar

from locust import LoadTestShape, User, events

from bench.scenarios.callers import Softswitch


def add_arguments(parser: ArgumentParser) -> None:
    """
    Add what shapes the burst.
    """
    parser.add_argument("--base", type=int, default=16, help="connections before and after the burst")
    parser.add_argument("--times", type=int, default=5, help="how many times as many during it")
    parser.add_argument("--span", type=float, default=60.0, help="seconds of the whole run")


events.init_command_line_parser.add_listener(add_arguments)  # type: ignore[no-untyped-call]


class Switch(Softswitch):
    """
    A connection of the switch.
    """


class Burst(LoadTestShape):
    """
    Two fifths as usual, a fifth at many times as much, two fifths as usual.
    """

    use_common_options: ClassVar[bool] = True

    def tick(self) -> tuple[int, float] | tuple[int, float, list[type[User]] | None] | None:
        """
        Return how many connections there should be now; None: the run is over.
        """
        options = self.runner.environment.parsed_options
        part = self.get_run_time() / options.span
        if part >= 1:
            return None
        users = options.base * (options.times if 0.4 <= part < 0.6 else 1)
        return users, float(users)
