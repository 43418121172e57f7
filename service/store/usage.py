"""
What accounts have used in a day or a month, where no Redis counts it: kept over a restart, and shared by processes.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from service.quota.ledger import Entry
from service.quota.remote import StoreDown
from service.store.database import changing
from service.store.tables import usage


class Usage:
    """
    The ledger of the store.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self, keys: Collection[str]) -> list[Entry]:
        """
        All that is used so far by some meters.

        Raises:
            StoreDown: the store does not answer.
        """
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(select(usage).where(usage.c.meter.in_(list(keys)))).all()
        except SQLAlchemyError:
            raise StoreDown("the store does not answer") from None
        return [Entry(row.meter, row.limit, row.window, row.used) for row in rows]

    def add(self, entries: Sequence[Entry]) -> None:
        """
        Add to what has been used, all of it or nothing; of a window that is over nothing is kept.

        Raises:
            StoreDown: nothing was added.
        """
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        try:
            with changing(self._engine) as connection:
                for key, limit, window, used in sorted(entries):
                    row = insert(usage).values(meter=key, limit=limit, window=window, used=used)
                    later = {"used": usage.c.used + row.excluded.used}
                    connection.execute(
                        row.on_conflict_do_update(index_elements=["meter", "limit", "window"], set_=later)
                    )
                    over = (usage.c.meter == key) & (usage.c.limit == limit) & (usage.c.window < window - 1)
                    connection.execute(usage.delete().where(over))
        except SQLAlchemyError:
            raise StoreDown("the store does not answer") from None
