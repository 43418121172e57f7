"""
Checkpoints of what was answered for numbers: on this node's disk, of this store, by these settings, or none at all.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ratecards.numberset import Answers, Base, CheckpointError, Policy
from service.store.keys import signing_secret
from service.store.positions import last_given
from service.store.records import START, Position

Mark = tuple[int, int, int]
"""By which a file at the same path is told from another."""


@dataclass(frozen=True, slots=True)
class Positions:
    """
    Up to where the call records, and the lines of lists, have been read.
    """

    records: Position = START
    listed: Position = START

    def earliest(self, other: "Positions") -> "Positions":
        return Positions(min(self.records, other.records), min(self.listed, other.listed))

    def latest(self, other: "Positions") -> "Positions":
        return Positions(max(self.records, other.records), max(self.listed, other.listed))


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A checkpoint that may be stood on.
    """

    base: Base
    positions: Positions


def checkpoint_path(folder: Path, environment: str) -> Path:
    return folder / f"{environment}.answers"


def mark_of(path: Path) -> Mark | None:
    """
    What tells a file from the one that takes its place; None: there is none.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def origin_of(engine: Engine, policy: Policy) -> str:
    """
    What a checkpoint depends on besides the records: which store they are in, and what is kept of them.
    """
    said = {name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(policy).items()}
    return hashlib.sha256(f"{signing_secret(engine)} {sorted(said.items())}".encode()).hexdigest()[:16]


def ends_of(engine: Engine) -> Positions:
    """
    Up to where there are, or were, records and lines.
    """
    return Positions(last_given(engine, "call_records"), last_given(engine, "listed_answers"))


def position_json(origin: str, positions: Positions) -> dict[str, Any]:
    """
    What a checkpoint says of where it ends.
    """
    return {"origin": origin, **asdict(positions)}


def open_answers(path: Path, origin: str, ends: Positions, pause: Callable[[], None] | None = None) -> Opened | None:
    """
    Verify a checkpoint and map it; None: there is none.

    Args:
        ends: of the store: one that goes on beyond them is of a store that lost its last records.

    Raises:
        CheckpointError: it is damaged, or not of these records; it must be made anew.
    """
    try:
        base = Base.open(path, pause)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{path.name}: {error.strerror}") from None
    said = base.position
    if not isinstance(said, dict) or said.get("origin") != origin:
        raise CheckpointError(f"{path.name}: made of another store, or by other settings")
    positions = Positions(said["records"], said["listed"])
    if positions.latest(ends) != ends:
        raise CheckpointError(f"{path.name}: made of records that the store no longer has")
    return Opened(base, positions)


@contextmanager
def building(folder: Path) -> Iterator[bool]:
    """
    Be the only one of this node who writes checkpoints; False: another one is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def is_building(folder: Path) -> bool:
    """
    Whether somebody of this node is writing checkpoints.
    """
    if not folder.exists():
        return False
    with building(folder) as free:
        return not free


def settle(answers: Answers, pause: Callable[[], None] | None = None) -> None:
    """
    Sort out all that was learnt before a checkpoint was taken up.
    """
    while answers.settle():
        if pause is not None:
            pause()
