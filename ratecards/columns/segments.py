"""
Longest match of very many numbers at once.

A number becomes the integer of :mod:`ratecards.columns.tree`: filled up to 15 digits, times 16, plus its length. All
numbers from one end of a prefix to the next have the same longest prefix, so that sorted numbers find theirs in one
walk beside the sorted ends, and a number shorter than a prefix comes before it.
"""

import polars as pl

from ratecards.columns.tree import MAX_DIGITS

_LENGTHS = 16


def number_keys(numbers: pl.Series) -> pl.Series:
    """
    Numbers as integers that sort as prefixes do; E.164 digits, at most 15.
    """
    return (numbers.str.pad_end(MAX_DIGITS, "0").cast(pl.Int64) * _LENGTHS + numbers.str.len_bytes()).cast(pl.Int64)


def segments_of(keys: pl.Series, above: pl.Series) -> pl.DataFrame:
    """
    Where another prefix becomes the longest.

    Args:
        keys: of prefixes, sorted, without repeats.
        above: from :func:`ratecards.columns.tree.ancestors`.

    Returns:
        ``key``, sorted, and ``node``: the prefix's position in ``keys``, Int32; null: none from there on.
    """
    ends = keys.to_frame("key").select(_end())["key"]
    starts = pl.DataFrame([keys.alias("key"), pl.int_range(len(keys), dtype=pl.Int32, eager=True).alias("node")])
    # Of several that end together the first is the shortest, and what is above that one goes on.
    over = pl.DataFrame([ends, above.cast(pl.Int32).alias("node")]).unique("key", keep="first", maintain_order=True)
    return pl.concat([starts, over]).sort("key")


def longest(segments: pl.DataFrame, keys: pl.Series) -> pl.Series:
    """
    The ``node`` of the longest prefix of each number; null: no prefix. Sorted numbers are found twice as fast.
    """
    if keys.is_sorted():
        asked = keys.alias("key").set_sorted().to_frame()
        return asked.join_asof(segments, on="key", strategy="backward")["node"]
    at = segments["key"].search_sorted(keys, side="right").cast(pl.Int64)
    return segments["node"].gather(at.to_frame("at").select(pl.when(pl.col("at") > 0).then(pl.col("at") - 1))["at"])


def _end() -> pl.Expr:
    """
    The key that numbers below a prefix stay under.
    """
    powers = {length: 10 ** (MAX_DIGITS - length) for length in range(_LENGTHS)}
    span = (pl.col("key") % _LENGTHS).replace_strict(powers, return_dtype=pl.Int64)
    return (pl.col("key") // _LENGTHS + span) * _LENGTHS
