"""
Keys of accounts. What is kept of one cannot be turned back into it.
"""

import time
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update

from service.store.accounts import AccountError
from service.store.audit import record
from service.store.catalogue import grow_generation
from service.store.database import changing
from service.store.tables import accounts, keys, secrets

MAX_LIVE = 2
"""Of an account and environment: the one in use, and the one that takes its place."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """
    Attributes:
        id: public part of the key.
        environment: ``live`` or ``test``.
        digest: SHA-256 of the whole key, in hexadecimal.
        created: unix seconds, as ``expires`` and ``revoked``.
    """

    id: str
    account: str
    environment: str
    digest: str
    scopes: frozenset[str]
    label: str
    created: int
    expires: int | None = None
    revoked: int | None = None

    def holds(self, now: float) -> bool:
        return self.revoked is None and (self.expires is None or now < self.expires)


def list_keys(engine: Engine, account: str | None = None) -> list[KeyRecord]:
    """
    Every key, or those of one account, oldest first.
    """
    with engine.connect() as connection:
        return _read(connection, account)


def _read(connection: Connection, account: str | None = None) -> list[KeyRecord]:
    columns = [column for column in keys.c if column.name != "account_id"]
    query = select(accounts.c.name.label("account"), *columns).join_from(keys, accounts)
    if account is not None:
        query = query.where(accounts.c.name == account)
    rows = connection.execute(query.order_by(keys.c.created, keys.c.id)).mappings()
    return [KeyRecord(**{**row, "scopes": frozenset(row["scopes"].split())}) for row in rows]


def add_key(engine: Engine, key: KeyRecord, actor: str) -> None:
    """
    Keep a key.

    Raises:
        AccountError: there is no such account, or it has as many keys as it may.
    """
    with changing(engine) as connection:
        found = connection.scalar(select(accounts.c.id).where(accounts.c.name == key.account))
        if found is None:
            raise AccountError(f"no account '{key.account}'")
        now = time.time()
        live = [k.id for k in _read(connection, key.account) if k.environment == key.environment and k.holds(now)]
        if len(live) >= MAX_LIVE:
            raise AccountError(
                f"account '{key.account}' has {MAX_LIVE} {key.environment} keys that hold ({', '.join(live)}): "
                f"revoke one with: ratedip key revoke {live[0]}"
            )
        connection.execute(keys.insert().values(account_id=found, **_values(key)))
        scopes = sorted(key.scopes)
        detail = {"account": key.account, "environment": key.environment, "scopes": scopes, "expires": key.expires}
        record(connection, actor, "key.new", f"key {key.id}", **detail)
        grow_generation(connection)


def _values(key: KeyRecord) -> dict[str, object]:
    names = ("id", "environment", "digest", "label", "created", "expires")
    return {**{name: getattr(key, name) for name in names}, "scopes": " ".join(sorted(key.scopes))}


def revoke_key(engine: Engine, key_id: str, actor: str) -> KeyRecord:
    """
    Let a key no longer hold; every process knows within seconds.

    Raises:
        AccountError: there is no such key, or it was revoked before.
    """
    with changing(engine) as connection:
        found = next((key for key in _read(connection) if key.id == key_id), None)
        if found is None:
            raise AccountError(f"no key '{key_id}'; its public part is wanted: ratedip key list")
        if found.revoked is not None:
            raise AccountError(f"key {key_id} has been revoked already")
        connection.execute(update(keys).where(keys.c.id == key_id).values(revoked=int(time.time())))
        record(connection, actor, "key.revoke", f"key {key_id}", account=found.account)
        grow_generation(connection)
    return found


def signing_secret(engine: Engine) -> str:
    """
    What tokens are signed with on every node.
    """
    with engine.connect() as connection:
        return str(connection.execute(select(secrets.c.value).where(secrets.c.name == "tokens")).scalar_one())
