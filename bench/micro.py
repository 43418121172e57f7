"""
What a look-up and a card cost inside the process, without HTTP: ``python -m bench.micro``.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from bench import asrplus, bulk, cdr, compact, decks, doors, imports, lcr, life, numberset, replay, smart
from bench.figures import Figure, median_us, seconds
from bench.servers import target
from bench.tables import figures_table
from bench.yardstick import Yardstick
from ratecards.artifact import open_card, pack
from ratecards.compile import compile_rules
from ratecards.deck import read_deck
from ratecards.durable import write_atomically
from ratecards.model import Terms
from service.access.account import LIVE, LOOKUP, Account, Identity
from service.access.identify import Door
from service.http.respond import Head, Response, respond, wire
from service.lookups.ready import rate_json
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.snapshot import Desk, LiveCard, Snapshot

CARD: Final = "bench"
LARGE, LARGE_QUICK = 1_000_000, 100_000
LOOKED_UP: Final = 200_000  # prefixes of the card the look-ups are timed on, as in the HTTP comparison
NOW: Final = 2_000_000_000  # unix seconds; an instant after every effective date
OPENINGS: Final = 5
DATE: Final = b"Thu, 01 Jan 1970 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Bench:
    """
    What the figures are measured on: two compiled cards on disk, numbers.
    """

    small: Path
    large: Path
    numbers: list[str]
    sections: dict[str, int]
    rules: int

    def card(self) -> LiveCard:
        """
        Open the small card anew, with nothing rendered yet.
        """
        return LiveCard(CARD, 1, open_card(self.small))


def measure(console: Console, *, quick: bool = False) -> list[Figure]:
    """
    Build the cards and take every figure in turn; quick takes a smaller large card.
    """
    yardstick = Yardstick()
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as directory:
        console.print("Inside the process: building the cards")
        bench = prepare(Path(directory), LARGE_QUICK if quick else LARGE)
        figures = yardstick.beside(lambda: [figure(bench) for figure in FIGURES])
        figures += yardstick.beside(doors.measure)
    for what, take in () if quick else _groups(console):
        console.print(what)
        figures += yardstick.beside(take)
    return figures


def _groups(console: Console) -> tuple[tuple[str, Callable[[], list[Figure]]], ...]:
    """
    What is measured with cards and files of its own, and what is said before it.
    """
    return (
        ("Inside the process: reading decks", imports.measure),
        ("Inside the process: merging cards", compact.measure),
        ("Inside the process: taking in call records", cdr.measure),
        ("Inside the process: routes over many cards", lcr.measure),
        ("Inside the process: millions of numbers", numberset.measure),
        ("Everything known of numbers", smart.measure),
        ("What was answered for numbers: a start, and beside prices over HTTP", lambda: asrplus.measure(console)),
        ("Replaying calls", replay.measure),
        ("Bulk requests, and a file of calls", lambda: bulk.measure(console)),
        ("A server's life: starts, and memory after a swap", lambda: life.measure(console)),
    )


def prepare(directory: Path, large_rows: int) -> Bench:
    """
    Generate both decks and compile them.
    """
    deck = decks.az_deck(LOOKED_UP)
    small, large = directory / "small", directory / "large"
    decks.write_deck(small.with_suffix(".csv"), deck)
    build(small)
    decks.write_deck(large.with_suffix(".csv"), decks.az_deck(large_rows))
    sections = build(large)
    numbers = decks.numbers(deck)
    return Bench(small, large, numbers, {name: len(part) for name, part in sections.items()}, large_rows)


def build(path: Path) -> dict[str, bytes]:
    """
    Read the deck beside the path, check it, compile it and put the artifact on disk at the path.
    """
    deck = read_deck(path.with_suffix(".csv"), now=NOW, currency="USD")
    if not deck.accepted:
        raise ValueError(f"{path.stem}: the deck was refused")
    sections = compile_rules(deck.rules, Terms())
    write_atomically(path, pack(sections))
    return sections


def rendered(bench: Bench) -> Figure:
    """
    Time number to body, for prefixes that were asked before.
    """
    card = bench.card()
    for number in bench.numbers:
        rate_json(card, number, NOW)
    value = median_us(lambda number: rate_json(card, number, NOW), bench.numbers)
    return Figure("number to rendered bytes", value, "µs", 3.0)


def rendered_first(bench: Bench) -> Figure:
    """
    Time number to body when nearly every prefix is asked for the first time since its card went live.
    """
    card = bench.card()
    value = median_us(lambda number: rate_json(card, number, NOW), bench.numbers)
    return Figure("number to rendered bytes, prefix not asked before", value, "µs")


def matched(bench: Bench) -> Figure:
    """
    Time the longest match alone.
    """
    index = bench.card().index  # kept: it owns the memory the trie reads
    prefixes_of = index.prefixes_of
    return Figure("longest match", median_us(lambda number: prefixes_of(number)[-1], bench.numbers), "µs", 1.0)


def responded(bench: Bench) -> Figure:
    """
    Time request line to status line, header and body, as the serving process does it: account, quota, look-up.
    """
    plan = Plan(Limits(per_second=10**9, burst=10**9))
    guest = Identity(Account(0, "guest", CARD, plan=plan), LIVE, frozenset({LOOKUP}), Meters(1).of("guest", plan))
    desk = Desk(Snapshot(cards={CARD: bench.card()}), Door(guest), clock=lambda: NOW)
    targets = [target(number).encode() for number in bench.numbers]
    for asked in targets:
        _answer(desk, asked)
    return Figure("request target to whole response", median_us(lambda asked: _answer(desk, asked), targets), "µs")


def index_size(bench: Bench) -> Figure:
    """
    Weigh the trie of the large card, whose prefixes are as many as its rules.
    """
    return Figure(f"index, {bench.rules:,} prefixes", bench.sections["trie"] / bench.rules, "bytes a prefix", 4.0)


def artifact_size(bench: Bench) -> Figure:
    """
    Weigh the large card's file without the texts of its destinations' names.
    """
    size = bench.large.stat().st_size - bench.sections["names"]
    return Figure(f"artifact, {bench.rules:,} rules, names left out", size / bench.rules, "bytes a rule", 48.0)


def open_time(bench: Bench) -> Figure:
    """
    Time verifying and mapping the large card.
    """
    value = statistics.median(seconds(lambda: open_card(bench.large)) for _ in range(OPENINGS))
    return Figure(f"open a card of {bench.rules:,} rules", value, "s", 0.5)


FIGURES: Final[tuple[Callable[[Bench], Figure], ...]] = (
    *(rendered, rendered_first, matched, responded),
    *(index_size, artifact_size, open_time),
)


def _answer(desk: Desk, asked: bytes) -> bytes:
    response = respond(desk, b"GET", asked, Head())
    if not isinstance(response, Response) or response.status != 200:
        raise ValueError("a look-up that is timed must have a price")
    return wire(response, DATE)


if __name__ == "__main__":
    terminal = Console()
    terminal.print(figures_table(measure(terminal)))
