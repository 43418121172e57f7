"""
Saved mappings: what a carrier's decks mean, found again by name or by the shape of the next file's header.
"""

import re
from typing import Any

import orjson
from sqlalchemy import Engine, delete, select

from service.store.audit import SYSTEM, record
from service.store.catalogue import CatalogueError
from service.store.database import changing
from service.store.tables import mappings

MAPPING_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


def save_mapping(
    engine: Engine, name: str, fingerprint: str | None, values: dict[str, Any], actor: str = SYSTEM
) -> None:
    """
    Keep a mapping under a name, in place of what had that name.

    Args:
        engine: the store.
        name: usually the carrier's.
        fingerprint: of the header it is for; None: it is only used by name.
        values: as :meth:`ratecards.deck.Mapping.as_json` gives them.

    Raises:
        CatalogueError: the name is not one, or another mapping is for that header.
    """
    if not MAPPING_NAME.fullmatch(name):
        raise CatalogueError(f"'{name}' is not a mapping's name: lower-case letters, digits, dots, dashes; at most 64")
    with changing(engine) as connection:
        taken = select(mappings.c.name).where(mappings.c.fingerprint == fingerprint, mappings.c.name != name)
        other = connection.scalar(taken) if fingerprint else None
        if other is not None:
            raise CatalogueError(f"mapping '{other}' is already for files with this header; delete it first")
        connection.execute(delete(mappings).where(mappings.c.name == name))
        body = orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()
        connection.execute(mappings.insert().values(name=name, fingerprint=fingerprint, body=body))
        record(connection, actor, "mapping.save", f"mapping {name}", values=values)


def find_mapping(engine: Engine, *, name: str | None = None, fingerprint: str | None = None) -> dict[str, Any] | None:
    """
    The values of a saved mapping, by its name or by the header it is for.
    """
    wanted = mappings.c.name == name if name is not None else mappings.c.fingerprint == fingerprint
    with engine.connect() as connection:
        body = connection.scalar(select(mappings.c.body).where(wanted))
    return None if body is None else orjson.loads(body)


def list_mappings(engine: Engine) -> list[dict[str, Any]]:
    """
    Name, fingerprint and values of every saved mapping, by name.
    """
    with engine.connect() as connection:
        rows = connection.execute(select(mappings).order_by(mappings.c.name))
        return [{"name": r.name, "fingerprint": r.fingerprint, "values": orjson.loads(r.body)} for r in rows]


def delete_mapping(engine: Engine, name: str, actor: str = SYSTEM) -> bool:
    """
    Forget a mapping; False: there was none of that name.
    """
    with changing(engine) as connection:
        gone = connection.execute(delete(mappings).where(mappings.c.name == name)).rowcount > 0
        if gone:
            record(connection, actor, "mapping.delete", f"mapping {name}")
        return gone
