"""
Every kind of store there is, so that each promise is kept on all of them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.postgres import Postgres, run_postgres
from support.stores import sqlite_store

from service.store.migrate import create

ENGINES = {"engine", "away_engine"}
"""Fixtures that open a store which has its tables."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with run_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[str]:
    """
    A database of the server: empty, or with its tables for a test that also has an engine.
    """
    with postgres.database(made=bool(ENGINES & {*request.fixturenames})) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """
    A store that nothing is in yet: not even its tables, unless the test also has an engine.
    """
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    place = tmp_path / "ratedip.db"
    return sqlite_store(place) if "engine" in request.fixturenames else f"sqlite:///{place}"


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = create(store_url)
    yield engine
    engine.dispose()
