"""
Compiled cards become a joint index: seconds of work, so never in a serving process.
"""

from array import array
from collections.abc import Mapping

import marisa_trie
import orjson
import polars as pl

from ratecards.charge import SECONDS_PER_RATE
from ratecards.columns.tree import lengths_of, prefix_keys, prefixes_of
from ratecards.layout import NEVER, SHARED
from ratecards.lcr.charge import Charge, cost_sixtieths
from ratecards.lcr.joint import ASK_CARD, BLOCKED, LAYOUT, LENGTH_BITS

MAX_CARDS = 65_536
MAX_INCREMENTS = 64
"""Pairs of increments kept; a rule with another is left to its card."""
MAX_COST = 2**62
"""Sixtieths of a unit; a rule whose minute costs more is left to its card."""
_SLICE = 1_000_000
_PRICE = ("rate_units", "connect_fee_units", "mcd_s", "pulse_s")
_SHARED = ("connect_fee_units", "mcd_s", "pulse_s", "effective", "expires", "blocked")

Sections = Mapping[str, bytes | memoryview]


class JointError(ValueError):
    """
    Cards that cannot be joined; the message names the card. Leave it out: it is then looked up by itself.
    """


def join_cards(cards: Mapping[str, Sections], as_of: int) -> dict[str, bytes]:
    """
    Join compiled cards.

    Args:
        cards: digest of a card's artifact to its sections, as :func:`ratecards.artifact.verify` hands them out.
        as_of: unix seconds; the joint index is for questions from then on, and rules that start later, or end, are
            left to their card.

    Returns:
        Section name to bytes; the same cards in any order give the same bytes.

    Raises:
        JointError: there are too many cards, or the price of one depends on who calls.

    """
    if len(cards) > MAX_CARDS:
        raise JointError(f"at most {MAX_CARDS:,} cards can be joined, not {len(cards):,}")
    digests, prices = sorted(cards), _Prices()
    entries = pl.concat(
        [_entries(number, digest, cards[digest], as_of, prices) for number, digest in enumerate(digests)]
        or [pl.DataFrame(schema=_ENTRIES)]
    )
    trie, entries = _numbered(entries.with_columns(prices.said(entries)))
    meta = {"kind": "joint", "digests": digests, "as_of": as_of, "entries": entries.height, "prefixes": len(trie)}
    return {
        "meta": orjson.dumps(meta),
        "trie": trie.tobytes(),
        "first": _first(entries["prefix_id"], len(trie)),
        "card": _column(entries["card"], "card"),
        "said": _column(entries["said"], "said"),
        **prices.sections(),
    }


_ENTRIES = pl.Schema({"key": pl.Int64(), "card": pl.UInt16(), "terms": pl.UInt32()})


def _entries(number: int, digest: str, card: Sections, as_of: int, prices: "_Prices") -> pl.DataFrame:
    """
    One entry a prefix of a card.
    """
    if orjson.loads(card["meta"])["asks_call"]:
        raise JointError(f"card {digest}: its prices depend on more than the longest prefix")
    trie = marisa_trie.Trie()
    trie.map(card["trie"])
    prefixes = pl.Series("prefix", [trie.restore_key(at) for at in range(len(trie))], pl.String)
    first = _read(card["first"], "I", "row", pl.UInt32)
    rules = pl.DataFrame([prefix_keys(prefixes), first.head(len(trie))]).with_columns(
        pl.lit(number, pl.UInt16).alias("card"), (first.diff().slice(1) == 1).alias("is_alone")
    )
    return _with_terms(rules.hstack(_said(card, rules["row"])), as_of, prices).select(_ENTRIES.names())


def _said(card: Sections, rows: pl.Series) -> pl.DataFrame:
    """
    Price, dates and block of some rows.
    """
    shared = pl.DataFrame([_read(card[f"shared.{name}"], SHARED[name], name, pl.Int64) for name in _SHARED])
    rates = _read(card["rate"], "q", "rate_units", pl.Int64).gather(rows)
    return shared[_read(card["shared"], "I", "shared", pl.UInt32).gather(rows)].with_columns(rates)


def _with_terms(rules: pl.DataFrame, as_of: int, prices: "_Prices") -> pl.DataFrame:
    lasts = pl.col("is_alone") & (pl.col("effective") <= as_of) & (pl.col("expires") == NEVER)
    is_open = lasts & (pl.col("blocked") == 0)
    used = rules.filter(is_open).group_by(_PRICE).len().sort("len", *_PRICE, descending=[True, *[False] * len(_PRICE)])
    numbers = [prices.number(Charge(*price)) for price in used.select(_PRICE).iter_rows()]
    used = used.select(_PRICE).with_columns(pl.Series("terms", numbers, pl.UInt32))
    found = rules.join(used, on=_PRICE, how="left", maintain_order="left")
    terms = pl.when(is_open).then(pl.col("terms")).when(lasts).then(BLOCKED).otherwise(ASK_CARD)
    return found.with_columns(terms.cast(pl.UInt32).alias("terms"))


class _Prices:
    """
    Prices numbered over all cards: as they are met, and at last by what a minute costs.
    """

    def __init__(self) -> None:
        self.numbers: dict[Charge, int] = {}
        self.increments: dict[tuple[int, int], int] = {}

    def number(self, charge: Charge) -> int:
        found = self.numbers.get(charge)
        if found is not None:
            return found
        increments = (charge.mcd_s, charge.pulse_s)
        is_one_more = increments not in self.increments and len(self.increments) >= MAX_INCREMENTS
        if is_one_more or _minute(charge) > MAX_COST or len(self.numbers) >= BLOCKED - 1:
            return ASK_CARD
        self.increments.setdefault(increments, len(self.increments))
        return self.numbers.setdefault(charge, len(self.numbers) + 1)

    def said(self, entries: pl.DataFrame) -> pl.Series:
        """
        Terms by their last number, and the length of the prefix.
        """
        places = {self.numbers[charge]: place for place, charge in enumerate(self._by_minute(), 1)}
        last = pl.Series([ASK_CARD] + [places[number] for number in range(1, len(places) + 1)], dtype=pl.UInt32)
        terms = entries["terms"]
        numbered = last.gather(terms.clip(upper_bound=len(places))).zip_with(terms < BLOCKED, terms)
        said = pl.DataFrame([numbered.alias("terms"), lengths_of(entries["key"]).alias("length")])
        return (
            said.select((pl.col("terms") * 2**LENGTH_BITS + pl.col("length")).cast(pl.UInt32)).to_series().alias("said")
        )

    def _by_minute(self) -> list[Charge]:
        return sorted(self.numbers, key=lambda charge: (_minute(charge), charge))

    def _price(self, charge: Charge) -> tuple[int, int, int]:
        increments = self.increments.get((charge.mcd_s, charge.pulse_s), 0)
        return charge.rate_units, charge.connect_fee_units, increments

    def sections(self) -> dict[str, bytes]:
        charges = [Charge(0, 0, 0, 1), *self._by_minute()]
        columns = {
            "terms.minute": [_minute(charge) for charge in charges],
            "terms.price": [number for charge in charges for number in self._price(charge)],
            "increments.mcd": [mcd_s for mcd_s, _ in self.increments] or [0],
            "increments.pulse": [pulse_s for _, pulse_s in self.increments] or [1],
        }
        return {name: array(LAYOUT[name], values).tobytes() for name, values in columns.items()}


def _minute(charge: Charge) -> int:
    return cost_sixtieths(charge, SECONDS_PER_RATE)


def _numbered(entries: pl.DataFrame) -> tuple[marisa_trie.Trie, pl.DataFrame]:
    """
    A trie of all prefixes, and the entries in the order of its ids, each prefix's by card.
    """
    keys = entries["key"].unique().sort()
    prefixes = prefixes_of(keys).to_list()
    trie = marisa_trie.Trie(prefixes)
    ids = pl.DataFrame([keys, pl.Series("prefix_id", map(trie.key_id, prefixes), pl.UInt32)])
    return trie, entries.join(ids, on="key").drop("key").sort("prefix_id", "card")


def _first(prefix_ids: pl.Series, prefixes: int) -> bytes:
    """
    Where each prefix's entries start, and where the last one's end.
    """
    counts = prefix_ids.rle().struct.field("len")
    assert len(counts) == prefixes  # noqa: S101 - a prefix is in the trie because it has an entry
    return array(LAYOUT["first"], [0, *counts.cum_sum().to_list()]).tobytes()


def _column(values: pl.Series, name: str) -> bytes:
    """
    An array, made a slice at a time, so that there are never objects for all of it.
    """
    column = array(LAYOUT[name])
    for start in range(0, len(values), _SLICE):
        column.extend(values.slice(start, _SLICE).to_list())
    return column.tobytes()


def _read(section: bytes | memoryview, code: str, name: str, dtype: type[pl.DataType]) -> pl.Series:
    values = memoryview(section).cast("B").cast(code)  # type: ignore[call-overload]
    return pl.Series(name, values.tolist(), dtype)
