"""
Tables of reference: which file of each kind look-ups use.
"""

from dataclasses import dataclass

from sqlalchemy import Engine, delete, select

from service.store.audit import SYSTEM, record
from service.store.catalogue import grow_generation
from service.store.database import changing
from service.store.files import drop_files, put_file
from service.store.tables import reference_tables

NPA_NXX = "npa-nxx"
"""Where North American exchanges are."""


@dataclass(frozen=True, slots=True)
class Reference:
    """
    Attributes:
        digest: SHA-256 of the file, which names it.
        entries: how many it has.
        loaded: unix seconds.
    """

    name: str
    digest: str
    source: str
    entries: int
    loaded: int


def set_reference(engine: Engine, reference: Reference, actor: str = SYSTEM, content: bytes | None = None) -> None:
    """
    Use another file from now on.

    Args:
        engine: the store.
        reference: which.
        actor: who says so.
        content: of the file, for every node; the one used before is forgotten. None: each has it already.
    """
    values = {name: getattr(reference, name) for name in ("name", "digest", "source", "entries", "loaded")}
    with changing(engine) as connection:
        before = connection.scalars(select(reference_tables.c.digest).where(reference_tables.c.name == reference.name))
        drop_files(connection, set(before) - {reference.digest})
        if content is not None:
            put_file(connection, reference.digest, content)
        connection.execute(delete(reference_tables).where(reference_tables.c.name == reference.name))
        connection.execute(reference_tables.insert().values(**values))
        record(connection, actor, "reference.set", f"reference {reference.name}", **values)
        grow_generation(connection)


def find_reference(engine: Engine, name: str) -> Reference | None:
    with engine.connect() as connection:
        row = connection.execute(select(reference_tables).where(reference_tables.c.name == name)).mappings().first()
    return None if row is None else Reference(**row)
