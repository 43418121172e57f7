"""
What a file of numbers can hold: how each kind is opened to answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratecards.numbering.lrn import open_lrn
from ratecards.numbering.mccmnc import open_mccmnc
from ratecards.numbering.ofcom import open_ofcom
from ratecards.numberset import CheckpointError, NumberSet
from service.lookups.loaded import NUMBERS
from service.ops.open import breathe

_BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A kind of file.

    Attributes:
        open: built file, its SHA-256 -> what answers. Verifies it first.
        reads: a profile and a column may be said where it is built.
    """

    open: Callable[[Path, str], Any]
    reads: bool = False


def open_numbers(path: Path, digest: str) -> NumberSet:
    """
    Open a set.

    Raises:
        CheckpointError: the file is not the one that was built.
        OSError: it cannot be read.
    """
    check_digest(path, digest)
    return NumberSet.open(path, breathe)


def check_digest(path: Path, digest: str) -> None:
    """
    Make sure that a file is the one a digest names, leaving the processor to others after every MiB.

    Raises:
        CheckpointError: it is another one, or damaged.
        OSError: it cannot be read.
    """
    if digest_of_file(path, breathe) != digest:
        raise CheckpointError(f"{path.name}: its SHA-256 does not agree")


def digest_of_file(path: Path, pause: Callable[[], None] | None = None) -> str:
    """
    SHA-256 of a file of any size, in hexadecimal.
    """
    actual = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            actual.update(block)
            if pause is not None:
                pause()
    return actual.hexdigest()


KINDS: dict[str, Kind] = {
    NUMBERS: Kind(open_numbers, reads=True),
    "lrn": Kind(open_lrn),
    "ofcom": Kind(open_ofcom),
    "mccmnc": Kind(open_mccmnc),
}
"""By the name staff know it by."""
