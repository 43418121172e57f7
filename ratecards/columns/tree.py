"""
Prefixes as a tree, in columns: which prefix serves another, for millions of them without a loop over rows.

A prefix becomes one integer, its digits filled up with zeros to 15, times 16, plus its length. Sorted, a prefix comes
before everything beneath it, and that follows at once; so "the nearest prefix above" is a forward fill.
"""

import polars as pl

MAX_DIGITS = 15
"""Source: ITU-T E.164, 6.1: a number has at most 15 digits."""
_LENGTHS = 16


class PrefixError(ValueError):
    """
    A prefix that is not 1 to 15 ASCII digits, so that no E.164 number starts with it.
    """


def prefix_keys(prefixes: pl.Series) -> pl.Series:
    """
    Turn prefixes into keys that sort as a tree is walked.

    Returns:
        Int64, as many and in the same order.

    Raises:
        PrefixError: one of them is not 1 to 15 digits.

    """
    wrong = prefixes.filter(~prefixes.str.contains(r"^[0-9]{1,15}$"))
    if len(wrong):
        raise PrefixError(f"prefix {wrong[0]!r} is not 1 to {MAX_DIGITS} digits")
    digits = prefixes.str.pad_end(MAX_DIGITS, "0").cast(pl.Int64)
    return (digits * _LENGTHS + prefixes.str.len_bytes()).cast(pl.Int64).alias("key")


def prefixes_of(keys: pl.Series) -> pl.Series:
    """
    Turn keys back into prefixes.
    """
    key = pl.col("key")
    powers = {length: 10 ** (MAX_DIGITS - length) for length in range(_LENGTHS)}
    digits = key // _LENGTHS // (key % _LENGTHS).replace_strict(powers, return_dtype=pl.Int64)
    zeros = digits.cast(pl.String).str.pad_start(key % _LENGTHS, "0")
    return keys.to_frame("key").select(zeros.alias("prefix")).to_series()


def lengths_of(keys: pl.Series) -> pl.Series:
    """
    The number of digits of each key's prefix.
    """
    return keys % _LENGTHS


def ancestors(keys: pl.Series) -> pl.Series:
    """
    Find for each prefix the nearest shorter one among them.

    Args:
        keys: sorted and without repeats.

    Returns:
        UInt32: its position in ``keys``; null where none is shorter.

    """
    key = pl.col("key")
    frame = keys.to_frame("key").select(
        (key // _LENGTHS).alias("digits"),
        (key % _LENGTHS).cast(pl.Int8).alias("length"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        pl.lit(None, pl.UInt32).alias("above"),
    )
    for length in frame["length"].unique().sort():
        frame = frame.with_columns(_above(length))
    return frame["above"]


def _above(length: int) -> pl.Expr:
    """
    Where the last prefix of that length so far is the start of a longer one, it is above it.
    """
    start = pl.col("digits") // 10 ** (MAX_DIGITS - length)
    here = pl.col("length") == length
    begins = pl.when(here).then(start).forward_fill() == start
    last = pl.when(here).then(pl.col("row")).forward_fill()
    return pl.when(begins & (pl.col("length") > length)).then(last).otherwise(pl.col("above")).alias("above")


def inherit(values: pl.Series, above: pl.Series) -> pl.Series:
    """
    Give each prefix without a value the value of the nearest one above that has one: longest match, all at once.

    Args:
        values: null where a prefix has none of its own.
        above: from :func:`ancestors`.

    """
    return inherit_all(values.to_frame(), above).to_series()


def inherit_all(values: pl.DataFrame, above: pl.Series) -> pl.DataFrame:
    """
    Do :func:`inherit` for many columns; each step looks twice as far up, so four reach over 15 digits.
    """
    while above.null_count() < len(above):
        values = values.with_columns(pl.col(name).fill_null(column.gather(above)) for name, column in _named(values))
        above = above.gather(above)
    return values


def _named(values: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    return [(column.name, column) for column in values]


def nearest(asked: pl.Series, keys: pl.Series) -> pl.Series:
    """
    Find the longest match of each prefix asked for, itself included.

    Args:
        asked: keys, in any order, repeats allowed.
        keys: without repeats, in any order.

    Returns:
        UInt32: position in ``keys``; null where nothing matches.

    """
    known = keys.to_frame("key").with_row_index("found")
    if len(asked) * MAX_DIGITS < len(keys):
        return _nearest_of_few(asked, known)
    tree = pl.concat([asked.rename("key"), keys.rename("key")]).unique().sort().to_frame("key")
    own = tree.join(known, on="key", how="left", maintain_order="left")["found"]
    found = tree.with_columns(inherit(own, ancestors(tree["key"])))
    return asked.to_frame("key").join(found, on="key", how="left", maintain_order="left")["found"]


def _nearest_of_few(asked: pl.Series, known: pl.DataFrame) -> pl.Series:
    """
    Look each prefix up digit by digit, rather than put all that are known in order for a few.

    Args:
        known: ``key`` and ``found``.

    """
    starts = asked.to_frame("key").with_row_index("row")
    length, digits = pl.col("key") % _LENGTHS, pl.col("key") // _LENGTHS
    shorter = [
        starts.filter(length >= digit).select(
            "row", (digits // 10 ** (MAX_DIGITS - digit) * 10 ** (MAX_DIGITS - digit) * _LENGTHS + digit).alias("key")
        )
        for digit in range(1, MAX_DIGITS + 1)
    ]
    matches = pl.concat(shorter).join(known, on="key")
    longest = matches.group_by("row").agg(pl.col("found").sort_by(length).last())
    return starts.join(longest, on="row", how="left", maintain_order="left")["found"]
