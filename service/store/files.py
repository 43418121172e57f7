"""
Files that every node needs, kept in the store in parts and copied to a node's disk when it first needs them.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from ratecards.durable import replacing
from service.store.database import changing
from service.store.tables import files

PART = 1024 * 1024
PARTS_AT_ONCE = 8
"""Of a large file in one transaction: others who change the store wait for no more than that."""


class FileMissingError(OSError):
    """
    The store has no such file, or not the whole of it.
    """


def put_file(connection: Connection, digest: str, content: bytes) -> None:
    """
    Keep a file with what refers to it: both, or neither. One that is there damaged is put right.

    Args:
        connection: in whose transaction.
        digest: that names it.
        content: the whole of it.
    """
    parts = [content[start : start + PART] for start in range(0, len(content), PART)] or [b""]
    if count_parts(connection, digest) == len(parts) and all(
        _part(connection, digest, part) == data for part, data in enumerate(parts)
    ):
        return
    drop_files(connection, [digest])
    for part, data in enumerate(parts):
        connection.execute(files.insert().values(digest=digest, part=part, data=data))


def put_large(engine: Engine, digest: str, path: Path, progress: Callable[[int], None] | None = None) -> None:
    """
    Keep a file of any size, some parts in a transaction, a few MiB in memory. What refers to it comes afterwards.

    Args:
        digest: that names it. Parts that are there already stay, so that what was cut off goes on.
        progress: told of the bytes that are kept so far.
    """
    first, kept = 0, 0
    with path.open("rb") as file:
        while parts := [data for _ in range(PARTS_AT_ONCE) if (data := file.read(PART))]:
            with changing(engine) as connection:
                for part, data in enumerate(parts, first):
                    _put_part(connection, digest, part, data)
            first, kept = first + len(parts), kept + sum(map(len, parts))
            if progress is not None:
                progress(kept)


def _put_part(connection: Connection, digest: str, part: int, data: bytes) -> None:
    if _part(connection, digest, part) != data:
        connection.execute(files.delete().where(files.c.digest == digest, files.c.part == part))
        connection.execute(files.insert().values(digest=digest, part=part, data=data))


def part_count(size: int) -> int:
    """
    Of a file of so many bytes.
    """
    return -(-size // PART)


def get_file(engine: Engine, digest: str) -> bytes:
    """
    A file.

    Raises:
        FileMissingError: the store does not have it.
    """
    with engine.connect() as connection:
        return b"".join(_read(connection, digest))


def get_checked(engine: Engine, digests: Collection[str]) -> dict[str, bytes]:
    """
    Files named by the SHA-256 of all their bytes.

    Raises:
        FileMissingError: the store does not have one, or has it damaged.
    """
    query = select(files.c.digest, files.c.data).where(files.c.digest.in_(list(digests)))
    parts: dict[str, list[bytes]] = {digest: [] for digest in digests}
    with engine.connect() as connection:
        for digest, data in connection.execute(query.order_by(files.c.digest, files.c.part)):
            parts[digest].append(data)
    found = {digest: b"".join(data) for digest, data in parts.items()}
    for digest, content in found.items():
        if not parts[digest]:
            raise FileMissingError(2, "is not in the store")
        if sha256(content) != digest:
            raise FileMissingError(5, "is damaged in the store")
    return found


def has_file(engine: Engine, digest: str) -> bool:
    with engine.connect() as connection:
        return holds_file(connection, digest)


def holds_file(connection: Connection, digest: str) -> bool:
    """
    As :func:`has_file`, in a transaction.
    """
    return count_parts(connection, digest) > 0


def drop_files(connection: Connection, digests: Collection[str]) -> None:
    """
    Forget files that can be made again.
    """
    if digests:
        connection.execute(files.delete().where(files.c.digest.in_(list(digests))))


def fetch(engine: Engine, digest: str, path: Path) -> None:
    """
    See to it that a file of the store lies on this node's disk.

    Raises:
        FileMissingError: it is in neither place.
    """
    if not path.exists():
        copy_out(engine, digest, path)


def copy_out(engine: Engine, digest: str, path: Path) -> None:
    """
    Copy a file of the store to this node's disk, whatever lies there; no more than one part of it is in memory.

    Raises:
        FileMissingError: the store does not have it.
    """
    with engine.connect() as connection, replacing(path) as file:
        for data in _read(connection, digest):
            file.write(data)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def count_parts(connection: Connection, digest: str) -> int:
    """
    Of a file, those that the store has.
    """
    return connection.scalar(select(func.count()).select_from(files).where(files.c.digest == digest)) or 0


def _part(connection: Connection, digest: str, part: int) -> bytes | None:
    return connection.scalar(select(files.c.data).where(files.c.digest == digest, files.c.part == part))


def _read(connection: Connection, digest: str) -> Iterator[bytes]:
    """
    One part at a time, so that no statement takes long, however large the file and slow the network.
    """
    count = count_parts(connection, digest)
    if not count:
        raise FileMissingError(2, "is not in the store")
    for part in range(count):
        data = _part(connection, digest, part)
        if data is None:
            raise FileMissingError(2, "is not whole in the store")
        yield data
