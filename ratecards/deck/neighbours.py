"""
Shorter prefixes of the same card: what a code falls to.
"""

import polars as pl

from ratecards.money import format_units
from ratecards.numbers import MAX_DIGITS

SERVING = pl.Schema({"prefix": pl.String(), "rate_units": pl.Int64(), "blocked": pl.Boolean(), "line": pl.UInt32()})
"""One row a prefix: what it says of calls from anywhere."""

_SPANS = {length: 16 * 10 ** (MAX_DIGITS - length) for length in range(1, MAX_DIGITS + 1)}


class DictionaryOrder:
    """
    The prefixes of a card in the order of a dictionary, where each stands before all that it covers.
    """

    def __init__(self, prefixes: pl.Series) -> None:
        """
        Args:
            prefixes: digits.
        """
        width = prefixes.str.len_bytes().cast(pl.Int64)
        order = prefixes.str.pad_end(MAX_DIGITS, "0").cast(pl.Int64) * 16 + width
        self._lengths = sorted(width.unique(), reverse=True)
        self._frame = pl.DataFrame({"order": order}).with_row_index("at").sort("order")

    def __len__(self) -> int:
        return self._frame.height

    def has_twins(self) -> bool:
        """
        Whether a prefix stands there twice.
        """
        order = self._frame["order"]
        return bool((order == order.shift()).any())

    def parents(self) -> pl.Series:
        """
        The longest shorter prefix of each among all of them.

        The last prefix of each length above one is the only one of that length that can cover it.

        Returns:
            UInt32: the parent's index among the prefixes; null where there is none.
        """
        frame = self._frame.with_columns(length=pl.col("order") % 16)
        end = pl.col("order") - pl.col("length") + pl.col("length").replace_strict(_SPANS, return_dtype=pl.Int64)
        frame = frame.with_columns(end=end)
        found = []
        for size in self._lengths[1:]:
            last = pl.when(pl.col("length") == size)
            covers = (last.then("end").forward_fill() > pl.col("order")) & (pl.col("length") > size)
            found.append(pl.when(covers).then(last.then("at").forward_fill()))
        parent = pl.coalesce([*found, pl.lit(None, dtype=pl.UInt32)])
        return frame.select("at", parent.alias("parent")).sort("at")["parent"]


def serving(rules: pl.DataFrame, now: int | None, *, twins: bool = True) -> pl.DataFrame:
    """
    The rule of each prefix that takes its calls.

    Args:
        rules: of :data:`ratecards.rules.SCHEMA`, with ``line``.
        now: unix seconds; None: dates are left out of account, and the earliest rule of a prefix stands for it.
        twins: a prefix may have several rules.

    Returns:
        A table of :data:`SERVING`.
    """
    found = rules.filter(pl.col("origin") == "") if (rules["origin"] != "").any() else rules
    if now is not None:
        started = pl.col("effective").is_null() | (pl.col("effective") <= now)
        ended = pl.col("expires").is_not_null() & (pl.col("expires") <= now)
        found = found.filter(started & ~ended)
    if twins:
        found = found.sort("effective", nulls_last=False, maintain_order=True)
        found = found.unique("prefix", keep="first" if now is None else "last", maintain_order=True)
    return found.select(SERVING.names())


def nearest(codes: pl.Series, known: pl.Series, *, itself: bool = False) -> pl.Series:
    """
    The longest known prefix of each code; meant for some codes among many known.

    Args:
        codes: digits; null gives null.
        known: digits.
        itself: a code that is known is its own answer.

    Returns:
        Text as long as ``codes``; null where no prefix of it is known.
    """
    frame = pl.DataFrame({"code": codes}).with_row_index("at")
    width = pl.col("code").str.len_bytes() + itself
    heads = frame.with_columns(length=pl.int_ranges(1, width)).explode("length").drop_nulls("length")
    heads = heads.with_columns(head=pl.col("code").str.slice(0, pl.col("length")))
    hit = heads.join(pl.DataFrame({"head": known.unique()}), on="head", how="semi")
    longest = hit.sort("at", "length").unique("at", keep="last")
    return frame.join(longest.select("at", "head"), on="at", how="left", maintain_order="left")["head"]


def fallbacks(codes: pl.Series, serves: pl.DataFrame, *, itself: bool = False) -> pl.Series:
    """
    Say in words what takes the calls of each code.

    Args:
        codes: digits; null gives null.
        serves: from :func:`serving`.
        itself: a rule of the code itself may be the answer.
    """
    if codes.is_empty():
        return pl.Series(dtype=pl.String)
    answers = pl.DataFrame({"code": codes, "prefix": nearest(codes, serves["prefix"], itself=itself)})
    found = answers.join(serves, on="prefix", how="left", maintain_order="left")
    return found.select(
        pl.when(pl.col("code").is_null())
        .then(None)
        .when(pl.col("prefix").is_null())
        .then(pl.lit("no shorter code of the deck takes its calls"))
        .when("blocked")
        .then("its calls fall to " + pl.col("prefix") + ", which is blocked")
        .otherwise("its calls fall to " + pl.col("prefix") + " at " + words("rate_units"))
    ).to_series()


def words(column: str) -> pl.Expr:
    """
    A column of units of 10**-10 as decimal text.
    """
    return pl.col(column).map_batches(_in_words, return_dtype=pl.String)


def _in_words(units: pl.Series) -> pl.Series:
    different = units.drop_nulls().unique()
    texts = pl.Series([format_units(value) for value in different], dtype=pl.String)
    return units.replace_strict(different, texts, default=None, return_dtype=pl.String)
