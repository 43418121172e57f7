"""
How fast past calls are replayed, and rated, on one core: a process of its own with one thread.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

import polars as pl

from bench import decks
from bench.figures import Figure
from ratecards.model import Rule, Terms
from ratecards.money import parse_units
from ratecards.replay import Reading, Replay, Side, Tally, lay_out, rate_calls, read_calls, read_pieces
from ratecards.rules import to_frame

CALLS, PREFIXES, ROUNDS = 1_000_000, 200_000, 5
START: Final = 1_780_000_000  # unix seconds
MONTH_S: Final = 30 * 86_400
TARGET: Final = 200_000  # calls a second
READING: Final = Reading(START, asks_call=False)


def measure() -> list[Figure]:
    """
    Replay a month of calls, nearly all of another number, on two revisions and against a customer's card.
    """
    root = Path(__file__).resolve().parent.parent
    command = (sys.executable, "-m", "bench.replay")
    environment = os.environ | {"POLARS_MAX_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, env=environment)
    measured: dict[str, float] = json.loads(done.stdout)
    what = f"a call of a CSV on cards of {PREFIXES:,} prefixes"
    return [
        Figure(f"{what}: before, after and against", measured["three_us"], "µs", 1e6 / TARGET),
        Figure("likewise read and rated on one card", measured["one_us"], "µs", 2.0),
        Figure("likewise rated alone", measured["rate_us"], "µs"),
        Figure(f"a card of {PREFIXES:,} prefixes laid out", measured["lay_out_s"], "s"),
        Figure("memory of a replay at the most", measured["mib"], "MiB"),
    ]


def main() -> None:
    """
    Print the microseconds of a call: the median of the rounds, by the processor's time.
    """
    rules = _rules()
    began = time.process_time()
    now, draft, other = (lay_out(card, Terms()) for card in _cards(rules))
    measured = {"lay_out_s": (time.process_time() - began) / 3}
    replay = Replay(Side(now), Side(draft), Side(other))
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as folder:
        file = Path(folder) / "calls.csv"
        write_calls(file, rules["prefix"].to_list())
        measured["three_us"] = _us(lambda: _replay(replay, file))
        measured["one_us"] = _us(lambda: _rate(replay, file))
        measured["mib"] = getrusage(RUSAGE_SELF).ru_maxrss / 1024
        tables = [read_calls(piece, READING).table.sort("key") for piece in read_pieces(file)]
        measured["rate_us"] = _us(lambda: [rate_calls(now, table, table["start"]) for table in tables])
    print(json.dumps(measured))


def _replay(replay: Replay, file: Path) -> None:
    sum((replay.tally(read_calls(piece, READING)) for piece in read_pieces(file)), Tally())


def _rate(replay: Replay, file: Path) -> None:
    for piece in read_pieces(file):
        table = read_calls(piece, READING).table.sort("key")
        rate_calls(replay.before.card, table, table["start"])


def _us(action: Callable[[], object]) -> float:
    def once() -> float:
        began = time.process_time()
        action()
        return time.process_time() - began

    return statistics.median(once() for _ in range(ROUNDS)) / CALLS * 1e6


def _rules() -> pl.DataFrame:
    return to_frame(
        Rule(r.prefix, r.destination, parse_units(r.rate), parse_units(r.connect_fee), r.first_s, r.next_s, START - 1)
        for r in decks.az_deck(PREFIXES)
    )


def _cards(rules: pl.DataFrame) -> tuple[pl.DataFrame, ...]:
    """
    The old prices, new ones of which one in ten is gone, and the customer's.
    """
    dearer = pl.col("rate_units") + pl.col("name").hash(1).mod(7).cast(pl.Int64) * 1_000_000
    return (
        rules,
        rules.with_columns(dearer).sample(fraction=0.9, seed=1),
        rules.with_columns(pl.col("rate_units") * 2),
    )


def write_calls(file: Path, prefixes: list[str]) -> None:
    """
    Call records as our own service keeps them.
    """
    rng = random.Random(1)
    with file.open("w") as out:
        out.write("call_id,number,cli,account,card,carrier,start,duration,sip_code\n")
        for number in range(CALLS):
            called = (rng.choice(prefixes) + f"{rng.randrange(10**9):09d}")[:13]
            start, seconds = START + number * MONTH_S // CALLS, rng.choice((12, 60, rng.randrange(1, 3600)))
            out.write(f"c{number},{called},4411{number:07d},acme,retail,a,{start},{seconds},200\n")


if __name__ == "__main__":
    main()
