"""
What reading a deck gives, and what its caller may say besides the file.
"""

from dataclasses import dataclass

import polars as pl

from ratecards.deck.grid import NO_FACTS, CardFacts
from ratecards.deck.mapping import Mapping
from ratecards.deck.report import Report
from ratecards.rules import SCHEMA


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What the caller says besides the file.

    Attributes:
        mapping: answers to what the file leaves open.
        now: unix seconds; None: nothing depends on the time.
        currency: ISO 4217 code the prices must be in.
        base: the revision in use.
        force: load it even if it looks like a mistake beside the revision in use.
        saved: mappings of other decks, for a file with the header of one of them.
    """

    mapping: Mapping
    now: int | None = None
    currency: str | None = None
    base: pl.DataFrame | None = None
    force: bool = False
    saved: tuple[Mapping, ...] = ()


@dataclass(frozen=True, slots=True)
class Deck:
    """
    A deck that has been read.

    Attributes:
        rules: a table of :data:`ratecards.rules.SCHEMA`, in the order of the file.
        currency: ISO 4217 code, as the file, the mapping or the caller has it; None: nobody says.
        report: what was read, refused and noticed.
        accepted: the card may be loaded; False: ``report.reasons`` says why not.
        name: of the card, in a document of several; of the sheet, in a workbook; None: the file has neither.
        card: what a document says of the card besides its rules; all blank for other files.
    """

    rules: pl.DataFrame
    currency: str | None
    report: Report
    accepted: bool
    name: str | None = None
    card: CardFacts = NO_FACTS


def refused_deck(file: str, reason: str, *, ignored_sheets: tuple[str, ...] = (), sheet: str | None = None) -> Deck:
    """
    A deck of which nothing could be read.
    """
    report = Report(file, sheet, reasons=(reason,), ignored_sheets=ignored_sheets)
    return Deck(SCHEMA.to_frame(), None, report, accepted=False, name=sheet)
