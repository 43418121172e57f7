"""
Who calls in every scenario: connections of a softswitch, on which calls are priced as they come in.

Each user is one keep-alive connection. Calls come at random (exponential gaps); most destinations have a price, some
have none, which is an answer like any other (404); some questions carry the caller and the duration.
"""

from __future__ import annotations

import random
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from locust import FastHttpUser, events, task

from bench import decks

SEED: Final = 1
PREFIXES: Final = 20_000  # numbers are drawn from; every A-Z deck of `bench.decks` prices all of them
DRAW: Final = random.Random(SEED)
OVER_PLAN: Final = 429


def add_arguments(parser: ArgumentParser) -> None:
    """
    Add what a user of a scenario sets: how busy a connection is, the card, and the key.
    """
    parser.add_argument("--cps", type=float, default=2.0, help="calls per second on each connection")
    parser.add_argument("--card", default="bench", help="card that is asked")
    parser.add_argument("--key", default="", help="API key; none asks as the demo account, which has a low limit")
    parser.add_argument("--numbers", default="", help="file of priced numbers, one a line; none generates 20,000")
    parser.add_argument("--routes", action="store_true", help="ask for carriers too; the card must have some")
    parser.add_argument("--records", action="store_true", help="report calls too; the key must have the scope cdr")


def draw_numbers(environment: Any, **_: Any) -> None:
    """
    Draw the numbers of this run from the seed, or read those of the user's own deck; each worker draws by itself.
    """
    DRAW.seed(SEED + max(0, getattr(environment.runner, "worker_index", 0)))
    chosen = environment.parsed_options.numbers
    Softswitch.priced = Path(chosen).read_text().split() if chosen else generated_numbers()
    Softswitch.unpriced = decks.numbers([], 1_000, miss_share=1.0, seed=SEED + 2)


def generated_numbers() -> list[str]:
    return decks.numbers(decks.az_deck(PREFIXES, SEED), seed=SEED + 1)


def fail_idle_run(environment: Any, **_: Any) -> None:
    """
    A run in which nothing was asked proves nothing.
    """
    if not environment.stats.total.num_requests:
        print("nothing was asked")
        environment.process_exit_code = 1


events.quitting.add_listener(fail_idle_run)  # type: ignore[no-untyped-call]
events.init_command_line_parser.add_listener(add_arguments)  # type: ignore[no-untyped-call]
events.test_start.add_listener(draw_numbers)  # type: ignore[no-untyped-call]


class Softswitch(FastHttpUser):
    """
    One keep-alive connection on which calls are priced as they come in.
    """

    abstract = True
    priced: ClassVar[list[str]] = []
    unpriced: ClassVar[list[str]] = []
    connection_timeout = 2.0
    network_timeout = 2.0

    def wait_time(self) -> float:
        """
        Return the seconds until the next call, exponentially distributed.
        """
        return DRAW.expovariate(self.environment.parsed_options.cps)

    @task(70)
    def price_before_the_call(self) -> None:
        """
        Ask what a number costs.
        """
        self.ask("rate", 200, number=DRAW.choice(self.priced))

    @task(15)
    def price_after_the_call(self) -> None:
        """
        Ask what a call of some seconds cost, naming the caller.
        """
        number, cli = DRAW.choice(self.priced), DRAW.choice(self.priced)
        self.ask("rate with cli and duration", 200, number=number, cli=cli, duration=DRAW.randint(1, 1800))

    @task(5)
    def number_nobody_prices(self) -> None:
        """
        Ask for a destination the card does not hold; "no rate" is the right answer.
        """
        self.ask("rate, no price", 404, number=DRAW.choice(self.unpriced))

    @task(10)
    def route_and_report(self) -> None:
        """
        Ask for carriers, and report the outcome of a call; a price where neither is wanted.
        """
        options, number = self.environment.parsed_options, DRAW.choice(self.priced)
        if options.routes:
            self.ask("lcr", 200, "lcr", number=number)
        if options.records:
            self._report(number)
        if not (options.routes or options.records):
            self.ask("rate", 200, number=number)

    def ask(self, name: str, expected: int, service: str = "rate", **question: Any) -> None:
        """
        Ask, and fail what is answered with anything else.
        """
        options = self.environment.parsed_options
        target = f"/api/{service}.json?" + urlencode({**question, "card": options.card})
        with self.client.get(target, name=name, headers=self.credential(), catch_response=True) as response:
            self.judge(response, expected)

    def judge(self, response: Any, expected: int) -> None:
        """
        Whether an answer is the right one.
        """
        if response.status_code == expected:
            response.success()
        else:
            response.failure(f"{expected} was expected, not {response.status_code}")

    def credential(self) -> dict[str, str]:
        """
        The header field that shows the key, if there is one.
        """
        key = self.environment.parsed_options.key
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _report(self, number: str) -> None:
        record = {
            "call_id": f"{DRAW.getrandbits(64):x}-{time.time_ns():x}@load.example",
            "number": number,
            "start": f"{time.time():.3f}",
            "duration": DRAW.randint(0, 600),
            "sip_code": DRAW.choice((200, 200, 200, 486, 503)),
        }
        with self.client.post(
            "/api/cdr.json", json=record, name="cdr", headers=self.credential(), catch_response=True
        ) as answer:
            self.judge(answer, 200)
