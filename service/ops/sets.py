"""
From what the store says of files of numbers to those that answer.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from service.access.account import split_qualified
from service.lookups.loaded import broken_key
from service.ops.kinds import KINDS
from service.ops.open import UNREADABLE
from service.snapshot import Loaded, Snapshot
from service.store.files import copy_out, fetch, has_file
from service.store.sets import SetRevision, list_sets

_log = logging.getLogger("ratedip.reload")


def set_path(folder: Path, digest: str) -> Path:
    """
    Where a built file of numbers lies, by its digest.
    """
    return folder / f"{digest}.set"


def read_sets(engine: Engine, folder: Path, known: Sequence[Snapshot], broken: dict[str, str]) -> dict[str, Loaded]:
    """
    All files of numbers that answer, by qualified name; those that were open before stay as they are.

    Args:
        folder: of compiled cards and built files, on this node.
        known: snapshots whose files are open: the one that answers first.
        broken: gets those that cannot be opened; what answered before goes on answering in their place.
    """
    found = {}
    for revision in list_sets(engine):
        before = [snapshot.loaded[revision.set] for snapshot in known if revision.set in snapshot.loaded]
        try:
            found[revision.set] = _loaded(engine, folder, revision, before)
        except UNREADABLE as error:
            broken[broken_key(revision.kind, revision.set)] = _why(error)
            _complain(revision, _why(error), known)
            if revision.set in known[0].loaded and known[0].loaded[revision.set].kind == revision.kind:
                found[revision.set] = known[0].loaded[revision.set]
    return found


def _loaded(engine: Engine, folder: Path, revision: SetRevision, before: Sequence[Loaded]) -> Loaded:
    for one in before:
        if (one.revision, one.digest, one.kind) == (revision.number, revision.digest, revision.kind):
            return one
    same = next((one.data for one in before if (one.digest, one.kind) == (revision.digest, revision.kind)), None)
    data = _open(engine, folder, revision) if same is None else same
    environment, name = split_qualified(revision.set)
    fields = (revision.number, revision.loaded, revision.rows, data, revision.digest)
    return Loaded(name, revision.kind, environment, *fields)


def _open(engine: Engine, folder: Path, revision: SetRevision) -> Any:
    """
    Open a file from this node's disk, or from the store where it is not there or damaged.
    """
    path, kind = set_path(folder, revision.digest), KINDS[revision.kind]
    fetch(engine, revision.digest, path)
    try:
        return kind.open(path, revision.digest)
    except UNREADABLE:
        if not has_file(engine, revision.digest):
            raise
        copy_out(engine, revision.digest, path)
        return kind.open(path, revision.digest)


def _why(error: Exception) -> str:
    """
    What is wrong with a file, without saying where it lies.
    """
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    if isinstance(error, KeyError):
        return "cannot be read by this version"
    return str(error).partition(": ")[2] or "cannot be read"


def _complain(revision: SetRevision, reason: str, known: Sequence[Snapshot]) -> None:
    """
    Log a file that cannot be opened, once.
    """
    if all(snapshot.broken.get(broken_key(revision.kind, revision.set)) != reason for snapshot in known):
        _log.exception("set %s revision %d cannot be opened", revision.set, revision.number)
