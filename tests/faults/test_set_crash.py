"""
A load of a set killed between any two writes leaves the old set or the new one, and can be repeated.
"""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from support.crash import Commands, commands
from support.postgres import Postgres, run_postgres
from support.sets import listed_in

from service.ops.folder import SPARE_S, clean
from service.ops.reload import load_snapshot
from service.snapshot import Snapshot
from service.store.files import has_file
from service.store.migrate import create
from service.store.sets import set_revisions
from service.store.tables import files, incoming_files

pytestmark = pytest.mark.fault
MOST = 60
"""Writes that no load makes as many of."""


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


def put(programs: Commands, data: Path, first: int, die: int = 0) -> tuple[int, int]:
    """
    Load a set of a hundred numbers that start with one of their own.
    """
    (data / "list").write_text("".join(f"{number}\n" for number in range(first, first + 100)))
    return programs.run("set", "load", "dno", str(data / "list"), die=die)


def answering(engine: Engine, data: Path) -> int:
    """
    The first number of the set that a process which starts now answers from; everything that is recorded is there.
    """
    snapshot = load_snapshot(engine, data / "cards", Snapshot())
    assert snapshot.broken == {}
    assert all(has_file(engine, one.digest) for one in set_revisions(engine))
    loaded = snapshot.loaded["dno"]
    first = min(map(int, loaded.data))
    assert [*loaded.data] == [str(number) for number in range(first, first + 100)]
    assert listed_in(snapshot, str(first)) == ["dno"]
    return first


@pytest.mark.parametrize("step", [8, pytest.param(1, marks=pytest.mark.long)])
def test_a_load_killed_before_any_write_leaves_the_old_set_or_the_new(tmp_path: Path, url: str, step: int) -> None:
    engine, first, kills = create(url), 4411_0000_0000, 0
    with commands(tmp_path, url) as programs:
        code, writes = put(programs, tmp_path, first)
        assert code == 0, (tmp_path / "commands.log").read_text()
        assert writes > 12
        for die in range(1, MOST, step):
            code, _ = put(programs, tmp_path, first + 1000, die)
            assert code in {-signal.SIGKILL, 0}, (tmp_path / "commands.log").read_text()
            assert answering(engine, tmp_path) in ({first + 1000} if code == 0 else {first, first + 1000})
            if code == 0:
                break
            kills += 1
            assert put(programs, tmp_path, first + 1000)[0] == 0
            first += 1000
            assert answering(engine, tmp_path) == first
    assert kills >= 12 // step
    with engine.connect() as connection:
        kept = {one.digest for one in set_revisions(engine)}
        assert set(connection.scalars(select(files.c.digest))) == kept
        assert list(connection.scalars(select(incoming_files.c.digest))) == []
    clean(engine, tmp_path / "cards", time.time() + SPARE_S + 10)
    assert [path.suffix for path in (tmp_path / "cards").iterdir()] == [".set"]
    engine.dispose()
