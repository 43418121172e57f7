"""
Cards for tests, put into a data directory the way the service finds them.
"""

import csv
import lzma
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from ratecards.artifact import digest_of, pack
from ratecards.compile import compile_rules
from ratecards.durable import write_atomically
from ratecards.model import Rule, Terms
from ratecards.money import parse_units
from ratecards.rules import to_frame
from ratecards.samples import SDF
from service.ops.reload import artifact_path
from service.store.catalogue import Revision, add_revision
from service.store.database import connect
from support.examples import some
from support.stores import sqlite_store

NOW = 1_800_000_000
"""2027-01-15, in unix seconds: the instant tests ask about."""

RULES = some(40_000)
"""Rules at most of a deck with everything in it."""

RETAIL = [
    Rule("44", "UK", parse_units("0.0100"), 0, 60, 60, 1_300_000_000),
    Rule("44113", "UK Leeds", parse_units("0.0075"), 0, 30, 6, 1_357_907_962),
    Rule("4470", "UK Personal", parse_units("0.35"), parse_units("0.05"), 60, 60, None, None, blocked=True),
    Rule("4477", "UK Mobile", parse_units("0.02"), 0, 1, 1, None, NOW - 1),
    Rule("4478", "UK Mobile New", parse_units("0.03"), 0, 1, 1, 4_000_000_000),
    Rule("49", "Deutschland <Süd> & Ost", parse_units("0.012"), parse_units("0.001"), 1, 1),
    Rule("5", "Gone", parse_units("0.5"), 0, 1, 1, None, NOW - 1),
]
"""The card of ``docs/api.md``'s examples, with a rule of every kind."""


def install(
    data: Path, name: str, rules: Iterable[Rule], terms: Terms | None = None, *, engine: Engine | None = None
) -> Revision:
    """
    Add the next revision of a card to a data directory and let it answer.

    Args:
        engine: the store it goes to; None: the SQLite file in the directory.
    """
    terms = terms or Terms()
    frame = to_frame(rules)
    artifact = pack(compile_rules(frame, terms))
    digest = digest_of(artifact)
    write_atomically(artifact_path(data / "cards", digest), artifact)
    revision = Revision(name, 0, digest, "test", terms.currency, frame.height, 0, NOW)
    if engine is not None:
        return add_revision(engine, revision, activate=True)
    own = connect(sqlite_store(data / "ratedip.db"))
    try:
        return add_revision(own, revision, activate=True)
    finally:
        own.dispose()


def sdf_rows() -> Iterator[dict[str, str]]:
    """
    The sample deck, read by nothing of ours.
    """
    with lzma.open(SDF, "rt", encoding="latin-1", newline="") as file:
        yield from csv.DictReader(file)


def sdf_rules() -> list[Rule]:
    """
    The sample deck's priced rows.
    """
    return [
        Rule(
            prefix=row["Prefix"],
            name=row["Destination"],
            rate_units=parse_units(row["Rate"]),
            mcd_s=int(row["First Interval"]),
            pulse_s=int(row["Sub Interval"]),
            effective=int(datetime.fromisoformat(row["Start Date"]).replace(tzinfo=UTC).timestamp()),
        )
        for row in sdf_rows()
        if row["Rate"]
    ]


def random_rules(seed: int, count: int) -> list[Rule]:
    """
    A deck with everything in it: nested prefixes, fees, any increments, several dates a prefix, blocked rules.
    """
    rng = random.Random(seed)
    rules = []
    for prefix in dict.fromkeys(_random_prefix(rng) for _ in range(count)):  # in the same order on every run
        starts = sorted({_random_start(rng) for _ in range(rng.choice((1, 1, 1, 2, 3)))}, key=lambda s: s or 0)
        rules += [_random_rule(rng, prefix, start) for start in starts]
    return rules


def _random_prefix(rng: random.Random) -> str:
    return str(rng.randrange(1, 10)) + "".join(
        rng.choice("0123456789") for _ in range(rng.choice((0, 1, 2, 3, 3, 4, 5)))
    )


def _random_start(rng: random.Random) -> int | None:
    return rng.choice((None, NOW - rng.randrange(1, 10**7), NOW, NOW + rng.randrange(1, 10**7)))


def _random_rule(rng: random.Random, prefix: str, start: int | None) -> Rule:
    return Rule(
        prefix=prefix,
        name=f"Place {rng.randrange(500)}",
        rate_units=rng.choice((0, rng.randrange(10**10), rng.randrange(10**6) * 10**4)),
        connect_fee_units=rng.choice((0, 0, rng.randrange(10**9))),
        mcd_s=rng.choice((0, 1, 6, 30, 60)),
        pulse_s=rng.choice((1, 6, 7, 60)),
        effective=start,
        expires=rng.choice((None, None, (start or NOW) + rng.randrange(1, 10**7))),
        blocked=rng.random() < 0.05,
    )
