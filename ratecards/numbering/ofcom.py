"""
Who holds which block of British numbers, from the regulator's own lists.

Ofcom publishes its allocations as S1 (01 and 02) to S9. Two shapes of them are read: the one of today, with a column
``NMS Number Block`` such as ``1134 96 0``, and the one before it, with ``SABC``, ``D/DE`` and ``F`` or ``FG`` apart. A
block is an area code of up to four digits as Ofcom groups them (S, A, B, C), then D and E, then F and G.

Source: Oftel, UK telephone number export specification, issue 11; Ofcom, numbering data, S1 to S9.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ratecards.numbering.prefixes import PrefixTable, write_prefixes
from ratecards.numbering.reading import Report, columns, rows
from ratecards.numberset.checkpoint import Kind
from ratecards.numberset.refusals import ListError

KIND = Kind("ofcom", 1)
COUNTRY = "44"
MAX_BLOCKS = 5_000_000
"""Ten times the blocks there are."""
_NAMES = {
    "block": ("numberblock", "nmsnumberblock"),
    "area_code": ("sabc", "sabccode", "areacode", "code"),
    "de": ("dde", "de"),
    "fg": ("fg", "f"),
    "status": ("blockstatus", "status"),
    "modified": ("datelastmodified", "datemodified", "change", "allocationdate", "date"),
}
_DIGITS = re.compile(r"[0-9]{0,6}", re.ASCII)
_BLOCK = re.compile(r"[1-9][0-9]{1,9}", re.ASCII)
_DATES = (("%d/%m/%Y", "%Y-%m-%d"), ("%Y-%m-%d", "%Y-%m-%d"), ("%m/%Y", "%Y-%m"), ("%d-%b-%y", "%Y-%m-%d"))
_AREA_DIGITS, _DE_DIGITS = 4, 2
_MAX_STATUS = 64
_EVERY = 10_000


class Block(NamedTuple):
    """
    A block of numbers.

    Attributes:
        prefix: the digits that all of them begin with, from the country code on.
        area_code: the first digits behind it, up to four, as Ofcom groups them; ``de`` and ``fg``: those that follow,
            empty where the block does not go so deep.
        status: in Ofcom's words: ``Allocated``, ``Free``, ``Protected``, ``Quarantined``.
        date_modified: ISO 8601, ``1997-05-21`` or ``2015-01``; None: not said.
    """

    prefix: str
    area_code: str
    de: str
    fg: str
    status: str
    date_modified: str | None


class OfcomBlocks:
    """
    A list of blocks, mapped from its file.

    Attributes:
        rows: blocks listed.
    """

    __slots__ = ("_find", "rows")

    def __init__(self, table: PrefixTable) -> None:
        self._find = table.find
        self.rows = table.rows

    def find(self, number: str) -> Block | None:
        """
        The smallest block that a number is in.

        Args:
            number: E.164 digits.
        """
        found = self._find(number)
        if found is None:
            return None
        prefix, (area, de, status, modified) = found
        digits = prefix[len(COUNTRY) :]
        return Block(prefix, digits[:area], digits[area : area + de], digits[area + de :], status, modified)


def build(source: Path, target: Path, progress: Callable[[int], None] | None = None) -> Report:
    """
    Make the file of a list; lists joined into one file, each with its header, are read as one.

    Args:
        progress: is told every ten thousand lines how many blocks there are.

    Returns:
        How many blocks, and the lines that were left out: no digits, no status, or a block listed before as another.

    Raises:
        ListError: it has no column of blocks or of their status, or no block at all.
        OSError: a file cannot be read or written.
    """
    report = Report()
    found: dict[str, list[object]] = {}
    for line, area, de, fg, status, modified in _entries(source, report):
        prefix, record = COUNTRY + area + de + fg, [len(area), len(de), status, modified]
        if found.setdefault(prefix, record) != record:
            report.refusals.add(line, f"{area} {de} {fg} is listed above as something else")
        if len(found) > MAX_BLOCKS:
            raise ListError(f"more than {MAX_BLOCKS:,} blocks")
        if progress is not None and line % _EVERY == 0:
            progress(len(found))
    if not found:
        raise ListError("there is no block in it")
    report.rows = len(found)
    write_prefixes(target, KIND, found)
    return report


def open_ofcom(path: Path, digest: str = "") -> OfcomBlocks:
    """
    Verify a file that :func:`build` made, and open it.

    Raises:
        CheckpointError: the file is not whole, not the one expected, or something else. Build it again.
        OSError: it cannot be read.
    """
    return OfcomBlocks(PrefixTable.open(path, KIND, digest))


def _entries(source: Path, report: Report) -> Iterator[tuple[int, str, str, str, str, str | None]]:
    places: dict[str, int] = {}
    for line, cells in rows(source, report.refusals):
        if found := _header(cells):
            places = found
            continue
        if not places:
            raise ListError(f"line {line}: no header with 'NMS Number Block' or 'SABC' and a status")
        try:
            yield from ((line, *entry) for entry in _blocks(cells, places))
        except ValueError as error:
            report.refusals.add(line, str(error))


def _header(cells: list[str]) -> dict[str, int]:
    places = columns(cells, _NAMES)
    return places if "status" in places and places.keys() & {"block", "area_code"} else {}


def _blocks(cells: list[str], places: dict[str, int]) -> Iterator[tuple[str, str, str, str, str | None]]:
    """
    The blocks of a line: one, or those of a range such as ``0-9``.
    """
    said = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
    apart = (said.get(name, "") for name in ("area_code", "de", "fg"))
    area, de, fg = _split(said["block"]) if "block" in said else apart
    area = area.removeprefix("0")
    if not said["status"] or len(said["status"]) > _MAX_STATUS:
        raise ValueError("has no status")
    modified = _date(said.get("modified", ""))
    for one_de in _each(de):
        for one_fg in _each(fg):
            if not _BLOCK.fullmatch(area + one_de + one_fg) or len(area) > _AREA_DIGITS + 2:
                raise ValueError("is no block of 2 to 10 digits that do not start with 0")
            yield area, one_de, one_fg, said["status"], modified


def _split(block: str) -> tuple[str, str, str]:
    """
    ``1134 96 0``, or the same without blanks.
    """
    parts = block.split()
    if len(parts) > 1:
        return parts[0], parts[1], "".join(parts[2:])
    digits = block.removeprefix("0")
    behind = digits[_AREA_DIGITS:]
    return digits[:_AREA_DIGITS], behind[:_DE_DIGITS], behind[_DE_DIGITS:]


def _each(digits: str) -> list[str]:
    first, dash, last = (part.strip() for part in digits.partition("-"))
    if not dash and _DIGITS.fullmatch(digits):
        return [digits]
    if not (dash and first and _DIGITS.fullmatch(first) and len(first) == len(last) <= _DE_DIGITS and last.isdigit()):
        raise ValueError(f"{digits[:20]!r} is neither digits nor a range of up to two digits")
    if first > last:
        raise ValueError(f"{digits!r} is a range that ends before it begins")
    return [f"{n:0{len(first)}}" for n in range(int(first), int(last) + 1)]


def _date(text: str) -> str | None:
    """
    A date as the lists write it; what is none (``N/A``) says nothing.
    """
    for form, written in _DATES:
        try:
            return datetime.strptime(text, form).strftime(written)  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
