"""
Tables about numbers as they are published: text in lines, packed or not, with a header that names the columns.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ratecards.numberset.packed import Stream, opened
from ratecards.numberset.refusals import ListError, Refusal, Refusals

MAX_UNPACKED = 32 * 2**30
"""Bytes of a table once unpacked: three hundred million numbers with all that is said of them."""
MAX_LINE = 4_000
"""Characters of a line that is read at all."""
_BLOCK = 4 * 2**20
_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"


@dataclass(slots=True)
class Report:
    """
    What became of the lines of a table.

    Attributes:
        rows: entries that the built file holds.
        refusals: lines that were left out.
    """

    rows: int = 0
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def refused(self) -> list[Refusal]:
        """
        The first thousand lines that were left out, and why.
        """
        return self.refusals.listed


def blocks(file: Stream, name: str, size: int = _BLOCK) -> Iterator[bytes]:
    """
    Whole lines, some MiB of them at a time.

    Raises:
        ListError: the packing is damaged, or a line does not end.
    """
    rest = b""
    while block := file.read(size):
        whole, newline, tail = block.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = tail
        else:
            rest += block
        if len(rest) > size:
            raise ListError(f"{name}: a line of more than {size:,} bytes")
    if rest:
        yield rest


def rows(source: Path, refusals: Refusals) -> Iterator[tuple[int, list[str]]]:
    """
    The cells of a table of moderate size, line by line with its number; blank lines and ``#`` comments left out.

    A cell in quotes may hold a delimiter, and ends with its line.
    """
    delimiter, line = "", 0
    with opened(source, MAX_UNPACKED) as file:
        for block in blocks(file, source.name):
            for content in block.removesuffix(b"\n").split(b"\n"):
                line += 1
                text = _text(content.removeprefix(_BOM) if line == 1 else content)
                if not text.strip() or text.startswith("#"):
                    continue
                if len(text) > MAX_LINE:
                    refusals.add(line, f"is a line of more than {MAX_LINE:,} characters")
                    continue
                delimiter = delimiter or delimiter_of(text)
                yield line, cells(text, delimiter)


def _text(content: bytes) -> str:
    """
    UTF-8, or as some regulators still write: ISO 8859-1.
    """
    try:
        return content.decode().rstrip("\r")
    except UnicodeDecodeError:
        return content.decode("latin-1").rstrip("\r")


def delimiter_of(text: str) -> str:
    """
    The delimiter that the first line of a table has most of.
    """
    return max(_DELIMITERS, key=text.count)


def cells(text: str, delimiter: str) -> list[str]:
    """
    The cells of a line, without the blanks around them.
    """
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))]
    except (csv.Error, StopIteration):  # the line ends within a quote: it is one cell
        return [text]


def plain(header: str) -> str:
    """
    The words of a column's header: ``NMS Number Block: Number Block`` and ``number_block`` alike in letters only.
    """
    return "".join(c for c in header.rpartition(":")[2].lower() if c.isalnum())


def columns(header: Sequence[str], names: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """
    Where the columns stand that a table has.

    Args:
        names: what is wanted, and how it may be headed, the best word first, as :func:`plain` has it.
    """
    places = {plain(cell): place for place, cell in reversed(list(enumerate(header)))}
    found = {name: next((places[word] for word in words if word in places), -1) for name, words in names.items()}
    return {name: place for name, place in found.items() if place >= 0}
