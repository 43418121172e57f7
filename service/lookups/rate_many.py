"""
Answers of ``rate`` to very many numbers at once: longest match and answer as steps on whole columns.

What they look like is :mod:`service.lookups.rate`'s matter; here they are only quicker, and made without holding up
whoever else the interpreter works for.
"""

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from weakref import WeakKeyDictionary

import polars as pl

from ratecards.columns.amounts import texts_of
from ratecards.columns.segments import longest, segments_of
from ratecards.columns.tree import MAX_DIGITS, ancestors, prefix_keys
from ratecards.index import CardIndex, Lasting, Shared
from ratecards.layout import NEVER
from service.lookups.ready import NUMBER, render_terms
from service.render.plain import to_json
from service.snapshot import LiveCard

MAX_TERMS = 4096
"""Different terms of a card that is laid out; one with more is of another kind than decks are."""
MAX_PREFIXES = 2_000_000
"""Laid out in one process, about 150 bytes each."""
_AT_ONCE = 1000
"""Prefixes read before others get their turn, some 0.5 ms."""
_POWERS = pl.Series([10 ** (MAX_DIGITS - digits) for digits in range(MAX_DIGITS + 1)], dtype=pl.Int64)
_LENGTHS = 16
_OBJECT = ('{"number":"', '"}')


@dataclass(frozen=True)
class LaidOut:
    """
    A card as columns.

    Attributes:
        segments: from :func:`ratecards.columns.segments.segments_of`.
        heads: by prefix, what follows the revision in an answer, up to the rate; null: only the general way can tell.
        terms: of each prefix, its place in what :func:`tails_of` makes; UInt32.
    """

    segments: pl.DataFrame
    heads: pl.Series
    terms: pl.Series


_laid_out: "WeakKeyDictionary[CardIndex, LaidOut]" = WeakKeyDictionary()
_asked: "WeakKeyDictionary[CardIndex, int]" = WeakKeyDictionary()


def is_worth_it(card: LiveCard, numbers: int) -> bool:
    """
    Whether a card should be laid out by now: it takes as long as half as many numbers as the card has prefixes.

    Args:
        numbers: that are asked now.
    """
    index = card.index
    if index in _laid_out:
        return True
    if index.asks_call or card.until is not None or index.prefixes == 0:
        return False
    _asked[index] = _asked.get(index, 0) + numbers
    room = MAX_PREFIXES - sum(len(laid.heads) for laid in _laid_out.values())
    return _asked[index] * 2 >= index.prefixes and index.prefixes <= room and index.different_terms <= MAX_TERMS


def lay_out(index: CardIndex) -> LaidOut:
    """
    Lay a card out, once; in a thread.
    """
    laid = _laid_out.get(index)
    if laid is None:
        laid = _laid_out[index] = _lay_out(index)
    return laid


def tails_of(card: LiveCard, now: int) -> pl.Series:
    """
    How answers end, by the terms of the rule; null: not now, or not for ever.
    """
    return pl.Series([_tail(card, at, shared, now) for at, shared in enumerate(card.index.shared())], dtype=pl.String)


def answers(card: LiveCard, laid: LaidOut, tails: pl.Series, text: bytes, *, objects: bool) -> tuple[bytes, pl.Series]:
    """
    Answer lines of numbers; in a thread.

    Args:
        laid: of ``card.index``; ``tails``: from :func:`tails_of`.
        text: whole lines of digits.
        objects: lines may also be ``{"number":"<digits>"}``.

    Returns:
        The answers where there is one to every line, else nothing; and all of them, null where only the general way
        can tell.
    """
    bare = _bare_at_once(text) if objects else text
    lines = pl.Series("line", [(bare or text).decode().removesuffix("\n")]).str.split("\n").explode()
    digits, keys = _numbers(_bare(lines) if bare is None else lines)
    node = longest(laid.segments, keys)
    head, tail = laid.heads.gather(node), tails.gather(laid.terms.gather(node))
    parts = pl.lit(NUMBER.decode()), digits.alias("number"), pl.lit(card.start.decode()), head.alias("head")
    found = pl.select(pl.concat_str(*parts, tail.alias("tail")).alias("answer"))["answer"]
    return (b"" if found.has_nulls() else written(found)), found


def written(lines: pl.Series) -> bytes:
    """
    Texts as lines; null is none.
    """
    out = io.BytesIO()
    lines.drop_nulls().to_frame().write_csv(out, include_header=False, quote_style="never")
    return out.getvalue()


def _numbers(lines: pl.Series) -> tuple[pl.Series, pl.Series]:
    """
    E.164 digits, null where a line is something else, and what :func:`ratecards.columns.segments.number_keys` makes.
    """
    value, length = lines.cast(pl.Int64, strict=False), lines.str.len_bytes().clip(0, MAX_DIGITS + 1)
    power = _POWERS.gather(length.clip(0, MAX_DIGITS))  # of what a number of so many digits is at least, filled up
    filled = pl.DataFrame([value.alias("value"), length.alias("length"), power.alias("power"), lines.alias("line")])
    at_least = pl.lit(10 ** (MAX_DIGITS - 1)) // pl.col("power")
    plain = (pl.col("length") <= MAX_DIGITS) & (pl.col("value") >= at_least)
    keys = pl.when(plain).then(pl.col("value") * pl.col("power") * _LENGTHS + pl.col("length"))
    done = filled.select(pl.when(plain).then("line").alias("digits"), keys.cast(pl.Int64).alias("key"))
    return done["digits"], done["key"]


def _bare_at_once(text: bytes) -> bytes | None:
    """
    What stands in the objects, where every line is one.
    """
    start, end = _OBJECT[0].encode(), f"{_OBJECT[1]}\n".encode()
    count = text.count(b"\n")
    begun = text.startswith(start) + text.count(b"\n" + start)
    if begun != count or text.count(start) != count or text.count(end) != count:
        return None
    return text.replace(start, b"").replace(end, b"\n")


def _bare(lines: pl.Series) -> pl.Series:
    """
    The same where some are.
    """
    start, end = _OBJECT
    whole = lines.str.starts_with(start) & lines.str.ends_with(end)
    return lines.str.slice(len(start)).str.head(-len(end)).zip_with(whole, lines) if whole.any() else lines


def _lay_out(index: CardIndex) -> LaidOut:
    prefixes, places = _entries(index)
    keys = prefix_keys(prefixes)
    rules = {name: _series(name, column) for name, column in index.columns().items()}
    row = rules["first"].gather(places)
    single = rules["first"].gather(places + 1) - row == 1
    names = pl.Series(list(_names(index)), dtype=pl.String).gather(rules["name"].gather(row))
    before = _before(index)
    amounts = texts_of(rules["rate"].gather(row))
    head = pl.concat_str(
        prefixes.alias("prefix"), pl.lit('","name":'), names.alias("name"), pl.lit(before), amounts.alias("amount")
    )
    heads = pl.select(pl.when(single.alias("single")).then(head).alias("head"))["head"]
    segments = segments_of(keys, ancestors(keys).cast(pl.Int32))
    return LaidOut(segments, heads, rules["shared"].gather(row).cast(pl.UInt32))


def _before(index: CardIndex) -> str:
    """
    What stands between the name and the rate.
    """
    return "," + to_json({"currency": index.terms.currency, "rate": ""})[1:-2].decode()


def _entries(index: CardIndex) -> tuple[pl.Series, pl.Series]:
    """
    Prefixes in the order of their digits, and their places.
    """
    entries, parts = index.entries(), []
    while part := list(islice(entries, _AT_ONCE)):
        parts.append(pl.DataFrame(part, schema={"prefix": pl.String, "place": pl.Int64}, orient="row"))
        time.sleep(0)  # another thread may be waiting for the interpreter
    table = pl.concat(parts)
    return table["prefix"], table["place"]


def _series(name: str, column: memoryview) -> pl.Series:
    parts = (column[start : start + 50_000].tolist() for start in range(0, len(column), 50_000))
    return pl.concat([pl.Series(name, part, dtype=pl.Int64) for part in parts])


def _names(index: CardIndex) -> Iterator[str]:
    return (to_json(name).decode() for name in index.names())


def _tail(card: LiveCard, number: int, shared: Shared, now: int) -> str | None:
    if shared.effective > now or shared.expires != NEVER or shared.blocked:
        return None
    return render_terms(card, Lasting(0, "", number, shared))[1].decode()
