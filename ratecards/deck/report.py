"""
What reading a deck found: counts, every refused row with its cell, warnings, and why a card is refused whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal

Status = Literal["clean", "warnings", "refused"]

MAX_LISTED_REFUSALS = 100_000
"""Refused cells listed one by one; more are counted only, so that a hostile file cannot fill the memory."""

MAX_LISTED_WARNINGS = 1_000
"""Warnings of one kind listed one by one; nobody reads further."""

MAX_VALUE = 80
"""Characters of a refused cell that are shown."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    One cell that keeps its row out of the card.

    Attributes:
        file: name of the file as the caller gave it.
        sheet: sheet of a workbook, card of a document of several; None: the file has no sheets.
        line: line of the file, row of the sheet or entry of the rates list, from 1.
        column: the column's own header text.
        value: the cell as it stands, shortened.
        reason: what is wrong with it.
        position: number of the column in the file, from 1; 0: the row as a whole.
    """

    file: str
    sheet: str | None
    line: int
    column: str
    value: str
    reason: str
    position: int = 0

    @property
    def cell(self) -> str:
        """
        The cell as spreadsheets call it: ``E583``.
        """
        letters, number = "", self.position
        while number:
            number, digit = divmod(number - 1, 26)
            letters = chr(ord("A") + digit) + letters
        return f"{letters}{self.line}"


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 - `Warning` is a builtin
    """
    Something a rates manager should look at in a row that was taken, or in the file as a whole.

    Attributes:
        kind: a stable word: ``outlier``, ``sentinel``, ``parent``, ``future``, ``duplicate``, ``vanished``, ...
        message: one sentence.
        line: as in :class:`Refusal`; None: the file as a whole.
        prefix: the code it is about; None: the file as a whole.
    """

    kind: str
    message: str
    line: int | None = None
    prefix: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """
    The account of one reading, the same on every run over the same bytes.

    Attributes:
        file: name of the file as the caller gave it.
        sheet: sheet or card the rules come from.
        rows_read: rows below the header that hold data, ``rows_taken + rows_refused``; 0 while a question is open
            without whose answer no row can be read rightly.
        rows_taken: rows every cell of which could be read.
        rows_refused: rows kept out, each listed in ``refusals``.
        rows_skipped: comments, footers and repeated headers: text that is no rate.
        skipped_lines: the first :data:`MAX_LISTED_WARNINGS` of them.
        rules: rules the taken rows give; one row may hold many codes.
        refusals: by line and column.
        warnings: by kind, line and prefix.
        warning_counts: all warnings of each kind, listed or not.
        reasons: why the card is refused whole, a sentence each; empty: it is accepted.
        header: the header row's cells; empty: none was found.
        fingerprint: of the header, to find a saved mapping by; None: no header.
        columns: field → the header text it was read from.
        ignored: header texts no field was read from.
        ignored_sheets: sheets without a table of rates.
        mapping: name of the mapping the file was read by; empty: none, or one without a name.
    """

    file: str
    sheet: str | None = None
    rows_read: int = 0
    rows_taken: int = 0
    rows_refused: int = 0
    rows_skipped: int = 0
    skipped_lines: tuple[int, ...] = ()
    rules: int = 0
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[Warning_, ...] = ()
    warning_counts: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    fingerprint: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    ignored_sheets: tuple[str, ...] = ()
    mapping: str = ""

    @property
    def status(self) -> Status:
        """
        ``refused``: the card as a whole; ``warnings``: a row was refused or something wants a look; else ``clean``.
        """
        if self.reasons:
            return "refused"
        return "warnings" if self.rows_refused or self.warning_counts else "clean"

    def as_json(self) -> dict[str, Any]:
        """
        The report as plain JSON values, every list in a fixed order.
        """
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in ("refusals", "warnings"):
            values[name] = [_record(entry) for entry in values[name]]
        for name in ("reasons", "header", "ignored", "ignored_sheets", "skipped_lines"):
            values[name] = list(values[name])
        values["columns"] = dict(sorted(self.columns.items()))
        values["warning_counts"] = dict(sorted(self.warning_counts.items()))
        return {"status": self.status, **values}


def _record(entry: Refusal | Warning_) -> dict[str, Any]:
    return {f.name: getattr(entry, f.name) for f in fields(entry)}


def shorten(value: str) -> str:
    """
    Cut a cell to what a report shows of it.
    """
    return value if len(value) <= MAX_VALUE else value[: MAX_VALUE - 1] + "…"


def in_order(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """
    Sort refusals by line and column, at most :data:`MAX_LISTED_REFUSALS` of them.
    """
    found = sorted(refusals, key=attrgetter("line", "position", "column", "value", "reason"))
    return tuple(found[:MAX_LISTED_REFUSALS])
