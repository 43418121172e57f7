"""
Rules as files: all of a revision, or what sets them apart from those of the revision before.

A part is a table of rules with one more column, whether the rule went. Of 20,000 rules a whole file has 180 kB, and a
part with 50 of them changed 3 kB.
"""

import io
import zlib
from collections.abc import Sequence

import polars as pl

from ratecards.rules import SCHEMA

_GONE = "gone"
_WHEN = "when"
_COLUMNS = SCHEMA.names()


def in_order(rules: pl.DataFrame) -> pl.DataFrame:
    """
    Rules in the one order that they are kept and compared in.
    """
    return rules.select(_COLUMNS).sort(_COLUMNS, nulls_last=True)


def to_whole(rules: pl.DataFrame) -> bytes:
    """
    The file of rules.
    """
    out = io.BytesIO()
    rules.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()


def from_whole(content: bytes) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(content)).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def to_part(part: pl.DataFrame) -> bytes:
    """
    The file of a part. Half of a small one is names of columns, sixteen times over, which zlib takes out.
    """
    out = io.BytesIO()
    part.write_ipc_stream(out, compression="zstd", compat_level=pl.CompatLevel.oldest())
    return zlib.compress(out.getvalue())


def from_part(content: bytes) -> pl.DataFrame:
    return pl.read_ipc_stream(io.BytesIO(zlib.decompress(content)))


def difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame | None:
    """
    What went and what came between two tables in order; None where that would not give the rules back.
    """
    old, new = before.hash_rows(), after.hash_rows()
    stayed, stays = old.is_in(new.implode()), new.is_in(old.implode())
    if not before.filter(stayed).equals(after.filter(stays)):
        return None  # the same rule is there more than once, or two have one hash
    gone = before.filter(~stayed).with_columns(pl.lit(value=True).alias(_GONE))
    return pl.concat([gone, after.filter(~stays).with_columns(pl.lit(value=False).alias(_GONE))])


def apply(base: pl.DataFrame, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """
    Rules with the parts of all later revisions applied, oldest first; in order.

    What became of a rule, its last part says, so that the rules are gone through once, however many parts there are.
    """
    if not parts:
        return in_order(base)
    told = pl.concat([part.with_columns(pl.lit(when).alias(_WHEN)) for when, part in enumerate(parts)])
    last = told.filter(pl.col(_WHEN) == pl.col(_WHEN).max().over(_COLUMNS))
    rules = last.select(_COLUMNS)
    return in_order(pl.concat([_without(base, rules), rules.filter(~last[_GONE])]))


def _without(rules: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """
    Rules that are not among others. Joining on every column is slow, so that it is done with few: those whose hash is
    among the others' hashes, nearly all of which are.
    """
    alike = rules.hash_rows().is_in(others.hash_rows().implode())
    maybe = rules.filter(alike).join(others, on=_COLUMNS, how="anti", nulls_equal=True)
    return pl.concat([rules.filter(~alike), maybe])
