"""
Many rules as a table: what a deck is read into and a card is compiled from.

A million rules as objects cost a gigabyte and several seconds; as columns they cost neither.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields

import polars as pl

from ratecards.model import Rule

SCHEMA = pl.Schema(
    {
        "prefix": pl.String(),
        "name": pl.String(),
        "rate_units": pl.Int64(),
        "connect_fee_units": pl.Int64(),
        "mcd_s": pl.Int32(),
        "pulse_s": pl.Int32(),
        "effective": pl.Int64(),
        "expires": pl.Int64(),
        "blocked": pl.Boolean(),
        "origin": pl.String(),
        "rate_inter_units": pl.Int64(),
        "rate_intra_units": pl.Int64(),
        "rate_indeterminate_units": pl.Int64(),
        "min_digits": pl.Int16(),
        "max_digits": pl.Int16(),
    }
)
"""One column an attribute of :class:`ratecards.model.Rule`, in its order and with its units; null is None."""


def to_frame(rules: Iterable[Rule]) -> pl.DataFrame:
    """
    Put rules into a table of :data:`SCHEMA`.
    """
    names = [f.name for f in fields(Rule)]
    rows = [[getattr(rule, name) for name in names] for rule in rules]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def from_frame(frame: pl.DataFrame) -> Iterator[Rule]:
    """
    Read a table of :data:`SCHEMA` back as rules, in its order.
    """
    for row in frame.select(SCHEMA.names()).iter_rows():
        yield Rule(*row)
