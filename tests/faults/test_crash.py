"""
A command killed between any two writes leaves the old state or the new one, never half of it, and can be repeated.
"""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.cards import NOW
from support.crash import Commands, commands
from support.postgres import Postgres, run_postgres

from service.manage.rows import rules_of
from service.ops.folder import SPARE_S
from service.ops.reload import load_snapshot
from service.snapshot import Snapshot
from service.store.catalogue import active_revisions, list_revisions
from service.store.files import has_file
from service.store.migrate import create

pytestmark = pytest.mark.fault
MOST = 80
"""Writes that no command makes as many of."""
QUICK = 8
"""Where there is little time, only before every eighth write."""


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


class Shop:
    """
    A store, a folder, and commands that change them.
    """

    def __init__(self, data: Path, engine: Engine, programs: Commands) -> None:
        self.data = data
        self.engine = engine
        self.programs = programs

    def load(self, units: int, die: int = 0) -> tuple[int, int]:
        """
        Load a deck whose price is so many, with some rules of its own.
        """
        deck = self.data / "deck.csv"
        rows = "".join(f"44{i},Place {i},0.{units:04d},1,1\n" for i in range(10, 40 + units % 3))
        deck.write_text(f"prefix,destination,rate,first interval,next interval\n44,UK,0.{units:04d},1,1\n{rows}")
        options = ("--currency", "USD", "--activate", "--force")
        return self.programs.run("card", "load", "c", str(deck), *options, die=die)

    def price(self) -> int:
        """
        What answers, in a process that starts now; everything that is recorded is there.
        """
        snapshot = load_snapshot(self.engine, self.data / "cards", Snapshot())
        assert snapshot.broken == {}
        for revision in list_revisions(self.engine, "c")[-2:]:
            assert rules_of(self.engine, self.data / "cards", revision).height == revision.rules
            assert has_file(self.engine, revision.digest)
        return snapshot.cards["c"].index.quote("44", NOW).rate_units // 10**6

    def half_written(self) -> list[Path]:
        return list((self.data / "cards").glob(".*"))


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Iterator[Shop]:
    engine = create(url)
    with commands(tmp_path, url) as programs:
        yield Shop(tmp_path, engine, programs)
    engine.dispose()


def killed_everywhere(shop: Shop, step: int) -> int:
    """
    Kill a load before each write of it; repeat it each time.

    Returns:
        How often it was killed.
    """
    price = shop.price()
    for kills, die in enumerate(range(1, MOST, step)):
        code, _ = shop.load(price + 1, die)
        now = shop.price()
        assert now in {price, price + 1}
        assert code in {-signal.SIGKILL, 0}
        if code == 0:
            assert now == price + 1
            return kills
        assert len(shop.half_written()) <= kills + 1
        assert shop.load(price + 1)[0] == 0
        assert shop.price() == price + 1
        price += 1
    raise AssertionError("it never came to an end")


@pytest.mark.parametrize("step", [QUICK, pytest.param(1, marks=pytest.mark.long)])
def test_loading_a_card_killed_before_any_write_leaves_the_old_or_the_new(shop: Shop, step: int) -> None:
    code, writes = shop.load(1)
    assert code == 0, (shop.data / "commands.log").read_text()
    assert writes > 12
    kills = killed_everywhere(shop, step)
    assert kills >= 12 // step
    for path in shop.half_written():
        os.utime(path, (time.time() - SPARE_S - 60,) * 2)
    shop.load(9000)
    assert shop.half_written() == []


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
def test_activating_killed_before_any_write_leaves_the_old_or_the_new(shop: Shop, step: int) -> None:
    for units in (1, 2):
        assert shop.load(units)[0] == 0
    killed = 0
    for die in range(1, MOST, step):
        old = active_revisions(shop.engine, "c")[0].number
        new = 3 - old
        code, _ = shop.programs.run("card", "activate", "c", str(new), "--force", die=die)
        assert shop.price() in {1, 2}
        number = active_revisions(shop.engine, "c")[0].number
        if code == 0:
            assert number == new
            break
        assert code == -signal.SIGKILL, (shop.data / "commands.log").read_text()
        assert number in {old, new}
        killed += 1
        assert shop.programs.run("card", "activate", "c", str(new), "--force")[0] == 0
        assert shop.price() == new
    assert killed >= 4 // step
