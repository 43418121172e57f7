"""
The joint index on disk: an artifact like a card's, verified whole before a byte of it is used, then mapped.
"""

import hashlib
import mmap
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from ratecards.artifact import ArtifactError, pack, verify
from ratecards.durable import write_atomically
from ratecards.lcr.build import Sections, join_cards
from ratecards.lcr.joint import LAYOUT, Joint


def joint_name(digests: Iterable[str]) -> str:
    """
    What a joint index of some cards is called, by the digests of their artifacts in any order: 64 hexadecimal digits.
    """
    return hashlib.sha256("\n".join(sorted(set(digests))).encode()).hexdigest()


def build_joint(path: Path, cards: Iterable[tuple[str, Path]], as_of: int) -> int:
    """
    Join cards on disk and put the joint index in place, whole or not at all.

    Args:
        path: where it goes; by custom its name is :func:`joint_name`.
        cards: digest and file of each card.
        as_of: unix seconds, as in :func:`ratecards.lcr.build.join_cards`.

    Returns:
        Bytes written.

    Raises:
        ArtifactError: a card's file is damaged or not the one its digest names.
        JointError: a card cannot be joined.
        OSError: a file cannot be read or written.

    """
    joined = pack(join_cards({digest: _read(card, digest) for digest, card in cards}, as_of))
    write_atomically(path, joined)
    return len(joined)


def open_joint(path: Path, pause: Callable[[], None] | None = None) -> Joint:
    """
    Verify a joint index and map it.

    Args:
        path: the file.
        pause: called after every 256 KiB checked.

    Raises:
        ArtifactError: the file is cut, changed, of another format, or no joint index.
        OSError: it cannot be read.

    """
    mapped = _map(path)
    sections = verify(memoryview(mapped), path.name, pause=pause)
    if orjson.loads(sections.get("meta", b"{}")).get("kind") != "joint" or not sections.keys() >= {"trie", *LAYOUT}:
        raise ArtifactError(f"{path.name}: a compiled card, not a joint index")
    return Joint(sections, keep=mapped)


def _read(path: Path, digest: str) -> Sections:
    return verify(memoryview(_map(path)), path.name, expected=digest)


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ArtifactError(f"{path.name}: is empty")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
