"""
The rows of one sheet as they are being read: parsed columns on one side, refused cells on the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ratecards.deck.layout import Layout
from ratecards.deck.parse import REASON, CellReader, read_cells
from ratecards.deck.rows import LINE, ROW, cell

REFUSED = pl.Schema(
    {
        ROW: pl.UInt32(),
        LINE: pl.UInt32(),
        "position": pl.Int32(),
        "column": pl.String(),
        "value": pl.String(),
        REASON: pl.String(),
    }
)
"""One refused cell a row."""


@dataclass(slots=True)
class Table:
    """
    The rows being read.

    Attributes:
        rows: from :func:`ratecards.deck.rows.data_rows`.
        layout: which column holds what.
        constants: field → text of the mapping, for fields without a column.
        stated: field → text the document states for all rows.
        names_escaped: a name may have an apostrophe in front against spreadsheets.
        refused: tables of :data:`REFUSED`.
        excused: lines of rows taken in spite of a bad cell.
    """

    rows: pl.DataFrame
    layout: Layout
    constants: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, str] = field(default_factory=dict)
    names_escaped: bool = True
    refused: list[pl.DataFrame] = field(default_factory=list)
    excused: set[int] = field(default_factory=set)

    def cells(self, name: str) -> pl.Series | None:
        """
        The text of a field in every row; None: the deck does not have it.
        """
        text = cell(self.layout, name, self.constants, self.stated)
        return None if text is None else self.rows.select(LINE, text.alias("cell"))["cell"]

    def read(self, name: str, reader: CellReader, excused: pl.Series | None = None) -> pl.DataFrame | None:
        """
        Read a field, refusing the cells that cannot be.

        Args:
            name: the field.
            reader: of its cells.
            excused: rows whose bad cells are no refusal.

        Returns:
            The reader's columns; None: the deck does not have the field.
        """
        cells = self.cells(name)
        if cells is None:
            return None
        found = read_cells(cells, reader)
        self.refuse(name, found[REASON], excused)
        return found

    def refuse(self, name: str, reasons: pl.Series, excused: pl.Series | None = None) -> None:
        """
        Refuse the cells of a field that have a reason.
        """
        if excused is not None and (excused & reasons.is_not_null()).any():
            self.excused.update(self.rows[LINE].filter(excused & reasons.is_not_null()))
            reasons = reasons.set(excused, None)
        if reasons.null_count() == reasons.len():
            return
        column = self.layout.columns.get(name)
        cells = self.cells(name)
        frame = self.rows.select(
            ROW,
            LINE,
            pl.lit(0 if column is None else column + 1, dtype=pl.Int32).alias("position"),
            pl.lit(name if column is None else self.layout.title(column)).alias("column"),
            pl.lit("", dtype=pl.String).alias("value") if cells is None else cells.fill_null("").alias("value"),
            reasons.alias(REASON),
        )
        self.refused.append(frame.filter(pl.col(REASON).is_not_null()))

    def refuse_where(self, name: str, mask: pl.Series, reason: str) -> None:
        """
        Refuse the cells of a field in the rows of a mask, all for one reason.
        """
        if mask.any():
            self.refuse(name, pl.select(pl.when(mask).then(pl.lit(reason))).to_series())

    def nothing(self, dtype: type[pl.DataType]) -> pl.Series:
        """
        A column of nulls as long as the table.
        """
        return pl.Series([None], dtype=dtype).new_from_index(0, self.rows.height)
