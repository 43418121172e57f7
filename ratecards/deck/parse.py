"""
A column of cells into a column of values and one of reasons.

Cells of the regular shape are read by an expression over the whole column. Each different cell among the rest is read
once, by the same function whatever the column's length. Both ways give the same value; the tests compare them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ratecards.deck.errors import CellError

REASON = "reason"

_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class CellReader:
    """
    How the cells of one column are read.

    Attributes:
        schema: names and types of what one cell gives.
        read: one cell → its values in that order; raises :class:`CellError`.
        regular: column → the first of its values, null where the cell is not of the regular shape.
    """

    schema: Mapping[str, Any]
    read: Callable[[str], tuple[Any, ...]]
    regular: Callable[[pl.Expr], pl.Expr] | None = None


def read_cells(cells: pl.Series, reader: CellReader) -> pl.DataFrame:
    """
    Read a column.

    Args:
        cells: text, stripped; null is blank.
        reader: how.

    Returns:
        The reader's columns and ``reason``, as long as the cells; blank cells give null in all.
    """
    frame = pl.DataFrame({"cell": cells})
    first = next(iter(reader.schema))
    regular = by_shape(frame, reader)
    rest = frame.filter(regular.is_null() & pl.col("cell").is_not_null())["cell"].unique(maintain_order=True)
    if rest.is_empty():
        others = [pl.lit(None, dtype=t).alias(name) for name, t in [*reader.schema.items(), (REASON, pl.String)]]
        return frame.select(regular, *others[1:])
    found = frame.join(_one_by_one(rest, reader), on="cell", how="left", maintain_order="left").drop("cell")
    return found.with_columns(pl.coalesce(regular, pl.col(first)).alias(first))


def by_shape(frame: pl.DataFrame, reader: CellReader) -> pl.Series:
    """
    Read the cells of the regular shape; the others are null.
    """
    name, dtype = next(iter(reader.schema.items()))
    if reader.regular is None or _repeats(frame["cell"]):
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, frame.height)
    return frame.select(reader.regular(pl.col("cell")).cast(dtype).alias(name)).to_series()


def _repeats(cells: pl.Series) -> bool:
    # Few different cells are read one by one sooner than many by shape.
    return cells.head(_SAMPLE).n_unique() * 20 < cells.head(_SAMPLE).len() and cells.n_unique() <= _SAMPLE


def _one_by_one(cells: pl.Series, reader: CellReader) -> pl.DataFrame:
    blank = (None,) * len(reader.schema)
    rows: list[tuple[Any, ...]] = []
    for cell in cells:
        try:
            rows.append((cell, *reader.read(cell), None))
        except CellError as error:
            rows.append((cell, *blank, str(error)))
    schema = {"cell": pl.String, **reader.schema, REASON: pl.String}
    columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
    return pl.DataFrame([pl.Series(name, values, dtype=dtype) for (name, dtype), values in columns])
