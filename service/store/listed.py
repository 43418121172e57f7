"""
Answers of the network that are known from lists: kept beside the call records, followed by all nodes alike.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, delete, func, select, text

from service.store.records import Position
from service.store.tables import listed_answers

AT_ONCE = 10_000
"""Of one transaction, and of one reading."""
_LOCK = 0x6C6973746564
"""Number of the PostgreSQL advisory lock that positions are given under: "listed" in ASCII."""
_COLUMNS = "environment, number, code, answered_at, received"
_ONCE = "ON CONFLICT (environment, number, answered_at, code) DO NOTHING"
_SQLITE = f"INSERT INTO listed_answers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?) {_ONCE}"  # noqa: S608 - names
_POSTGRESQL = f"""
    INSERT INTO listed_answers ({_COLUMNS})
    SELECT :environment, one.number, one.code, one.answered_at, :received
    FROM unnest(CAST(:numbers AS text[]), CAST(:codes AS int[]), CAST(:times AS bigint[]))
        AS one(number, code, answered_at)
    {_ONCE}
"""  # noqa: S608 - names


class Listed(NamedTuple):
    """
    A line of a list.

    Attributes:
        answered_at: unix second of the answer; ``received``: at which the list was taken in.
    """

    position: Position
    environment: str
    number: str
    code: int
    answered_at: int
    received: int


def keep_listed(engine: Engine, environment: str, lines: Sequence[tuple[str, int, int]], received: int) -> int:
    """
    Keep lines of a list, in one transaction; those that are there already stay as they are.

    Args:
        lines: number, SIP code and unix second of the answer; at most :data:`AT_ONCE`.
        received: unix seconds.

    Returns:
        How many are new.
    """
    if not lines:
        return 0
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            rows = [(environment, *line, received) for line in lines]
            return connection.exec_driver_sql(_SQLITE, rows).rowcount
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        numbers, codes, times = (list(column) for column in zip(*lines, strict=True))
        given: dict[str, Any] = {"numbers": numbers, "codes": codes, "times": times}
        given |= {"environment": environment, "received": received}
        return connection.execute(text(_POSTGRESQL), given).rowcount


def listed_after(engine: Engine, after: Position, limit: int = AT_ONCE, upto: Position | None = None) -> list[Listed]:
    """
    Lines committed after a position, in that order; fewer than the limit: these were all.

    Args:
        upto: the last position that is wanted; None: there is no end.
    """
    position = listed_answers.c.position
    query = select(*(listed_answers.c[name] for name in Listed._fields)).where(position > after)
    if upto is not None:
        query = query.where(position <= upto)
    with engine.connect() as connection:
        return [Listed._make(row) for row in connection.execute(query.order_by(position).limit(limit))]


def forget_listed(engine: Engine, before: int, most: int = AT_ONCE) -> int:
    """
    Forget some lines whose answers are older than an instant.

    Args:
        before: unix seconds.

    Returns:
        How many; fewer than ``most``: there are no more.
    """
    old = select(listed_answers.c.position).where(listed_answers.c.answered_at < before).limit(most)
    with engine.begin() as connection:
        return connection.execute(delete(listed_answers).where(listed_answers.c.position.in_(old))).rowcount
