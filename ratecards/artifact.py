"""
The compiled card on disk: one file, checked whole before a byte of it is used, then mapped.

Layout, little endian::

    0   8   magic  89 52 44 49 50 0D 0A 1A  (".RDIP" and the bytes that show a transfer in text mode)
    8   4   format version
    12  4   number of sections
    16  8   length of the file
    24  32  SHA-256 of the file with these 32 bytes left out
    56  40  a section: name (24, padded with zeros), offset (8), length (8); as many as there are
    ..      the sections, each aligned to 8 bytes

The trie inside carries no checksum of its own, and a damaged one can answer wrongly or end the process; so nothing
is handed to it before the digest agrees.
"""

import hashlib
import mmap
import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from ratecards.index import CardIndex

MAGIC = b"\x89RDIP\r\n\x1a"
FORMAT = 1
_HEADER = struct.Struct("<8sIIQ32s")
_SECTION = struct.Struct("<24sQQ")
_DIGEST = slice(24, 56)
_MAX_SECTIONS = 64
_BLOCK = 256 * 1024


class ArtifactError(ValueError):
    """
    A file that is not a whole, undamaged compiled card. Load the deck again to make a new one.
    """


def pack(sections: Mapping[str, bytes]) -> bytes:
    """
    Lay sections out as one artifact.
    """
    offset = _HEADER.size + _SECTION.size * len(sections)
    table, body = b"", []
    for name, content in sections.items():
        padding = -offset % 8
        offset += padding
        table += _SECTION.pack(name.encode(), offset, len(content))
        body += [bytes(padding), content]
        offset += len(content)
    rest = table + b"".join(body)
    head = _HEADER.pack(MAGIC, FORMAT, len(sections), offset, bytes(32))
    digest = hashlib.sha256(head[: _DIGEST.start] + rest).digest()
    return head[: _DIGEST.start] + digest + rest


def digest_of(artifact: bytes) -> str:
    """
    The SHA-256 an artifact carries, in hexadecimal: its name on disk.
    """
    return artifact[_DIGEST].hex()


def open_card(path: Path, expected: str | None = None, pause: Callable[[], None] | None = None) -> CardIndex:
    """
    Verify an artifact and map it.

    Args:
        path: the file.
        expected: the digest it must have, in hexadecimal.
        pause: called after every 256 KiB checked, by whoever has something more urgent to do meanwhile.

    Raises:
        ArtifactError: the file is cut, changed, of another format, or not the expected one.
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size < _HEADER.size:
            raise ArtifactError(f"{path.name}: too short to be a compiled card")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapped)
    return CardIndex(verify(view, path.name, expected, pause), keep=mapped)


def verify(
    artifact: memoryview,
    name: str = "artifact",
    expected: str | None = None,
    pause: Callable[[], None] | None = None,
) -> dict[str, memoryview]:
    """
    Check an artifact whole and hand out its sections.

    Raises:
        ArtifactError: it is not exactly what :func:`pack` wrote.

    """
    if len(artifact) < _HEADER.size:
        raise ArtifactError(f"{name}: too short to be a compiled card")
    magic, version, count, length, digest = _HEADER.unpack_from(artifact)
    if magic != MAGIC:
        raise ArtifactError(f"{name}: not a compiled card")
    if version != FORMAT:
        raise ArtifactError(f"{name}: format {version}, this program reads {FORMAT}; load the deck again")
    if length != len(artifact):
        raise ArtifactError(f"{name}: {len(artifact)} bytes long, should be {length}")
    if _digest(artifact, pause) != digest or (expected is not None and digest.hex() != expected):
        raise ArtifactError(f"{name}: damaged: its SHA-256 does not agree")
    return _sections(artifact, count, name)


def _digest(artifact: memoryview, pause: Callable[[], None] | None) -> bytes:
    actual = hashlib.sha256(artifact[: _DIGEST.start])
    for start in range(_DIGEST.stop, len(artifact), _BLOCK):
        actual.update(artifact[start : start + _BLOCK])
        if pause is not None:
            pause()
    return actual.digest()


def _sections(artifact: memoryview, count: int, name: str) -> dict[str, memoryview]:
    start = _HEADER.size + _SECTION.size * count
    if count > _MAX_SECTIONS or start > len(artifact):
        raise ArtifactError(f"{name}: its table of sections does not fit")
    sections = {}
    for at in range(_HEADER.size, start, _SECTION.size):
        label, offset, length = _SECTION.unpack_from(artifact, at)
        if offset < start or offset + length > len(artifact):
            raise ArtifactError(f"{name}: a section lies outside the file")
        if not label.isascii():
            raise ArtifactError(f"{name}: a section has a name that none has")
        sections[label.rstrip(b"\0").decode()] = artifact[offset : offset + length]
    return sections
