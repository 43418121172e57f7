"""
Files of numbers: which sets there are, what was loaded into them, and which of it answers.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, delete, func, select, update

from service.store.audit import SYSTEM, record
from service.store.catalogue import CARD_NAME, CatalogueError, grow_generation
from service.store.database import changing
from service.store.files import count_parts, drop_files, part_count
from service.store.tables import accounts, incoming_files, number_set_revisions, number_sets

KEPT = 3
"""Revisions of a set that are kept, so many files: the one that answers and those one may go back to."""
MAX_SETS = 64
"""Of an environment: every one of them may be asked for every number."""
FORGOTTEN_S = 86_400
"""A file that nothing has come to refer to for so long was left by a load that was killed."""
_SHOWN = [column for column in number_set_revisions.c if column.name not in {"id", "set_id"}]


@dataclass(frozen=True, slots=True)
class SetRevision:
    """
    What was loaded into a set.

    Attributes:
        set: its name; of the sandbox: with ``test/`` before it.
        kind: what the set holds.
        digest: names the built file, of so many ``bytes``.
        source: name of the file it was built from.
        rows: numbers or ranges it holds; ``refused``: lines left out.
        loaded: unix seconds; ``actor``: who loaded it.
        current: it answers.
    """

    set: str
    kind: str
    number: int
    digest: str
    source: str
    rows: int
    refused: int
    bytes: int
    loaded: int
    actor: str = ""
    current: bool = False


def list_sets(engine: Engine) -> list[SetRevision]:
    """
    What answers of every set, by name.
    """
    return [revision for revision in set_revisions(engine) if revision.current]


def set_revisions(engine: Engine, name: str | None = None) -> list[SetRevision]:
    """
    What is kept of all sets or of one, by name and number.
    """
    current = (number_sets.c.current == number_set_revisions.c.number).label("current")
    query = select(number_sets.c.name.label("set"), number_sets.c.kind, *_SHOWN, current)
    query = query.join_from(number_set_revisions, number_sets)
    if name is not None:
        query = query.where(number_sets.c.name == name)
    with engine.connect() as connection:
        rows = connection.execute(query).mappings().all()
    found = [SetRevision(**{**row, "current": bool(row["current"])}) for row in rows]
    return sorted(found, key=lambda one: (one.set, one.number))


def check_set(engine: Engine, name: str, kind: str) -> None:
    """
    Refuse what :func:`add_set_revision` would refuse, before a large file is built for it.

    Raises:
        CatalogueError: see there.
    """
    with engine.connect() as connection:
        _check(connection, name, kind)


def begin_file(engine: Engine, digest: str) -> None:
    """
    Announce a file that is on its way into the store, so that nobody takes it for one nobody needs; and forget those
    that were announced long ago and have come to nothing.
    """
    now = int(time.time())
    with changing(engine) as connection:
        old = set(connection.scalars(select(incoming_files.c.digest).where(incoming_files.c.begun < now - FORGOTTEN_S)))
        connection.execute(delete(incoming_files).where(incoming_files.c.digest.in_(old | {digest})))
        drop_files(connection, _unused(connection, old - {digest}))
        connection.execute(incoming_files.insert().values(digest=digest, begun=now))


def add_set_revision(engine: Engine, revision: SetRevision, actor: str = SYSTEM) -> SetRevision:
    """
    Let a file answer as the next revision of its set, made if it is new; the oldest ones that are kept go.

    Args:
        engine: the store, which has the whole file already.
        revision: its ``number``, ``actor`` and ``current`` are not looked at.
        actor: who loads it.

    Raises:
        CatalogueError: the name is none, the set is of another kind, there are too many, or the file is not there.
    """
    named = revision.source.encode(errors="replace").decode()[-255:]
    revision = replace(revision, source=named, actor=actor[:128], current=True)
    with changing(engine) as connection:
        _check(connection, revision.set, revision.kind)
        if count_parts(connection, revision.digest) != part_count(revision.bytes):
            raise CatalogueError(f"the file of set '{revision.set}' was removed meanwhile; load it again")
        set_id = _set_id(connection, revision)
        highest = select(func.max(number_set_revisions.c.number)).where(number_set_revisions.c.set_id == set_id)
        revision = replace(revision, number=(connection.scalar(highest) or 0) + 1)
        values = {column.name: getattr(revision, column.name) for column in _SHOWN}
        connection.execute(number_set_revisions.insert().values(set_id=set_id, **values))
        connection.execute(delete(incoming_files).where(incoming_files.c.digest == revision.digest))
        _answer(connection, set_id, revision.number)
        _forget(connection, set_id, number_set_revisions.c.number <= revision.number - KEPT)
        told = {name: values[name] for name in ("source", "rows", "refused", "digest")}
        record(connection, actor, "set.load", f"set {revision.set}", revision=revision.number, **told)
    return revision


def roll_back_set(engine: Engine, name: str, number: int | None = None, actor: str = SYSTEM) -> SetRevision:
    """
    Let an earlier revision answer; or one that is named, whichever way.

    Raises:
        CatalogueError: there is no such set, or it is not kept.
    """
    with changing(engine) as connection:
        found = connection.execute(select(number_sets).where(number_sets.c.name == name)).first()
        if found is None:
            raise CatalogueError(f"no set '{name}'")
        mine = number_set_revisions.c.set_id == found.id
        kept = set(connection.scalars(select(number_set_revisions.c.number).where(mine)))
        chosen = max((n for n in kept if n < found.current), default=None) if number is None else number
        if chosen is None or chosen not in kept:
            what = "revision before the one that answers" if number is None else f"revision {number}"
            raise CatalogueError(f"set '{name}' has no {what}; the last {KEPT} are kept")
        _answer(connection, found.id, chosen)
        record(connection, actor, "set.rollback", f"set {name}", revision=chosen)
    return next(one for one in set_revisions(engine, name) if one.number == chosen)


def delete_set(engine: Engine, name: str, actor: str = SYSTEM) -> None:
    """
    Forget a set and its files; the audit keeps that there was one.

    Raises:
        CatalogueError: there is none, or an account refuses calls by it.
    """
    with changing(engine) as connection:
        set_id = connection.scalar(select(number_sets.c.id).where(number_sets.c.name == name))
        if set_id is None:
            raise CatalogueError(f"no set '{name}'")
        user = _user(connection, name)
        if user is not None:
            raise CatalogueError(f"account '{user}' refuses calls by set '{name}'")
        _forget(connection, set_id, number_set_revisions.c.number > 0)
        connection.execute(delete(number_sets).where(number_sets.c.id == set_id))
        record(connection, actor, "set.delete", f"set {name}")
        grow_generation(connection)


def missing_sets(connection: Connection, names: Iterable[str], kind: str) -> list[str]:
    """
    Of names, those no set of a kind has.
    """
    known = set(connection.scalars(select(number_sets.c.name).where(number_sets.c.kind == kind)))
    return sorted(set(names) - known)


def current_digests(connection: Connection) -> set[str]:
    """
    Of the files that answer.
    """
    answers = (number_sets.c.id == number_set_revisions.c.set_id) & (
        number_sets.c.current == number_set_revisions.c.number
    )
    query = select(number_set_revisions.c.digest).join_from(number_set_revisions, number_sets, answers)
    return set(connection.scalars(query))


def _check(connection: Connection, name: str, kind: str) -> None:
    if not CARD_NAME.fullmatch(name):
        raise CatalogueError(
            f"'{name}' is not a name of a set: lower-case letters, digits, dots, dashes; at most 59; "
            "test/ before it for the sandbox"
        )
    known = {row.name: row.kind for row in connection.execute(select(number_sets.c.name, number_sets.c.kind))}
    if known.get(name, kind) != kind:
        raise CatalogueError(f"set '{name}' is of kind {known[name]}, not {kind}; delete it first, or choose a name")
    mine = [one for one in known if one.partition("/")[1] == name.partition("/")[1]]
    if name not in known and len(mine) >= MAX_SETS:
        raise CatalogueError(f"there are {MAX_SETS} sets, as many as there may be")


def _set_id(connection: Connection, revision: SetRevision) -> int:
    known = connection.scalar(select(number_sets.c.id).where(number_sets.c.name == revision.set))
    if known is not None:
        return int(known)
    values = {"name": revision.set, "kind": revision.kind, "current": 0, "created": revision.loaded}
    return int(connection.execute(number_sets.insert().values(**values).returning(number_sets.c.id)).scalar_one())


def _answer(connection: Connection, set_id: int, number: int) -> None:
    connection.execute(update(number_sets).where(number_sets.c.id == set_id).values(current=number))
    grow_generation(connection)


def _forget(connection: Connection, set_id: int, which: Any) -> None:
    """
    Forget revisions of a set, and their files where no other revision is the same.
    """
    mine = (number_set_revisions.c.set_id == set_id) & which
    digests = set(connection.scalars(select(number_set_revisions.c.digest).where(mine)))
    connection.execute(delete(number_set_revisions).where(mine))
    drop_files(connection, _unused(connection, digests))


def _unused(connection: Connection, digests: set[str]) -> set[str]:
    """
    Of files, those that no revision is and none is about to be.
    """
    used = set(connection.scalars(select(number_set_revisions.c.digest)))
    return digests - used - set(connection.scalars(select(incoming_files.c.digest)))


def _user(connection: Connection, name: str) -> str | None:
    """
    An account that refuses calls by a set; of the sandbox's sets there is no need to know.
    """
    rows = connection.execute(select(accounts.c.name, accounts.c.refusing).where(accounts.c.refusing.is_not(None)))
    said = ((row.name, orjson.loads(row.refusing)) for row in rows)
    return next((account for account, sets in said if any(name in some for some in sets.values())), None)
