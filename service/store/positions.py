"""
Positions of what is followed, in the order in which it was committed.
"""

from sqlalchemy import Connection, Engine, text

from service.store.records import START, Position

TABLES = ("call_records", "listed_answers")


def last_given(engine: Engine, table: str) -> Position:
    """
    The last position that was ever given in a table, whether what had it is still there or not.

    Args:
        table: one of :data:`TABLES`.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :table"), {"table": table})
            return found or START
        return _of_sequence(connection, table)


def _of_sequence(connection: Connection, table: str) -> Position:
    query = text("SELECT pg_get_serial_sequence(:table, 'position')")
    sequence = connection.scalar(query, {"table": table})
    row = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {sequence}").one()  # noqa: S608 - a name
    return int(row.last_value) if row.is_called else START
