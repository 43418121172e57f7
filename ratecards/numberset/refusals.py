"""
The lines of a list that were left out, and why.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

MAX_LISTED = 1_000
"""Refused lines kept one by one; more are counted only, so that a hostile file cannot fill the memory."""


class ListError(ValueError):
    """
    A file that is not the list it should be; the message says what is wrong with it.
    """


class Refusal(NamedTuple):
    """
    A line that was left out: its number in the file, from 1, and what is wrong with it.
    """

    line: int
    reason: str


@dataclass(slots=True)
class Refusals:
    """
    All lines of a file that were left out.

    Attributes:
        count: how many.
        listed: the first thousand.

    """

    count: int = 0
    listed: list[Refusal] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        """
        Count one, and list it if it is among the first.
        """
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(Refusal(line, reason))
