"""
How each kind of a file of numbers is built from what is published.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ratecards.numbering import lrn_build, mccmnc, ofcom
from ratecards.numbers import normalise
from ratecards.numberset import Refusals, read_set
from ratecards.profiles import Profile
from service.lookups.loaded import NUMBERS

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


def _table(build: Callable[[Path, Path, Progress | None], Report]) -> Callable[..., Report]:
    """
    How a kind is built that says itself how it is to be read.
    """
    return lambda source, target, _reading, progress: build(source, target, progress)


BUILDS: dict[str, Callable[[Path, Path, Reading, Progress | None], Report]] = {
    NUMBERS: build_numbers,
    "lrn": _table(lrn_build.build),
    "ofcom": _table(ofcom.build),
    "mccmnc": _table(mccmnc.build),
}
"""
By kind: source, file to write, how to read it, progress -> what became of its lines. Raises ListError where the source
is none of this kind.
"""
