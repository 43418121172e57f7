"""
Call records that are kept no longer: forgotten a few at a time, by one process of all nodes at a time.
"""

from sqlalchemy import Engine, delete, func, select

from service.store.tables import call_records

SOME = 1000
"""Records forgotten in one transaction: some tens of milliseconds."""
_LOCK = 0x6578_70697265
"""Number of the PostgreSQL advisory lock of whoever forgets: "expire" in ASCII."""


def expire(engine: Engine, before_ms: int, most: int = SOME) -> int | None:
    """
    Forget some of the records of calls that started before an instant, the oldest first.

    Args:
        before_ms: unix milliseconds.

    Returns:
        How many; fewer than ``most``: there are no more. None: another process is at it.
    """
    old = select(call_records.c.position).where(call_records.c.start_ms < before_ms)
    oldest = old.order_by(call_records.c.start_ms).limit(most)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        elif not connection.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))):
            return None
        return connection.execute(delete(call_records).where(call_records.c.position.in_(oldest))).rowcount
