"""
Cells into calls: numbers normalised, times in unix seconds, durations in whole seconds.
"""

from dataclasses import dataclass
from functools import partial

import polars as pl

from ratecards.columns.segments import number_keys
from ratecards.profiles import Profile
from ratecards.replay.cells import answered, callers, durations, instants, numbers, put, routing_numbers
from ratecards.replay.columns import FIELDS
from ratecards.replay.lines import cells_of
from ratecards.replay.objects import objects_of
from ratecards.replay.pieces import Piece
from ratecards.replay.rate import CALLS
from ratecards.replay.refusals import Refusals


@dataclass(frozen=True, slots=True)
class Reading:
    """
    How calls are read.

    Attributes:
        now: unix seconds at which a call is taken to be made where no column says.
        profile: how dialled strings are normalised; None: as E.164.
        asks_call: who calls matters; False: it is not read.
    """

    now: int
    profile: Profile | None = None
    asks_call: bool = True


@dataclass(frozen=True, slots=True)
class Calls:
    """
    The calls of a piece.

    Attributes:
        table: of :data:`ratecards.replay.rate.CALLS`: those that cost.
        rows: that were read; blank lines are none.
        unanswered: calls that nobody answered, or that had no duration.
    """

    table: pl.DataFrame
    rows: int
    unanswered: int
    refusals: Refusals


def read_calls(piece: Piece, reading: Reading) -> Calls:
    """
    Read the calls of a piece; a row that cannot be read is refused, and no other.
    """
    cells, broken = _cells(piece)
    taken = cells.filter(answered())
    taken, unmeasured = put(taken, "duration_s", "duration", durations)
    lasting = taken.filter(pl.col("duration_s") > 0)
    called, unread = put(lasting, "number", "number", partial(numbers, profile=reading.profile))
    dipped, unrouted = put(called, "lrn", "lrn", routing_numbers)
    started, undated = put(dipped, "start", "start", partial(instants, now=reading.now))
    refusals = broken + unmeasured + unread + unrouted + undated
    unanswered = cells.height - unmeasured.count - lasting.height
    return Calls(_as_calls(started, reading), cells.height + broken.count, unanswered, refusals)


def _cells(piece: Piece) -> tuple[pl.DataFrame, Refusals]:
    """
    Every field as a column of texts: blank where the cell is, null where there is none.
    """
    if isinstance(piece.rows, pl.DataFrame):
        lines = pl.int_range(piece.line, piece.line + piece.rows.height, dtype=pl.Int64, eager=True)
        cells, refusals = piece.rows.fill_null("").with_columns(lines.alias("line")), Refusals()
    elif piece.form == "ndjson":
        return objects_of(piece.rows, piece.line)
    else:
        cells, refusals = cells_of(piece.rows, piece.line, piece.columns, piece.delimiter)
        cells = cells.with_columns(pl.col(pl.String).fill_null(""))
    missing = [pl.lit(None, pl.String).alias(field) for field in FIELDS if field not in cells.columns]
    return cells.with_columns(missing), refusals


def _as_calls(rows: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    cli = callers(rows["cli"], reading.profile) if reading.asks_call else pl.lit("")
    return rows.with_columns(key=number_keys(rows["number"]), cli=cli).select(CALLS.names()).cast(CALLS)
