"""
A file as it was found: sheets of text cells with the line each row stands on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ratecards.money import Rounding

MAX_COLUMNS = 512
"""More columns than any deck has; a row wider than this is no row of rates."""

MAX_ROWS = 5_000_000
"""Rows of one sheet; five times the longest deck this reader is built for."""

SPACES = " \t\n\r\v\f\u00a0\u200b\u200e\u200f\u2007\u202f\ufeff"
"""What is stripped from both ends of a cell: all the spaces spreadsheets leave there, seen or not."""


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """
    A line that could not be taken apart into cells.
    """

    line: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class CardFacts:
    """
    What an open rate card says of a card besides its rules.

    Attributes:
        title: of the card.
        direction: ``outbound``, ``inbound`` or ``bidirectional``.
        tech_prefix: digits put in front of a number to reach this card's routes.
        precision: decimals of a call's cost, at most 10.
        rounding: how a call's cost is rounded.
    """

    title: str = ""
    direction: str | None = None
    tech_prefix: str | None = None
    precision: int | None = None
    rounding: Rounding | None = None


NO_FACTS = CardFacts()


@dataclass(frozen=True, slots=True)
class Sheet:
    """
    One table of a file.

    Attributes:
        name: of the sheet or card; None: the file has no sheets.
        cells: text columns ``0``, ``1``, ...; cells are stripped, blank ones null.
        lines: UInt32, one a row: where it stands in the file.
        broken: lines left out of ``cells``.
        stated: field → text the document states for all rows (open rate cards have such defaults).
        header_given: the first row is the header, and no spreadsheet has been near the cells.
        facts: of the card, where the document has any.
        refusal: why this sheet cannot be a table of call rates at all; None: it may be.
    """

    name: str | None
    cells: pl.DataFrame
    lines: pl.Series
    broken: tuple[BrokenLine, ...] = ()
    stated: Mapping[str, str] = field(default_factory=dict)
    header_given: bool = False
    facts: CardFacts = NO_FACTS
    refusal: str | None = None


def stripped(cells: pl.DataFrame) -> pl.DataFrame:
    """
    Strip every cell and make blank ones null.
    """
    text = pl.all().str.strip_chars(SPACES)
    return cells.select(pl.when(text != "").then(text))
