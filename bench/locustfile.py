"""
A load that looks like a softswitch, for locust.

Each user is one keep-alive connection of the switch. Calls come in at random (exponential gaps); most destinations
have a price, some have none, which is an answer like any other (404); some requests carry the caller and the duration.
Write and load the deck, serve it, then::

    python -m bench.decks deck.csv
    ratedip card load bench deck.csv --currency USD --activate
    locust -f bench/locustfile.py --headless --host http://127.0.0.1:8080 --users 32 --spawn-rate 32 --run-time 30s
"""

from __future__ import annotations

import random
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from locust import FastHttpUser, events, task

from bench import decks

SEED: Final = 1
PREFIXES: Final = 20_000  # numbers are drawn from; every A-Z deck of `bench.decks` prices all of them
DRAW: Final = random.Random(SEED)


def add_arguments(parser: ArgumentParser) -> None:
    """
    Add what a user of this scenario sets: how busy a connection is, the card, and the key.
    """
    parser.add_argument("--cps", type=float, default=2.0, help="calls per second on each connection")
    parser.add_argument("--card", default="bench", help="card that is asked")
    parser.add_argument("--key", default="", help="API key; none asks as the demo account, which has a low limit")
    parser.add_argument("--numbers", default="", help="file of priced numbers, one a line; none generates 20,000")


def draw_numbers(environment: Any, **_: Any) -> None:
    """
    Draw the numbers of this run from the seed, or read those of the user's own deck.
    """
    chosen = environment.parsed_options.numbers
    generated = [] if chosen else decks.numbers(decks.az_deck(PREFIXES, SEED), seed=SEED + 1)
    Softswitch.priced = Path(chosen).read_text().split() if chosen else generated
    Softswitch.unpriced = decks.numbers([], 1_000, miss_share=1.0, seed=SEED + 2)


events.init_command_line_parser.add_listener(add_arguments)  # type: ignore[no-untyped-call]
events.init.add_listener(draw_numbers)  # type: ignore[no-untyped-call]


class Softswitch(FastHttpUser):
    """
    One keep-alive connection on which calls are priced as they come in.
    """

    priced: ClassVar[list[str]] = []
    unpriced: ClassVar[list[str]] = []
    connection_timeout = 2.0
    network_timeout = 2.0

    def wait_time(self) -> float:
        """
        Return the seconds until the next call, exponentially distributed.
        """
        return DRAW.expovariate(self.environment.parsed_options.cps)

    @task(80)
    def price_before_the_call(self) -> None:
        """
        Ask what a number costs.
        """
        self._ask("rate", 200, number=DRAW.choice(self.priced))

    @task(15)
    def price_after_the_call(self) -> None:
        """
        Ask what a call of some seconds cost, naming the caller.
        """
        number, cli = DRAW.choice(self.priced), DRAW.choice(self.priced)
        self._ask("rate with cli and duration", 200, number=number, cli=cli, duration=DRAW.randint(1, 1800))

    @task(5)
    def number_nobody_prices(self) -> None:
        """
        Ask for a destination the card does not hold; "no rate" is the right answer.
        """
        self._ask("rate, no price", 404, number=DRAW.choice(self.unpriced))

    def _ask(self, name: str, expected: int, **question: Any) -> None:
        options = self.environment.parsed_options
        headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
        target = "/api/rate.json?" + urlencode({**question, "card": options.card})
        with self.client.get(target, name=name, headers=headers, catch_response=True) as response:
            if response.status_code == expected:
                response.success()
            else:
                response.failure(f"{expected} was expected, not {response.status_code}")
