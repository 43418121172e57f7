"""
Lines of CSV into cells, so that a line that is broken costs itself and no other.
"""

import csv

import polars as pl

from ratecards.replay.columns import CallsError, Columns, recognise
from ratecards.replay.refusals import Refusals, refuse

DELIMITERS = ",;\t|"
MAX_COLUMNS = 1024
_SHORT = 12
"""Characters besides delimiters: a line of so few may be blank."""


def choose_delimiter(header: str) -> str:
    """
    What separates the cells: what shows most columns that calls have.
    """
    return max(DELIMITERS, key=lambda delimiter: (len(recognise(cut(header, delimiter)).at), header.count(delimiter)))


def cut(line: str, delimiter: str) -> list[str]:
    """
    One line into its cells.

    Raises:
        CallsError: it has too many to be a call.
    """
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        cells = line.split(delimiter)
    if len(cells) > MAX_COLUMNS:
        raise CallsError(f"has more than {MAX_COLUMNS:,} columns")
    return cells


def cells_of(text: bytes, line: int, columns: Columns, delimiter: str) -> tuple[pl.DataFrame, Refusals]:
    """
    The cells that calls are read from.

    Args:
        text: whole lines.
        line: number of the first one.

    Returns:
        ``line`` and a column of texts for each field there is, null where a cell is blank; and the broken lines.
    """
    lines = pl.Series("value", [text.decode("utf-8", "replace").removesuffix("\n")]).str.split("\n").explode()
    table = lines.to_frame().with_row_index("line", line).cast({"line": pl.Int64})
    good, refusals = _sound(table, columns.width, delimiter, quoted=b'"' in text)
    whole = good.height == table.height
    source = text if whole else "".join(f"{value}\n" for value in good["value"]).encode()
    cells = _parsed(source, good["value"], columns, delimiter)
    return cells.with_columns(good["line"]), refusals


def _sound(table: pl.DataFrame, width: int, delimiter: str, *, quoted: bool) -> tuple[pl.DataFrame, Refusals]:
    """
    The lines that can be taken apart; blank ones are nobody's.
    """
    value = table["value"]
    bare = value.str.replace_all('"[^"]*"', "") if quoted else value
    delimiters = bare.str.count_matches(delimiter, literal=True)
    over = delimiters >= width
    odd = value.str.count_matches('"', literal=True) % 2 == 1 if quoted else over & ~over
    short = value.str.len_bytes() <= delimiters + _SHORT
    if not (over | odd | short).any():
        return table, Refusals()
    edges = f" {delimiter}"
    blank = value.str.strip_chars(edges) == ""
    over &= bare.str.strip_chars_end(edges).str.count_matches(delimiter, literal=True) >= width
    refused = refuse(table.filter(odd & ~blank), "row", "has a quote that is not closed on its line")
    refused += refuse(table.filter(over & ~odd), "row", f"has more cells than the {width} of the header")
    return table.filter(~(over | odd | blank)), refused


def _parsed(text: bytes, lines: pl.Series, columns: Columns, delimiter: str) -> pl.DataFrame:
    # The line in front gives Polars the number of columns, which it takes from the first line it sees.
    fields = sorted(columns.at, key=lambda field: columns.at[field])
    try:
        cells = pl.read_csv(
            delimiter.encode() * (columns.width - 1) + b"x\n" + text,
            has_header=False,
            columns=[columns.at[field] for field in fields],
            infer_schema=False,
            separator=delimiter,
            quote_char='"' if b'"' in text else None,
            truncate_ragged_lines=True,
        ).slice(1)
        cells.columns = fields
    except pl.exceptions.PolarsError:
        return _by_hand(lines, columns, delimiter)
    return cells if cells.height == len(lines) else _by_hand(lines, columns, delimiter)


def _by_hand(lines: pl.Series, columns: Columns, delimiter: str) -> pl.DataFrame:
    rows = (cut(line, delimiter) + [""] * columns.width for line in lines)
    cells = [[row[place] for place in columns.at.values()] for row in rows]
    return pl.DataFrame(cells, schema=dict.fromkeys(columns.at, pl.String), orient="row")
