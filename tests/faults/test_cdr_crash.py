"""
Whoever takes in call records may be killed at any moment: every record that was answered for is there, and none twice.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine
from support.postgres import Postgres, run_postgres
from support.records import many
from support.records_crash import Ingest, ingest

from service.store.migrate import create
from service.store.records import Position, latest, tail
from service.store.records_keep import keep

pytestmark = pytest.mark.fault
LONGEST_MS = 100
"""Within which somebody is killed: after the first answer, or every fifth time after the start, with or without one."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with run_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ratedip.db'}"
        return
    with request.getfixturevalue("postgres").database() as found:
        yield found


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create(url)
    yield engine
    engine.dispose()


def since(engine: Engine, after: Position) -> list[str]:
    """
    Carrier and call of every record after a position.
    """
    found: list[str] = []
    while True:
        some, after = tail(engine, after)
        found += [f"{one.carrier} {one.call_id}" for one in some]
        if not some:
            return found


def ids(name: str, start: int, end: int) -> set[str]:
    return {f"{name} {call}" for call in many(*range(start, end))["call_id"]}


def killed_once(engine: Engine, url: str, program: Ingest, name: str, die_ms: int, *, at_once: bool) -> int:
    """
    Returns:
        How many records were answered for.
    """
    before = latest(engine)
    log = program.killed(name, url, die_ms, at_once=at_once)
    there = since(engine, before)
    found = set(there)
    assert len(found) == len(there), "none is there twice"
    answered = {(who, start, end) for what, who, start, end in log if what == "kept"}
    lost = {(who, start, end) for what, who, start, end in log if what == "sent"} - answered
    sure = [many(*range(start, end), carrier=who) for who, start, end in answered]
    assert all(ids(*asked) <= found for asked in answered), "what was answered for is there"
    for who, start, end in lost:
        asked = ids(who, start, end)
        assert asked <= found or not asked & found, "a request is there whole or not at all"
        again = keep(engine, many(*range(start, end), carrier=who))
        assert again.taken == (0 if asked <= found else end - start), "sent again, what is missing is taken"
    if sure:
        assert keep(engine, pl.concat(sure)).taken == 0, "sent again, nothing is there twice"
    return sum(rows.height for rows in sure)


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.long)])
def test_records_that_were_answered_for_are_there_once(engine: Engine, url: str, tmp_path: Path, kills: int) -> None:
    chance = random.Random(kills)
    with ingest(tmp_path) as program:
        answered = [
            killed_once(engine, url, program, f"round-{n}", chance.randrange(LONGEST_MS), at_once=n % 5 == 4)
            for n in range(kills)
        ]
    assert sum(count > 0 for count in answered) >= kills * 4 // 5, (tmp_path / "ingest.log").read_text()
