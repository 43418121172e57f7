"""
A checkpoint on disk: one file, written as a stream, checked whole before a byte of it is used, then mapped.

Layout, little endian::

    0   8   magic  89 52 44 4E 53 0D 0A 1A  (".RDNS" and the bytes that show a transfer in text mode)
    8   16  what it holds, padded with zeros
    24  4   format version of that
    28  4   number of sections
    32  8   length of the file
    40  32  SHA-256 of everything after these 32 bytes, then of the 40 bytes before them
    72      the sections, each aligned to 8 bytes
    ..  32  a section: name (16, padded with zeros), offset (8), length (8); as many as there are, up to the end

A damaged bitmap inside would end the process or answer wrongly, so nothing is read before the digest agrees.
"""

import hashlib
import mmap
import os
import struct
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ratecards.durable import replacing

MAGIC = b"\x89RDNS\r\n\x1a"
_HEAD = struct.Struct("<8s16sIIQ")
_SECTION = struct.Struct("<16sQQ")
_START = _HEAD.size + hashlib.sha256().digest_size
_MAX_SECTIONS = 16
_BLOCK = 1024 * 1024


class CheckpointError(ValueError):
    """
    A file that is not a whole, undamaged checkpoint. Build it again from the list or the records it was made of.
    """


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What a checkpoint holds, at most 16 ASCII letters, and the version of its sections.
    """

    name: str
    version: int


class Writer:
    """
    A checkpoint being written: section after section, front to back.
    """

    def __init__(self, file: BinaryIO) -> None:
        """
        Leave room for the head, which is known last.
        """
        self._file = file
        self._digest = hashlib.sha256()
        self._sections: list[tuple[str, int, int]] = []
        self._length = _START
        file.write(bytes(_START))

    def section(self, name: str) -> None:
        """
        Begin a section; what is written from here on belongs to it.
        """
        self._append(bytes(-self._length % 8))
        self._sections.append((name, self._length, self._length))

    def write(self, content: "bytes | memoryview | array[int]") -> None:
        """
        Append bytes to the section.
        """
        self._append(content)
        name, start, _ = self._sections[-1]
        self._sections[-1] = (name, start, self._length)

    def _append(self, content: "bytes | memoryview | array[int]") -> None:
        self._digest.update(content)
        self._file.write(content)
        self._length += memoryview(content).nbytes

    def finish(self, kind: Kind) -> None:
        """
        Write the table of sections and the head.
        """
        table = [_SECTION.pack(name.encode(), start, stop - start) for name, start, stop in self._sections]
        self._append(b"".join(table))
        head = _HEAD.pack(MAGIC, kind.name.encode(), kind.version, len(table), self._length)
        self._digest.update(head)
        self._file.seek(0)
        self._file.write(head + self._digest.digest())


@contextmanager
def writing(path: Path, kind: Kind) -> Iterator[Writer]:
    """
    Put a checkpoint in place whole or not at all, on disk when the block ends.

    Raises:
        OSError: it cannot be written; what was at the path is still there.

    """
    with replacing(path, _BLOCK) as file:
        writer = Writer(file)
        yield writer
        writer.finish(kind)


def open_checkpoint(path: Path, kind: Kind, pause: Callable[[], None] | None = None) -> dict[str, memoryview]:
    """
    Verify a checkpoint, map it and hand out its sections, which keep the mapping alive.

    Args:
        pause: called after every MiB checked, by whoever has something more urgent to do meanwhile.

    Raises:
        CheckpointError: the file is cut, changed, or of another kind or version.
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < _START:
            raise CheckpointError(f"{path.name}: too short to be a checkpoint")
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return _verified(mapped, path.name, kind, pause)


def _verified(
    mapped: memoryview, name: str, kind: Kind, pause: Callable[[], None] | None = None
) -> dict[str, memoryview]:
    magic, holds, version, count, length = _HEAD.unpack_from(mapped)
    if magic != MAGIC:
        raise CheckpointError(f"{name}: not a checkpoint")
    if holds.rstrip(b"\0") != kind.name.encode():
        raise CheckpointError(f"{name}: not a checkpoint of {kind.name}")
    if version != kind.version:
        raise CheckpointError(f"{name}: format {version}, this program reads {kind.version}")
    if length != len(mapped):
        raise CheckpointError(f"{name}: {len(mapped)} bytes long, should be {length}")
    if _digest(mapped, pause) != mapped[_HEAD.size : _START]:
        raise CheckpointError(f"{name}: damaged: its SHA-256 does not agree")
    return _sections(mapped, count, name)


def _digest(mapped: memoryview, pause: Callable[[], None] | None) -> bytes:
    actual = hashlib.sha256()
    for start in range(_START, len(mapped), _BLOCK):
        actual.update(mapped[start : start + _BLOCK])
        if pause is not None:
            pause()
    actual.update(mapped[: _HEAD.size])
    return actual.digest()


def _sections(mapped: memoryview, count: int, name: str) -> dict[str, memoryview]:
    table = len(mapped) - count * _SECTION.size
    if count > _MAX_SECTIONS or table < _START:
        raise CheckpointError(f"{name}: its table of sections does not fit")
    sections = {}
    for label, offset, length in _SECTION.iter_unpack(mapped[table:]):
        if offset < _START or offset + length > table:
            raise CheckpointError(f"{name}: a section lies outside the file")
        sections[label.rstrip(b"\0").decode()] = mapped[offset : offset + length]
    return sections
