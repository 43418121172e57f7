"""
Accounts and keys for tests, put into a data directory the way the service finds them.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from service.access.keys import new_key
from service.quota.plan import Plan
from service.store.accounts import Record, add_account
from service.store.database import connect
from service.store.keys import KeyRecord, add_key, revoke_key
from support.stores import sqlite_store

WHO = "test"


@contextmanager
def store(data: Path) -> Iterator[Engine]:
    engine = connect(sqlite_store(data / "ratedip.db"))
    try:
        yield engine
    finally:
        engine.dispose()


def account(data: Path, name: str, plan: Plan | None = None, **fields: Any) -> None:
    """
    Add an account that may ask all cards, unless other fields say otherwise.
    """
    fields = {"all_cards": not fields.keys() & {"card", "cards"}, **fields}
    with store(data) as engine:
        add_account(engine, Record(name, plan=plan or Plan(), created=int(time.time()), **fields), WHO)


def key(data: Path, name: str, *scopes: str, environment: str = "live", expires: int | None = None) -> str:
    """
    Add a key to an account; one to look up with, where nothing else is said.
    """
    made = new_key(environment)
    held = KeyRecord(
        made.id, name, environment, made.digest, frozenset(scopes or ["lookup"]), "", int(time.time()), expires
    )
    with store(data) as engine:
        add_key(engine, held, WHO)
    return made.text


def revoke(data: Path, text: str) -> None:
    with store(data) as engine:
        revoke_key(engine, text.split("_")[2], WHO)


def bearer(text: str) -> str:
    """
    The header field that shows a key or token.
    """
    return f"Authorization: Bearer {text}"
