"""
Keeping call records: a batch is one transaction, durable once it is committed, and may be sent any number of times.
"""

from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from service.store.records import COLUMNS, KEY, START, VALUES
from service.store.tables import call_records

BATCH = 20_000
"""Records of one transaction, about: others wait for it, some tenths of a second."""
CACHE_KIB = 65_536
"""
Of SQLite's pages, for whoever keeps records: a batch touches pages all over two indexes, and with SQLite's own 2 MiB
each of them is read and written several times.
"""
SCHEMA: dict[str, type[pl.DataType]] = {
    name: pl.Int64 if call_records.c[name].type.python_type is int else pl.String for name in VALUES
}
"""Columns of a batch; texts are never null."""
CONTENT = tuple(name for name in VALUES if name not in KEY)

_LOCK = 0x726563_6F726473
"""Number of the PostgreSQL advisory lock that positions are given under: "records" in ASCII."""
_STAGED = "staged_call_records"
_FROM = f"SELECT {', '.join(VALUES)} FROM"
_STAGE = f"CREATE TEMPORARY TABLE IF NOT EXISTS {_STAGED} ON COMMIT DELETE ROWS AS {_FROM} call_records WITH NO DATA"
_INTO = f"INSERT INTO call_records ({', '.join(VALUES)})"
_ONCE = f"ON CONFLICT ({', '.join(KEY)}) DO NOTHING"
_KEYS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What became of a batch.

    Attributes:
        taken: how many are new.
        repeated: places in the batch of those that were there already, the same in everything.
        conflicting: places of those whose key another record has; that one stays.
    """

    taken: int
    repeated: list[int] = field(default_factory=list)
    conflicting: list[int] = field(default_factory=list)


def keep(engine: Engine, batch: pl.DataFrame) -> Kept:
    """
    Keep a batch; on return it is on disk.

    Args:
        batch: of :data:`SCHEMA`; of :data:`BATCH` rows or fewer, or not many more.

    Raises:
        SQLAlchemyError: the store does not answer. All of the batch is kept or nothing; to send it again is right.
    """
    if not batch.height:
        return Kept(0)
    with engine.begin() as connection:
        add = _add_postgresql if engine.dialect.name == "postgresql" else _add_sqlite
        before, added = add(connection, batch)
        return Kept(added) if added == batch.height else _told(batch, _stored(connection, batch), before)


def _add_sqlite(connection: Connection, batch: pl.DataFrame) -> tuple[int, int]:
    """
    Returns:
        The latest position before, and how many were added.
    """
    connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    before = _latest(connection)
    values = f"VALUES ({', '.join('?' * len(VALUES))})"
    return before, connection.exec_driver_sql(f"{_INTO} {values} {_ONCE}", batch.rows()).rowcount


def _add_postgresql(connection: Connection, batch: pl.DataFrame) -> tuple[int, int]:
    """
    As :func:`_add_sqlite`. Copied straight into the table, which takes half the time; where something stands in the
    way, by a table aside.
    """
    connection.exec_driver_sql(
        "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    before = _latest(connection)
    rows = batch.write_csv(include_header=False, quote_style="non_numeric")
    try:
        with connection.begin_nested():
            _copy(connection, "call_records", rows)
    except IntegrityError:
        connection.exec_driver_sql(_STAGE)
        _copy(connection, _STAGED, rows)
        return before, connection.exec_driver_sql(f"{_INTO} {_FROM} {_STAGED} {_ONCE}").rowcount
    return before, batch.height


def _copy(connection: Connection, table: str, rows: str) -> None:
    """
    Send rows; errors are those of a statement.
    """
    from psycopg import Error, errors  # noqa: PLC0415 - with SQLite there need be no driver

    statement = f"COPY {table} ({', '.join(VALUES)}) FROM STDIN (FORMAT csv)"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(rows)
    except Error as error:
        kind = IntegrityError if isinstance(error, errors.UniqueViolation) else OperationalError
        raise kind(statement, None, error) from error


def _latest(connection: Connection) -> int:
    return connection.scalar(select(func.max(call_records.c.position))) or START


def _stored(connection: Connection, batch: pl.DataFrame) -> pl.DataFrame:
    """
    What is kept under the call ids of a batch, the batch itself included.
    """
    calls = batch["call_id"].unique().to_list()
    found: list[Row[Any]] = []
    for start in range(0, len(calls), _KEYS_AT_ONCE):
        query = select(*COLUMNS).where(call_records.c.call_id.in_(calls[start : start + _KEYS_AT_ONCE]))
        found += connection.execute(query).all()
    return pl.DataFrame([tuple(row) for row in found], {**SCHEMA, "position": pl.Int64}, orient="row")


def _told(batch: pl.DataFrame, stored: pl.DataFrame, before: int) -> Kept:
    """
    Tell apart what is new, what was there, and what another record stands in the way of.
    """
    kept = stored.rename({name: f"{name}_kept" for name in CONTENT})
    rows = batch.with_row_index("place").join(kept, on=KEY, how="left", maintain_order="left")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_kept")) for name in CONTENT)
    is_new = (pl.col("position") > before) & pl.struct(KEY).is_first_distinct()
    rows = rows.select("place", is_new.alias("new"), same.alias("same"))
    repeated = rows.filter(~pl.col("new") & pl.col("same"))["place"].to_list()
    conflicting = rows.filter(~pl.col("new") & ~pl.col("same"))["place"].to_list()
    return Kept(batch.height - len(repeated) - len(conflicting), repeated, conflicting)
