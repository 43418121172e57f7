"""
What is asked for where a file is to be loaded into a set.
"""

from dataclasses import dataclass
from typing import Any

from service.lookups.loaded import NUMBERS


@dataclass(frozen=True, slots=True)
class SetOrder:
    """
    A file to be loaded into a set.

    Attributes:
        file: where it lies, under the name it is to be known by.
        profile: JSON of how its numbers are normalised; None: they are international.
        column: header of the numbers; None: one that is usual.
        dry_run: report, and load nothing.
    """

    name: str
    file: str
    kind: str = NUMBERS
    profile: dict[str, Any] | None = None
    column: str | None = None
    dry_run: bool = False
