"""
Opening the store with its tables brought up to date: what a command does before its first use.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, column, inspect, select, table

from service.store.database import StoreError, changing, connect, read_url

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATION_S = 600.0
"""How long a migration may take, and how long others that start meanwhile wait for it."""
_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = table("alembic_version", column("version_num"))


def create(url: str) -> Engine:
    """
    Open the store and bring its tables up to date, making a SQLite file and its folder if need be.

    Any number of processes may do so at once: one migrates, the others wait for it.

    Raises:
        StoreError: it cannot be opened, or a newer version has migrated it.
    """
    _make_folder(url)
    engine = connect(url)
    try:
        if not _is_current(engine):
            upgrade(url)
    except BaseException:
        engine.dispose()
        raise
    return engine


def upgrade(url: str) -> None:
    """
    Bring the tables up to date: wholly or, where it fails, not at all.
    """
    from alembic import command  # noqa: PLC0415 - mostly there is nothing to migrate, and a start need not wait for it

    with _migrating(url) as config:
        command.upgrade(config, "head")


def downgrade(url: str, revision: str) -> None:
    """
    Undo the migrations after one; ``base``: all. What only their tables held is lost.
    """
    from alembic import command  # noqa: PLC0415 - as above

    with _migrating(url) as config:
        command.downgrade(config, revision)


def _make_folder(url: str) -> None:
    place = read_url(url)
    if place.get_backend_name() == "sqlite" and place.database:
        Path(place.database).parent.mkdir(parents=True, exist_ok=True)


def _is_current(engine: Engine) -> bool:
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSION.name):
            return False
        return list(connection.scalars(select(_VERSION.c.version_num))) == [newest()]


def newest() -> str:
    """
    The migration that all others come before, by the number its file is named by.
    """
    return max(path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")).partition("_")[0]


@contextmanager
def _migrating(url: str) -> "Iterator[Config]":
    from alembic.util import CommandError  # noqa: PLC0415 - as above

    engine = connect(url, MIGRATION_S)
    try:
        with changing(engine) as connection:
            config = _config()
            config.attributes["connection"] = connection
            yield config
    except CommandError as error:
        raise StoreError(f"the store cannot be migrated; was it by a newer version? {error}") from error
    finally:
        engine.dispose()


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
