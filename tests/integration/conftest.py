"""
Every kind of store there is, so that each promise is kept on all of them.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.postgres import Postgres, run_postgres

from service.store.migrate import create


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with run_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """
    An empty database of the server.
    """
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """
    A store that nothing is in yet, not even its tables.
    """
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'ratedip.db'}"


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = create(store_url)
    yield engine
    engine.dispose()
