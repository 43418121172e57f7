"""
A million numbers asked over HTTP cost what a dict and Decimal say, and again after each reload.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.bulk import ask
from support.cards import NOW, RULES, install, random_rules
from support.oracle import Oracle, cost
from support.patience import seconds_until
from support.people import account, key
from support.server import Server, serve

from ratecards.model import Rule
from ratecards.money import format_units

RELOADS = 2
BODY = 20_000
"""Questions of a request."""


@dataclass(frozen=True)
class Shop:
    server: Server
    data: Path
    key: str

    def ask(self, questions: list[tuple[str, int]]) -> list[dict[str, Any]]:
        body = "".join(f"{number},{duration_s}\n" for number, duration_s in questions)
        content = f"number,duration\n{body}".encode()
        return ask(self.server, f"/api/rate/bulk?at={NOW}", self.key, content, Content_Type="text/csv")

    def revisions(self) -> set[int]:
        """
        Those that processes answer with now, as far as can be seen.
        """
        found = {ask(self.server, "/api/rate/bulk?card=marked", self.key, b"44")[0]["revision"] for _ in range(8)}
        return set(map(int, found))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    account(tmp_path, "acme", card="everything", all_cards=True)
    mark(tmp_path)
    install(tmp_path, "everything", random_rules(0, 10))
    shown = key(tmp_path, "acme")
    with serve(tmp_path, WORKERS="2") as server:
        yield Shop(server, tmp_path, shown)


def mark(data: Path) -> int:
    """
    Load a card whose revision shows how far processes follow: cards loaded before it answer when it does.
    """
    return install(data, "marked", [Rule("44", "UK", 1)]).number


def asked(rules: list[Rule], rng: random.Random, count: int) -> list[tuple[str, int]]:
    """
    Numbers below the prefixes of a deck, and others, with seconds of calls to them.
    """
    heads = [rule.prefix for rule in rules]
    numbers = (rng.choice(heads) if rng.random() < 0.8 else str(rng.randrange(1, 10**6)) for _ in range(count))
    digits = ((head + f"{rng.randrange(10**9):09d}")[: rng.randrange(1, 16)] for head in numbers)
    return [(number, rng.randrange(4000)) for number in digits]


def is_right(answer: dict[str, Any], number: str, duration_s: int, oracle: Oracle) -> bool:
    told = oracle.price(number, NOW)
    if told.rule is None or told.verdict is not None:
        return bool(answer["error"]["verdict"] == told.verdict)
    return (
        (answer["number"], answer["prefix"]) == (number, told.prefix)
        and answer["rate"] == format_units(told.rule.rate_units)
        and Decimal(answer["cost"]) == cost(told.rule, duration_s)
    )


@pytest.mark.parametrize("count", [6_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_every_answer_is_the_oracle_s_before_and_after_each_reload(
    shop: Shop, count: int, record_property: Callable[[str, object], None]
) -> None:
    """
    Seen to fail with halves rounded down.
    """
    size, rng = (RULES if count > BODY else 4_000), random.Random(10)
    for turn in range(RELOADS + 1):
        rules = random_rules(turn, size)
        oracle = Oracle(rules)
        install(shop.data, "everything", rules)
        marked = mark(shop.data)
        seconds_until(lambda marked=marked: shop.revisions() == {marked})
        for start in range(0, count // (RELOADS + 1), BODY):
            questions = asked(rules, rng, min(BODY, count // (RELOADS + 1) - start))
            answers = shop.ask(questions)
            assert len(answers) == len(questions)
            for answer, (number, duration_s) in zip(answers, questions, strict=True):
                assert is_right(answer, number, duration_s, oracle), json.dumps(answer)
    record_property("measured", f"{count:,} numbers over HTTP, {RELOADS} reloads, 0 differences")
