"""
What a file of numbers can hold: how each kind is built from what is published, and opened to answer.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ratecards.numbering import lrn_build, mccmnc, ofcom
from ratecards.numbering.lrn import open_lrn
from ratecards.numbers import normalise
from ratecards.numberset import CheckpointError, NumberSet, Refusals, read_set
from ratecards.profiles import Profile
from service.lookups.loaded import NUMBERS
from service.ops.open import breathe

_BLOCK = 1024 * 1024
Progress = Callable[[int], None]
"""Told of the rows read so far."""


class Report(Protocol):
    """
    What became of the lines of a file.
    """

    @property
    def rows(self) -> int:
        """
        Rows that the built file holds.
        """
        ...

    @property
    def refusals(self) -> Refusals:
        """
        Lines that were left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How a list of numbers is to be read, where it does not say so itself.

    Attributes:
        profile: makes E.164 digits of its numbers; None: they are international.
        column: header of the numbers; None: one that is usual.
    """

    profile: Profile | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A kind of file.

    Attributes:
        build: source, file to write, how to read it, progress -> what became of its lines. Raises ListError where the
            source is none of this kind.
        open: built file, its SHA-256 -> what answers. Verifies it first.
        reads: a profile and a column may be said.
    """

    build: Callable[[Path, Path, Reading, Progress | None], Report]
    open: Callable[[Path, str], Any]
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """
    The report of a list of numbers.
    """

    rows: int
    refusals: Refusals


def build_numbers(source: Path, target: Path, reading: Reading, progress: Progress | None = None) -> Counted:
    """
    Build a set from a list of numbers.

    Raises:
        ListError: there is no such column, or the packing is damaged.
        OSError: a file cannot be read or written.
    """
    refusals = Refusals()
    number = normalise if reading.profile is None else reading.profile.normalise
    made = read_set(source, refusals, reading.column, number, progress)
    made.save(target)
    return Counted(len(made), refusals)


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


def _table(build: Callable[[Path, Path, Progress | None], Report]) -> Callable[..., Report]:
    """
    How a kind is built that says itself how it is to be read.
    """
    return lambda source, target, _reading, progress: build(source, target, progress)


KINDS: dict[str, Kind] = {
    NUMBERS: Kind(build_numbers, open_numbers, reads=True),
    "lrn": Kind(_table(lrn_build.build), open_lrn),
    "ofcom": Kind(_table(ofcom.build), ofcom.open_ofcom),
    "mccmnc": Kind(_table(mccmnc.build), mccmnc.open_mccmnc),
}
"""By the name staff know it by."""
