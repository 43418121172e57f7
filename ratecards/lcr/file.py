"""
The joint index on disk: an artifact like a card's, verified whole before a byte of it is used, then mapped.
"""

import hashlib
import mmap
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from ratecards.artifact import ArtifactError, verify
from ratecards.lcr.joint import LAYOUT, Joint


def joint_name(digests: Iterable[str]) -> str:
    """
    What a joint index of some cards is called, by the digests of their artifacts in any order: 64 hexadecimal digits.
    """
    return hashlib.sha256("\n".join(sorted(set(digests))).encode()).hexdigest()


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
    mapped = map_whole(path)
    sections = verify(memoryview(mapped), path.name, pause=pause)
    if orjson.loads(sections.get("meta", b"{}")).get("kind") != "joint" or not sections.keys() >= {"trie", *LAYOUT}:
        raise ArtifactError(f"{path.name}: a compiled card, not a joint index")
    return Joint(sections, keep=mapped)


def map_whole(path: Path) -> mmap.mmap:
    """
    Map a file for reading.

    Raises:
        ArtifactError: it is empty.
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise ArtifactError(f"{path.name}: is empty")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
