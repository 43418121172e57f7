"""
A table as an answer: one page of rows, and what is said of all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

PER_PAGE = 100
MAX_PER_PAGE = 1000
MAX_IN_FILE = 10_000
"""Rows a page of a table has, at most and unless told otherwise; of one that is a file, CSV or XLSX."""
MAX_PAGE = 1_000_000
Row = dict[str, Any]
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page:
    """
    Attributes:
        number: from 1.
        size: rows of a page.
    """

    number: int = 1
    size: int = PER_PAGE

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size

    def cut(self, rows: Sequence[Item]) -> Sequence[Item]:
        return rows[self.start : self.start + self.size]


FIRST_PAGE = Page()


@dataclass(frozen=True, slots=True)
class Table:
    """
    Attributes:
        name: what its rows are: ``cards``.
        columns: of every row, in their order.
        rows: of this page.
        total: rows of all pages.
        about: what is said of all rows.
        amounts: columns of decimal texts, which a spreadsheet may take for numbers.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[Row]
    total: int
    page: Page = FIRST_PAGE
    about: dict[str, Any] = field(default_factory=dict)
    amounts: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """
        Number of the last page.
        """
        return max(1, -(-self.total // self.page.size))

    def fields(self) -> dict[str, Any]:
        """
        The table as the fields of an answer.
        """
        paging = {"page": self.page.number, "per_page": self.page.size, "total": self.total}
        return {**self.about, self.name: self.rows, **paging}
