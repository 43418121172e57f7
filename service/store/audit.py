"""
Who changed what, and when: a row of every change, written with it or not at all.
"""

import getpass
import time
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, select

from service.store.tables import audit

SYSTEM = "system"
"""Who changes what nobody asked for, such as the demo's cards."""


@dataclass(frozen=True, slots=True)
class Change:
    """
    Attributes:
        at: unix seconds.
        actor: ``system``, ``cli:<user>`` or ``key:<id>``.
        action: such as ``account.add``.
        object: such as ``account acme``.
        detail: what became of it; never a secret.
    """

    id: int
    at: int
    actor: str
    action: str
    object: str
    detail: dict[str, Any]


def record(connection: Connection, actor: str, action: str, thing: str, **detail: Any) -> None:
    """
    Note a change inside the transaction that makes it.
    """
    values = {"at": int(time.time()), "actor": actor[:128], "action": action, "object": thing[:128]}
    connection.execute(audit.insert().values(**values, detail=orjson.dumps(detail).decode()))


def list_changes(engine: Engine, thing: str | None = None, limit: int = 100, before: int | None = None) -> list[Change]:
    """
    The latest changes first.

    Args:
        thing: of this object only.
        before: with smaller ids only, to page on.
    """
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if thing is not None:
        query = query.where(audit.c.object == thing)
    if before is not None:
        query = query.where(audit.c.id < before)
    with engine.connect() as connection:
        return [
            Change(**{**row, "detail": orjson.loads(row["detail"])}) for row in connection.execute(query).mappings()
        ]


def person() -> str:
    """
    Who gives a command.
    """
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "cli"
