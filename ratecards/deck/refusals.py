"""
The refused cells of a sheet as entries of the report, each with what takes the calls meanwhile.
"""

from collections.abc import Iterator

import polars as pl

from ratecards.deck.checks.duplicates import Resolved
from ratecards.deck.draft import Draft
from ratecards.deck.grid import BrokenLine
from ratecards.deck.layout import Layout
from ratecards.deck.neighbours import fallbacks
from ratecards.deck.parse import REASON
from ratecards.deck.report import MAX_LISTED_REFUSALS, Refusal, in_order, shorten
from ratecards.deck.rows import LINE, ROW
from ratecards.deck.table import REFUSED


def all_refused(draft: Draft, resolved: Resolved, layout: Layout) -> pl.DataFrame:
    """
    The cells refused one by one and the rows refused for another row.

    Returns:
        A table of :data:`REFUSED` with the ``code`` each is about, null where none could be read.
    """
    column = layout.columns.get("prefix", layout.columns.get("area", layout.columns.get("nxx", -1)))
    title = layout.title(column) if column >= 0 else ""
    rows = [(row, line, column + 1, title, code, why, code) for row, (line, code, why) in resolved.refused.items()]
    twins = pl.DataFrame(rows, schema={**REFUSED, "code": pl.String}, orient="row")
    return pl.concat([draft.refused.join(draft.codes, on=ROW, how="left"), twins])


def listed(
    refused: pl.DataFrame, serves: pl.DataFrame, broken: list[BrokenLine], sheet: str | None, file: str
) -> tuple[Refusal, ...]:
    """
    The first refusals in order, with what takes the calls of each code until it is corrected.
    """
    if refused.is_empty():
        return in_order(_of_lines(broken, sheet, file))
    shown = refused.sort(LINE, "position", REASON).head(MAX_LISTED_REFUSALS)
    meanwhile = fallbacks(shown["code"], serves, itself=True)
    reason = pl.col(REASON) + ("; until it is corrected, " + pl.col("meanwhile")).fill_null("")
    shown = shown.with_columns(meanwhile=meanwhile).with_columns(reason)
    return in_order([*_of_cells(shown, sheet, file), *_of_lines(broken, sheet, file)])


def _of_cells(shown: pl.DataFrame, sheet: str | None, file: str) -> Iterator[Refusal]:
    for line, position, column, value, reason in shown.select(LINE, "position", "column", "value", REASON).iter_rows():
        yield Refusal(file, sheet, line, column, shorten(value), reason, position)


def _of_lines(broken: list[BrokenLine], sheet: str | None, file: str) -> Iterator[Refusal]:
    for line in broken[:MAX_LISTED_REFUSALS]:
        yield Refusal(file, sheet, line.line, "", shorten(line.value), line.reason)
