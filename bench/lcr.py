"""
What it costs to find the cheapest routes over many cards, in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Final

import polars as pl

from bench import decks
from bench.figures import Figure, median_us, seconds
from bench.yardstick import Yardstick
from ratecards.artifact import digest_of, open_card, pack
from ratecards.compile import compile_rules
from ratecards.lcr import Ask, Behind, Provider, Router, open_joint
from ratecards.lcr.join import build_joint
from ratecards.lcr.render import routes_json
from ratecards.model import Rule, Terms
from ratecards.money import parse_units
from ratecards.rules import to_frame

NOW: Final = 2_000_000_000  # unix seconds
STEP: Final = 100_000  # units: prices have five decimals
MARKUP_PERCENT: Final = 15
AGAIN: Final = 2_000  # numbers asked over and over
TURNS: Final = 20
OTHER_S: Final = 90  # a duration other than a minute
SHARED: Final = 1 - 2_010 / 27_523  # destinations and prefixes of the real A-Z list in ratecards/samples
BEFORE_SEED: Final = 3  # of the numbers asked before the others


@dataclass(frozen=True, slots=True)
class Size:
    """
    How many cards of how many prefixes each, drawn from how many; what one answer may take.
    """

    cards: int
    prefixes: int
    pool: int
    target_us: float


SIZES: Final = {"small": Size(8, 400_000, 800_000, 20.0), "large": Size(100, 100_000, 400_000, 60.0)}


def measure() -> list[Figure]:
    """
    Take the figures of both sizes.
    """
    return [figure for name, size in SIZES.items() for figure in _figures(size, _measured(name))]


def _figures(size: Size, measured: dict[str, float]) -> list[Figure]:
    words = f"LCR over {size.cards} cards of {size.prefixes:,} prefixes"
    return [
        Figure(
            f"{words}: number to rendered routes, as calls are spread",
            measured["called_us"],
            "µs",
            size.target_us,
            measured["slower"],
        ),
        Figure("likewise, prefix asked before", measured["again_us"], "µs", size.target_us),
        Figure("likewise, prefixes drawn evenly, most not asked before", measured["rendered_us"], "µs"),
        Figure("likewise, routes found and not rendered", measured["found_us"], "µs"),
        Figure(f"likewise, for a call of {OTHER_S} s", measured["other_us"], "µs"),
        Figure("its joint index", measured["bytes"] / (size.cards * size.prefixes), "bytes an entry"),
        Figure("likewise, built", measured["build_s"], "s"),
        Figure("memory at the most while it is built", measured["mib"], "MiB"),
    ]


def _measured(name: str) -> dict[str, float]:
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        (sys.executable, "-m", "bench.lcr", name), capture_output=True, text=True, check=True, cwd=root
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _pool(size: Size) -> tuple[list[decks.DeckRow], pl.DataFrame]:
    deck = decks.az_deck(size.pool, shared=SHARED)
    rules = (
        Rule(r.prefix, r.destination, parse_units(r.rate), parse_units(r.connect_fee), r.first_s, r.next_s)
        for r in deck
    )
    return deck, to_frame(rules)


def _card(pool: pl.DataFrame, prefixes: int, seed: int, markup_percent: int = 0) -> pl.DataFrame:
    """
    All country codes, and other prefixes by lot; one destination keeps one price on a card.
    """
    is_country = pl.col("prefix").is_in(decks.COUNTRY_CODES.split())
    countries = pool.filter(is_country)
    others = pool.filter(~is_country).sample(prefixes - countries.height, seed=seed)
    percent = 90 + 3 * (pl.col("name").hash(seed) % 7).cast(pl.Int64) + markup_percent
    return pl.concat([countries, others]).with_columns(pl.col("rate_units") * percent // (100 * STEP) * STEP)


def _prepare(size: Size, folder: Path) -> tuple[Behind, list[decks.DeckRow], dict[str, float]]:
    """
    Cards on disk, joined; the deck they were drawn from; and what the joint index took.
    """
    deck, pool = _pool(size)
    files = []
    for seed in range(size.cards):
        artifact = pack(compile_rules(_card(pool, size.prefixes, seed), Terms()))
        files.append((digest_of(artifact), folder / str(seed)))
        files[-1][1].write_bytes(artifact)
    (folder / "retail").write_bytes(pack(compile_rules(_card(pool, size.prefixes, 0, MARKUP_PERCENT), Terms())))
    joint = folder / "joint"
    build_s = seconds(lambda: build_joint(joint, files, NOW))
    providers = tuple(
        Provider(
            f"carrier-{place}", open_card(path), digest, f"Carrier {place}", f"90{place}", f"sip:gw{place}.example"
        )
        for place, (digest, path) in enumerate(files)
    )
    behind = Behind(open_card(folder / "retail"), providers, joint=open_joint(joint))
    mib = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return behind, deck, {"build_s": build_s, "bytes": joint.stat().st_size, "mib": mib}


def _rendered(router: Router, ask: Ask) -> bytes:
    """
    As a server does it: what is kept of an answer is not rendered again.
    """
    found = router.route(ask)
    kept: dict[str, bytes] = {} if found.kept is None else found.kept
    if "json" not in kept:
        kept["json"] = routes_json(found)
    return kept["json"]


def _in_turns(router: Router, asks: list[Ask]) -> tuple[float, float]:
    """
    Microseconds of an answer, and how many times slower the machine was: it was looked at before each of some turns, as
    it may be another within seconds.
    """
    yardstick, size = Yardstick(), len(asks) // TURNS
    turns = [
        (yardstick.slower(), median_us(lambda ask: _rendered(router, ask), asks[start : start + size]))
        for start in range(0, len(asks), size)
    ]
    us = statistics.median(each for _, each in turns)
    return us, us / statistics.median(each / slower for slower, each in turns)


def main(name: str) -> None:
    """
    Print the microseconds of an answer, and what the joint index took, in bytes and in seconds.

    The process has answered for as many other numbers before, as one does that has been running.
    """
    size = SIZES[name]
    with tempfile.TemporaryDirectory(prefix="ratedip-bench-") as folder:
        behind, deck, measured = _prepare(size, Path(folder))
        asks = [Ask(number, NOW) for number in decks.numbers(deck)]
        router = Router(behind)
        for number in decks.numbers(deck, seed=BEFORE_SEED):
            _rendered(router, Ask(number, NOW))
        called = [Ask(number, NOW) for number in decks.called(deck, 2 * len(asks))]
        for ask in called[: len(asks)]:
            _rendered(router, ask)
        measured["called_us"], measured["slower"] = _in_turns(router, called[len(asks) :])
        measured["rendered_us"] = median_us(lambda ask: _rendered(router, ask), asks)
        again = asks[:AGAIN] * (len(asks) // AGAIN)
        for ask in again:
            _rendered(router, ask)
        measured["again_us"] = median_us(lambda ask: _rendered(router, ask), again)
        measured["found_us"] = median_us(Router(behind).route, asks)
        others = [Ask(ask.number, NOW, OTHER_S) for ask in asks]
        measured["other_us"] = median_us(Router(behind).route, others)
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1])
