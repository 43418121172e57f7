"""
Opening the store as it is: SQLite by default, PostgreSQL by URL.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError

PATIENCE_S = 5.0
CONNECT_S = 3
ANSWER_S = 1.0
"""Beyond the time a server allows itself: how long to wait for it to say so."""
_CHANGE = 0x72617465646970
"""Number of the PostgreSQL advisory lock that a change of the store is made under: "ratedip" in ASCII."""
_Prepare = Callable[[Any, object], None]


class StoreError(ValueError):
    """
    The store cannot be opened as it is named or as it is.
    """


def connect(url: str, patience_s: float = PATIENCE_S) -> Engine:
    """
    Open the store without migrating it: what a serving process does. Nothing is sent before the first use.

    Args:
        url: SQLAlchemy URL; ``postgresql://`` and ``postgres://`` are what people write.
        patience_s: seconds that one statement may take, waiting for others included, before it fails.

    Raises:
        StoreError: it is no URL, or one of another database.
    """
    place = read_url(url)
    if place.get_backend_name() == "sqlite":
        engine = create_engine(place, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite(patience_s))
        return engine
    defaults = {"connect_timeout": CONNECT_S, "application_name": "ratedip", "prepare_threshold": None}
    chosen = {name: value for name, value in defaults.items() if name not in place.query}
    engine = create_engine(place, pool_pre_ping=True, hide_parameters=True, connect_args=chosen)
    event.listen(engine, "do_connect", _connect_postgresql(patience_s + ANSWER_S))
    event.listen(engine, "connect", _prepare_postgresql(patience_s))
    return engine


def read_url(url: str) -> URL:
    """
    Take a store's URL apart, for the drivers used here.

    Raises:
        StoreError: it cannot be used. What it says is not repeated, for it may be a password.
    """
    try:
        place = make_url(url)
    except (ArgumentError, ValueError):
        place = None
    if place is None or "@" in (place.host or ""):
        raise StoreError(
            "RATEDIP_DATABASE_URL is not a URL such as postgresql://user:password@host:5432/ratedip; "
            "in a password, write @ as %40, : as %3A, / as %2F, % as %25"
        )
    backend = place.get_backend_name() if place.drivername != "postgres" else "postgresql"
    if backend not in {"sqlite", "postgresql"}:
        raise StoreError(f"the store can be SQLite or PostgreSQL, not {backend}")
    return place.set(drivername="postgresql+psycopg") if backend == "postgresql" else place


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """
    A transaction that changes the store, one at a time: what it reads, nobody changes before it ends.

    Others wait for it, and fail once their patience ends. Readers wait for nobody.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(select(func.pg_advisory_xact_lock(_CHANGE)))
        yield connection


def _prepare_sqlite(patience_s: float) -> _Prepare:
    def prepare(connection: Any, _record: object) -> None:
        """
        Readers never wait for the writer, what is committed is on disk, and names of other tables are honoured.
        """
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={round(patience_s * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return prepare


def _connect_postgresql(patience_s: float) -> Callable[..., Any]:
    def open_connection(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> Any:
        from service.store.patient import PatientConnection  # noqa: PLC0415 - with SQLite there need be no driver

        return PatientConnection.open(patience_s, *args, **options)

    return open_connection


def _prepare_postgresql(patience_s: float) -> _Prepare:
    def prepare(connection: Any, _record: object) -> None:
        """
        Nothing asked takes for ever, and a process that stops in the middle of a change does not hold up the others.
        """
        limit = round(patience_s * 1000)
        connection.execute(f"SET statement_timeout = {limit}; SET idle_in_transaction_session_timeout = {limit}")
        connection.commit()

    return prepare
