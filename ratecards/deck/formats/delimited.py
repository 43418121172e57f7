"""
CSV, TSV and their kin: text into a sheet of cells, every row knowing the line it stands on.

Rows whose quotes are in order go through Polars at once. The others are taken apart one by one, so that one quote
nobody closed costs one row and not the rest of the file.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator

import polars as pl

from ratecards.deck.errors import DeckError
from ratecards.deck.formats.quotes import Record, split, take_apart
from ratecards.deck.grid import MAX_COLUMNS, MAX_ROWS, SPACES, BrokenLine, Sheet, stripped
from ratecards.deck.words import recognise

DELIMITERS = ",;\t|"

MAX_LINE = 2**20
"""Bytes of one line; the longest cell a spreadsheet holds is 32,767 characters."""

_TOO_LONG = "is no row of rates: the line is too long"
_SAMPLE_BYTES = 2**16
_SAMPLE_LINES = 200
_LINE_ONLY = "\x1f"


def read_delimited(data: bytes) -> Sheet:
    r"""
    Read a text table whose delimiter is not known.

    Args:
        data: UTF-8, lines ending in ``\n``.

    Raises:
        DeckError: too many lines to be a deck.
    """
    data = data.replace(_LINE_ONLY.encode(), b" ")
    directive, data = _separator_line(data)
    lines = _lines(data)
    if lines.len() > MAX_ROWS:
        raise DeckError(f"has more than {MAX_ROWS:,} lines")
    delimiter = directive or choose_delimiter(data[:_SAMPLE_BYTES].decode(errors="replace"))
    return _sheet(data, lines, delimiter, 1 if directive else 0)


def choose_delimiter(sample: str) -> str:
    """
    Say what separates the cells: what shows most columns with words of the field, then what shows most cells.
    """
    lines = sample.split("\n")[:_SAMPLE_LINES]
    return max(DELIMITERS, key=lambda delimiter: _merit(lines, delimiter))


def _merit(lines: list[str], delimiter: str) -> tuple[int, int, int]:
    rows = list(_rough_rows(lines, delimiter))
    known = max((len({recognise(cell).field for cell in row[:MAX_COLUMNS]} - {None}) for row in rows), default=0)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    return known, count, width


def _rough_rows(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue


def _separator_line(data: bytes) -> tuple[str | None, bytes]:
    # Excel writes and obeys a first line "sep=;".
    found = re.match(rb'"?sep=(.)"?\n', data, re.IGNORECASE)
    if found is None or found[1].decode(errors="replace") not in DELIMITERS:
        return None, data
    return found[1].decode(), data[found.end() :]


def _lines(data: bytes) -> pl.Series:
    if not data:
        return pl.Series(dtype=pl.String)
    frame = pl.read_csv(
        b"x\n" + data, has_header=False, new_columns=["0"], infer_schema=False, quote_char=None, separator=_LINE_ONLY
    )
    return frame["0"].slice(1).fill_null("")


def _sheet(data: bytes, lines: pl.Series, delimiter: str, offset: int) -> Sheet:
    records, left_out = take_apart(lines, delimiter)
    widths = lines.str.count_matches(delimiter, literal=True) + 1
    too_long = (lines.str.len_bytes() > MAX_LINE) | (widths > MAX_COLUMNS)
    broken = [BrokenLine(record.line, record.text, record.reason) for record in records if record.reason]
    broken += [BrokenLine(int(i) + 1, lines[int(i)][:200], _TOO_LONG) for i in too_long.arg_true()]
    left_out |= too_long
    numbers = pl.arange(1, lines.len() + 1, dtype=pl.UInt32, eager=True)
    if left_out.any():
        lines, widths, numbers = lines.filter(~left_out), widths.filter(~left_out), numbers.filter(~left_out)
        data = "\n".join([*lines, ""]).encode()
    whole = [record for record in records if not record.reason]
    width = max([1, int(widths.max() or 1), *(len(record.cells) for record in whole)])  # type: ignore[arg-type]
    spaced = bool(whole) or _has_spaces(lines, delimiter, ascii_only=data.isascii())
    cells, numbers = _with_records(_cells(data, lines, delimiter, width), numbers, whole)
    moved = tuple(BrokenLine(b.line + offset, b.value, b.reason) for b in sorted(broken, key=lambda b: b.line))
    return Sheet(None, stripped(cells) if spaced else cells, numbers + offset, moved)


def _has_spaces(lines: pl.Series, delimiter: str, *, ascii_only: bool) -> bool:
    # Stripping a million rows takes longer than reading them, and few files need it.
    spaces = "".join(c for c in SPACES if c != delimiter and (c.isascii() or not ascii_only))
    if (lines.str.strip_chars(spaces).str.len_bytes() != lines.str.len_bytes()).any():
        return True
    space = "[" + "".join(f"\\x{{{ord(c):x}}}" for c in spaces) + "]"
    edge = f'["\\x{{{ord(delimiter):x}}}]'
    return lines.str.contains(f'{edge}{space}|{space}{edge}|""').any()


def _cells(text: bytes, lines: pl.Series, delimiter: str, width: int) -> pl.DataFrame:
    # The line in front gives Polars the number of columns, which it takes from the first line it sees.
    names = [str(i) for i in range(width)]
    try:
        frame = pl.read_csv(
            delimiter.encode() * (width - 1) + b"x\n" + text,
            has_header=False,
            new_columns=names,
            infer_schema=False,
            separator=delimiter,
            quote_char='"' if b'"' in text else None,
        ).slice(1)
    except pl.exceptions.PolarsError:
        return _by_hand(lines, delimiter, names)
    return frame if frame.height == lines.len() else _by_hand(lines, delimiter, names)


def _by_hand(lines: pl.Series, delimiter: str, names: list[str]) -> pl.DataFrame:
    rows = [split(line, delimiter) for line in lines]
    filled = [row + [None] * (len(names) - len(row)) for row in rows]
    return pl.DataFrame(filled, schema=dict.fromkeys(names, pl.String), orient="row")


def _with_records(cells: pl.DataFrame, numbers: pl.Series, records: list[Record]) -> tuple[pl.DataFrame, pl.Series]:
    if not records:
        return cells, numbers
    rows = [record.cells + [None] * (cells.width - len(record.cells)) for record in records]
    more = pl.DataFrame(rows, schema=cells.schema, orient="row").with_columns(
        line=pl.Series([record.line for record in records], dtype=pl.UInt32)
    )
    both = pl.concat([cells.with_columns(line=numbers), more]).sort("line")
    return both.drop("line"), both["line"]
