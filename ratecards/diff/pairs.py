"""
Which rule of one revision belongs to which of the other.
"""

import polars as pl

from ratecards.layout import ALWAYS, ANY_LENGTH

_FOR = ("prefix", "origin", "shortest", "longest")


def marked(rules: pl.DataFrame, row: str) -> pl.DataFrame:
    """
    What a rule is for and when it starts, without nulls; ``nth`` tells rules apart that agree in all of that.
    """
    marked = rules.select(
        "prefix",
        "origin",
        pl.col("min_digits").fill_null(0).alias("shortest"),
        pl.col("max_digits").cast(pl.Int32).fill_null(ANY_LENGTH).alias("longest"),
        pl.col("effective").fill_null(ALWAYS).alias("start"),
    ).with_row_index(row)
    return _numbered(marked, (*_FOR, "start"))


def _numbered(marked: pl.DataFrame, by: tuple[str, ...]) -> pl.DataFrame:
    if not marked.select(pl.struct(by).is_duplicated().any()).item():
        return marked.with_columns(pl.lit(0, pl.UInt32).alias("nth"))
    return marked.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).over(by).alias("nth"))


def paired(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """
    Rows that belong together; ``versus`` is the old row a new one is compared with, paired or not.
    """
    same = old.join(new, on=[*_FOR, "start", "nth"]).select("old_row", "new_row")
    left = _numbered(old.join(same, on="old_row", how="anti").sort("start", maintain_order=True), _FOR)
    right = _numbered(new.join(same, on="new_row", how="anti").sort("start", maintain_order=True), _FOR)
    next_best = left.join(right, on=[*_FOR, "nth"]).select("old_row", "new_row")
    removed = left.join(next_best, on="old_row", how="anti").select("old_row")
    added = right.join(next_best, on="new_row", how="anti")
    rows = pl.concat([same, next_best, removed], how="diagonal").with_columns(pl.col("old_row").alias("versus"))
    return pl.concat([rows, _added(added, old)], how="diagonal")


def _added(added: pl.DataFrame, old: pl.DataFrame) -> pl.DataFrame:
    """
    Of the old rules for the same, the last that starts no later; the first of all, if all start later.
    """
    versus = old.select(*_FOR, pl.col("start").alias("before"), pl.col("old_row").alias("versus"))
    found = added.join(versus, on=_FOR, how="left")
    earlier = pl.col("before") <= pl.col("start")
    nearness = pl.when(earlier).then(pl.col("before")).otherwise(-pl.col("before"))
    found = found.sort("new_row", earlier, nearness, descending=[False, True, True], nulls_last=True)
    return found.unique("new_row", keep="first", maintain_order=True).select("new_row", "versus")
