"""
What the store last said, kept in the data directory: a node that starts while the store is away answers from it.

It is a SQLite file with those tables of the store that a snapshot is read from, so that the same code reads it. What
tokens are signed with is not in it: while the store is away those are unknown, and keys and addresses are not.
"""

import asyncio
import logging
import os
import random
import secrets as random_secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine, Table, create_engine, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from service.ops.child import SlowError, run_child
from service.ops.read import load_snapshot
from service.quota.meters import Meters
from service.settings import Settings
from service.snapshot import Desk, Snapshot
from service.store import tables
from service.store.database import StoreError
from service.store.migrate import create

FILE = "last-known.db"
KEPT: tuple[Table, ...] = (
    tables.generation, tables.cards, tables.revisions, tables.activations, tables.routings, tables.exchange_rates,
    tables.reference_tables, tables.accounts, tables.account_cards, tables.account_networks, tables.service_limits,
    tables.keys, tables.number_sets, tables.number_set_revisions,
)  # fmt: skip
"""All but files, which lie beside it, and what only slow services ask."""
PERIOD_S = 5.0
LIMIT_S = 60.0
RETRY_S = 2.0
UNKNOWN = -1
"""Generation of what was read from here: whatever the store says once it answers is newer."""
_SOME = 1000
_COMMAND = (sys.executable, "-P", "-m", "service.manage.last_known_process")
_THREADS = ThreadPoolExecutor(1, "last known")
_log = logging.getLogger("ratedip.store")


def keep(engine: Engine, path: Path) -> bool:
    """
    Put what the store says into a file, wholly or not at all.

    Returns:
        False: it changed meanwhile, and nothing was put.
    """
    with _beside(path) as place:
        copy = create_engine(f"sqlite:///{place}", hide_parameters=True)
        try:
            before = _generation(engine)
            _copy(engine, copy)
            if _generation(engine) != before:
                return False
        finally:
            copy.dispose()
        place.replace(path)
    return True


def _copy(engine: Engine, copy: Engine) -> None:
    tables.metadata.create_all(copy)
    with engine.connect() as source, copy.begin() as target:
        target.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in KEPT:
            for rows in source.execute(select(table)).mappings().partitions(_SOME):
                target.execute(table.insert(), [dict(row) for row in rows])
        target.execute(tables.secrets.insert().values(name="tokens", value=random_secrets.token_hex(32)))


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """
    A new file in the same folder that nobody else may read, gone at the end unless it has another name by then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    place = Path(name)
    try:
        yield place
    finally:
        place.unlink(missing_ok=True)
        Path(f"{name}-journal").unlink(missing_ok=True)


def _generation(engine: Engine) -> int | None:
    with engine.connect() as connection:
        number: int | None = connection.scalar(select(tables.generation.c.number))
    return number


def kept_generation(path: Path) -> int | None:
    """
    Of what is in the file; None: there is none that can be read.
    """
    try:
        with closing(sqlite3.connect(_read_only(path), uri=True)) as connection:
            found = connection.execute("SELECT number FROM generation").fetchone()
    except sqlite3.Error:
        return None
    return None if found is None else int(found[0])


def _read_only(path: Path) -> str:
    return f"file:{quote(str(path.resolve()))}?mode=ro"


def load_first(desk: Desk, engine: Engine, settings: Settings, meters: Meters) -> Snapshot:
    """
    The first snapshot of a process: what the store says, else what it last said, else nothing, which answers nobody.
    """
    try:
        return load_snapshot(engine, settings.cards, Snapshot(), meters)
    except SQLAlchemyError as error:
        _log.warning("the store does not answer: %s", str(error).partition("\n")[0])
    desk.store_away = int(time.time())
    path = settings.data / FILE
    if kept_generation(path) is None:
        _log.warning("nothing is known of it from before; no look-up is answered until it does")
        return replace(Snapshot(), generation=UNKNOWN)
    known = create_engine(f"sqlite:///{_read_only(path)}&uri=true", hide_parameters=True)
    try:
        return replace(load_snapshot(known, settings.cards, Snapshot(), meters), generation=UNKNOWN)
    except SQLAlchemyError:
        _log.exception("what was known of it cannot be read")
        return replace(Snapshot(), generation=UNKNOWN)
    finally:
        known.dispose()


async def keep_last_known(desk: Desk, settings: Settings) -> None:
    """
    Keep the file at what the store says, until cancelled; each time by a process of its own, one a node.

    A store that is a file lies beside it, and is not away while this is there.
    """
    path = settings.data / FILE
    if desk.store_away is not None:
        await _bring_up_to_date(settings)
    if make_url(settings.store_url).get_backend_name() == "sqlite":
        return
    kept = None
    while True:
        await asyncio.sleep(PERIOD_S * random.uniform(1, 2))  # noqa: S311 - no secret
        wanted = desk.snapshot.generation
        if wanted in (kept, UNKNOWN) or desk.store_away is not None:
            continue
        kept = await asyncio.get_running_loop().run_in_executor(_THREADS, kept_generation, path)
        if kept != wanted:
            await _keep(path)


async def _bring_up_to_date(settings: Settings) -> None:
    """
    Migrate the store once it answers, which nobody could at the start.
    """
    while True:
        try:
            engine = await asyncio.get_running_loop().run_in_executor(_THREADS, create, settings.store_url)
        except SQLAlchemyError:
            await asyncio.sleep(RETRY_S)
        except StoreError as error:
            _log.error("%s", error)
            return
        else:
            engine.dispose()
            return


async def _keep(path: Path) -> None:
    try:
        ended = await run_child(_COMMAND, str(path).encode(), limit_s=LIMIT_S, threads=_THREADS)
    except SlowError as error:
        _log.warning("what the store says was not kept: %s", error)
        return
    if ended.status:
        _log.warning("what the store says was not kept: %s", ended.told.strip()[-500:])
