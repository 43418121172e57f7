"""
What merging, minimising and comparing cards cost, in a process of their own, so that their memory is their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

import polars as pl

from bench import decks
from bench.figures import Figure, seconds
from ratecards.compact import Source, merge, minimise
from ratecards.diff import compare
from ratecards.model import Rule
from ratecards.money import parse_units
from ratecards.rules import to_frame

CARDS, PREFIXES, POOL = 10, 200_000, 1_000_000
NOW: Final = 2_000_000_000  # unix seconds


def measure() -> list[Figure]:
    """
    Time each step on cards that have most of their prefixes to themselves, which is the hardest case.
    """
    command = (sys.executable, "-m", "bench.compact")
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    measured: dict[str, float] = json.loads(done.stdout)
    what = f"{CARDS} cards of {PREFIXES:,} prefixes"
    return [
        Figure(f"{what} merged by minimum and minimised", measured["minimum_s"], "s", 20.0),
        Figure("likewise by average", measured["average_s"], "s", 20.0),
        Figure("its memory at the most", measured["mib"], "MiB"),
        Figure(f"two revisions of {PREFIXES:,} prefixes compared", measured["diff_s"], "s", 1.5),
    ]


def cards() -> list[Source]:
    """
    Draw each card's prefixes from one deck, at prices of its own.
    """
    pool = to_frame(
        Rule(r.prefix, r.destination, parse_units(r.rate), parse_units(r.connect_fee), r.first_s, r.next_s)
        for r in decks.az_deck(POOL)
    )
    return [Source(f"carrier {seed}", _card(pool, seed)) for seed in range(CARDS)]


def _card(pool: pl.DataFrame, seed: int) -> pl.DataFrame:
    """
    One destination keeps one price on a card.
    """
    dearer = pl.col("name").hash(seed) % 7
    return pool.sample(PREFIXES, seed=seed).with_columns(pl.col("rate_units") + dearer.cast(pl.Int64) * 1_000_000)


def _compact(sources: list[Source], kind: str) -> None:
    minimise(merge(sources, "average" if kind == "average" else "minimum", NOW).rules)


def main() -> None:
    """
    Print the seconds of each step and the most memory used, in MiB.
    """
    sources = cards()
    measured = {f"{kind}_s": seconds(partial(_compact, sources, kind)) for kind in ("minimum", "average")}
    old = sources[0].rules
    new = pl.concat([sources[1].rules.head(PREFIXES // 20), old]).unique("prefix", keep="first").head(PREFIXES)
    measured["diff_s"] = seconds(lambda: compare(old, new, NOW))
    print(json.dumps(measured | {"mib": getrusage(RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
