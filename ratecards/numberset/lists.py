"""
A list of numbers as it is published: a number a line, or a table with a column of numbers.
"""

import csv
import re
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ratecards.numbers import NumberError, normalise
from ratecards.numberset.keys import key_of
from ratecards.numberset.packed import Stream, opened
from ratecards.numberset.refusals import ListError, Refusals
from ratecards.numberset.sets import NumberSet

MAX_LINE = 1_000
"""Characters of a line that is read at all."""
HEADERS = ("number", "phone", "phone number", "phone_number", "phonenumber", "telephone", "msisdn", "e164", "tn", "did")
"""How a column of numbers is headed; of several the first of these."""
_BLOCK = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_PLAIN = re.compile(rb"(?:[1-9][0-9]{0,14}\r?\n)*")
_DELIMITER = re.compile(r"[,;\t]")


def read_set(
    path: Path,
    refusals: Refusals,
    column: str | None = None,
    number: Callable[[str], str] = normalise,
    progress: Callable[[int], None] | None = None,
) -> NumberSet:
    """
    Read a list of numbers from a file of any size, a MiB at a time.

    Blank lines, and lines that start with ``#``, say nothing. A first line without a digit is a header. Without a name
    of a column the numbers stand in the one that is headed as such, or in the first.

    Args:
        path: text in UTF-8, plain or packed with gzip or xz; columns separated by commas, semicolons or tabs.
        refusals: gets each line without a number.
        column: header of the column of numbers.
        number: makes E.164 digits of a number as the list has it; raises NumberError where it cannot.
        progress: told of the numbers read so far, doubles included.

    Raises:
        ListError: there is no such column, or the packing is damaged.
        OSError: the file cannot be read.

    """
    with opened(path) as file:
        return NumberSet.of_keys(_counted(_batches(file, refusals, column, number), progress))


def _counted(batches: "Iterator[array[int]]", progress: Callable[[int], None] | None) -> "Iterator[array[int]]":
    count = 0
    for batch in batches:
        yield batch
        count += len(batch)
        if progress is not None:
            progress(count)


def _batches(
    file: Stream, refusals: Refusals, column: str | None, number: Callable[[str], str]
) -> "Iterator[array[int]]":
    columns: _Columns | None = None
    line, first = 1, True
    for block in _blocks(file):
        in_first = column is None if columns is None else columns.place == 0
        if in_first and number is normalise and _PLAIN.fullmatch(block):
            yield array("Q", map(int, block.split()))
            line, first = line + block.count(b"\n"), False
            continue
        lines = block.removesuffix(b"\n").split(b"\n")
        texts = list(_texts(lines, line))
        if columns is None and texts:
            columns = _columns(*texts[0], column, may_be_header=first)
        if columns is not None:
            yield _keys(texts, columns, number, refusals)
        line += len(lines)
    if columns is None and column is not None:
        raise ListError(f"no column {column!r}: the file is empty")


def _blocks(file: Stream) -> Iterator[bytes]:
    """
    Whole lines, about a MiB of them at a time; of a line longer than that its beginning and its end.
    """
    rest = file.read(len(_BOM)).removeprefix(_BOM)
    while block := file.read(_BLOCK):
        whole, newline, tail = block.rpartition(b"\n")
        if newline:
            yield rest + whole + newline
            rest = tail
        elif len(rest) < _BLOCK:
            rest += block
    if rest:
        yield rest


@dataclass(frozen=True, slots=True)
class _Columns:
    """
    Where the numbers stand in a line: in which column, from 0, between which delimiters; empty: each line has its own.
    """

    place: int
    delimiter: str
    header_line: int

    def number(self, text: str) -> str:
        """
        The cell of the number.
        """
        if len(text) > MAX_LINE:
            raise NumberError(f"is a line of more than {MAX_LINE:,} characters")
        cells = self.cells(text)
        if len(cells) <= self.place:
            raise NumberError(f"has {len(cells)} columns, and the number is in column {self.place + 1}")
        return cells[self.place].strip()

    def cells(self, text: str) -> list[str]:
        """
        The cells of a line; one in quotes may hold a delimiter, and ends with its line.
        """
        delimiter = self.delimiter or _delimiter(text)
        if not delimiter:
            return [text]
        if '"' not in text:
            return text.split(delimiter)
        try:
            return next(csv.reader([text], delimiter=delimiter))
        except csv.Error:  # the line ends within itself: it is one cell, which is no number
            return [text]


def _columns(at: int, text: str, column: str | None, *, may_be_header: bool) -> _Columns:
    """
    Read what the first line that says something tells of the others.
    """
    columns = _Columns(0, _delimiter(text), 0)
    headers = [cell.strip().lower() for cell in columns.cells(text[:MAX_LINE])]
    if column is not None:
        if column.strip().lower() not in headers:
            raise ListError(f"no column {column!r} in line {at}")
        return _Columns(headers.index(column.strip().lower()), columns.delimiter, at)
    if not may_be_header or any(character.isdigit() for character in text):
        return columns
    named = (headers.index(name) for name in HEADERS if name in headers)
    return _Columns(next(named, 0), columns.delimiter, at)


def _delimiter(text: str) -> str:
    found = _DELIMITER.search(text)
    return found[0] if found else ""


def _texts(lines: list[bytes], line: int) -> Iterator[tuple[int, str]]:
    for at, content in enumerate(lines, line):
        text = content.decode(errors="replace")
        if text.strip() and not text.startswith("#"):
            yield at, text


def _keys(
    texts: list[tuple[int, str]], columns: _Columns, number: Callable[[str], str], refusals: Refusals
) -> "array[int]":
    keys = array("Q")
    for at, text in texts:
        if at == columns.header_line:
            continue
        try:
            keys.append(key_of(number(columns.number(text))))
        except NumberError as error:
            refusals.add(at, str(error))
    return keys
