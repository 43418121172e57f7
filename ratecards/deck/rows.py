"""
The rows under the header, apart from comments, footers and repeated headers.
"""

from collections.abc import Mapping

import polars as pl

from ratecards.deck.grid import Sheet
from ratecards.deck.layout import Layout

ROW, LINE = "row", "line"

_NEEDED = ("prefix", "country_code", "area", "npa", "nxx", "rate")


def data_rows(sheet: Sheet, layout: Layout) -> tuple[pl.DataFrame, pl.Series]:
    """
    Cut the table out of a sheet.

    Returns:
        Columns ``row`` (UInt32, from 0), ``line`` (UInt32) and all cells as ``0``, ``1``, ...; and the lines of rows
        that are not blank and were left out as text that is no rate.
    """
    below = sheet.cells.slice(layout.row + 1).with_columns(sheet.lines.slice(layout.row + 1).alias(LINE))
    suspects = below.filter(_suspect(layout))
    if suspects.is_empty():
        return below.with_row_index(ROW), suspects[LINE]
    cells = [pl.col(name) for name in sheet.cells.columns]
    first = pl.coalesce(cells)
    filled = pl.sum_horizontal(cell.is_not_null() for cell in cells)
    comment = first.str.starts_with("#")
    text_alone = (filled == 1) & first.str.contains(r"\p{L}") & ~first.str.contains(r"^\^?[0-9+]")
    text = suspects.filter(comment | text_alone | _header_again(layout, cells))
    blank = suspects.filter(first.is_null())
    left_out = pl.concat([text[LINE], blank[LINE]])
    kept = below.filter(~pl.col(LINE).is_in(left_out.implode())) if left_out.len() else below
    return kept.with_row_index(ROW), text[LINE]


def _suspect(layout: Layout) -> pl.Expr:
    # Text that is no rate lacks a cell every rate has, repeats the header, or starts with a number sign.
    needed = [i for name, i in layout.columns.items() if name in _NEEDED]
    lacking = [pl.col(str(i)).is_null() for i in needed] or [pl.lit(value=True)]
    repeated = [pl.col(str(i)) == layout.header[i] for i in needed]
    signs = [pl.col(str(i)).str.starts_with("#") for i in {0, *needed}]
    return pl.any_horizontal(*lacking, *repeated, *signs)


def _header_again(layout: Layout, cells: list[pl.Expr]) -> pl.Expr:
    same = [cells[i].eq_missing(layout.header[i] or None) for i in layout.columns.values()]
    return pl.all_horizontal(same)


def cell(layout: Layout, field: str, constants: Mapping[str, str], stated: Mapping[str, str]) -> pl.Expr | None:
    """
    The cells of a field: its column, what the document states where they are blank, else a constant of the mapping.

    Returns:
        A text expression over :func:`data_rows`; None: neither.
    """
    if field in layout.columns:
        column = pl.col(str(layout.columns[field]))
        return column.fill_null(stated[field]) if field in stated else column
    text = constants.get(field, stated.get(field))
    return None if text is None else pl.lit(text, dtype=pl.String)
