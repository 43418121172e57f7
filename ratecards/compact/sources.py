"""
The cards a merge takes: checked, as of an instant, in one currency, and as one table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from ratecards.charge import SECONDS_PER_RATE
from ratecards.columns.converted import convert_rules
from ratecards.columns.force import deciding, in_force
from ratecards.columns.tree import PrefixError, lengths_of, prefix_keys
from ratecards.layout import JURISDICTIONS
from ratecards.model import Terms

_CHARGED = ("blocked", "rate_units", "connect_fee_units", "mcd_s", "pulse_s")


class CompactError(ValueError):
    """
    Cards that cannot be merged as they are; the message names the card and what stands in the way.
    """


@dataclass(frozen=True, slots=True)
class Source:
    """
    A card to merge.

    Attributes:
        name: what the card is called, for errors.
        rules: a table of :data:`ratecards.rules.SCHEMA`.
        terms: what all its rules share; the currency and what is rated matter here.

    """

    name: str
    rules: pl.DataFrame
    terms: Terms = field(default_factory=Terms)


def rules_at(source: Source, at: int, factor: Fraction, card: int) -> pl.DataFrame:
    """
    The rules of one card that decide at an instant, one a prefix, in the currency of the merged card.

    Args:
        source: the card.
        at: unix seconds.
        factor: what one unit of its currency is in that of the merged card.
        card: its place among the cards.

    Returns:
        The columns of a rule, and ``card``, ``key`` and ``length`` of the prefix.

    Raises:
        CompactError: a rule is for certain callers or lengths of number, or a prefix is none.

    """
    rules = in_force(source.rules, at)
    _refuse_narrow(source.name, rules)
    rules = convert_rules(deciding(rules), factor)
    try:
        keys = prefix_keys(rules["prefix"])
    except PrefixError as error:
        raise CompactError(f"card {source.name}: {error}") from None
    place = pl.lit(card, pl.Int64).alias("card")
    return rules.with_columns(place, keys, lengths_of(keys).alias("length"))


def _refuse_narrow(card: str, rules: pl.DataFrame) -> None:
    """
    A rule for some callers or some lengths has no one price of its prefix to compare.
    """
    for narrow, what in (
        (pl.col("origin") != "", "certain callers (origin)"),
        (pl.col("min_digits").is_not_null() | pl.col("max_digits").is_not_null(), "certain lengths of number"),
    ):
        prefixes = rules.filter(narrow)["prefix"]
        if len(prefixes):
            raise CompactError(
                f"card {card}: its rule for {prefixes.sort()[0]} is for {what} only; such cards cannot be merged"
            )


def same_ways(sources: Sequence[Source], cards: Sequence[pl.DataFrame]) -> bool:
    """
    Check that all cards rate the same number the same way; say whether they have jurisdictions.

    Raises:
        CompactError: one rates dialled numbers and another routing numbers, or one has jurisdictions and another not.

    """
    by_lrn: dict[bool, str] = {source.terms.rates_by_lrn: source.name for source in sources}
    if len(by_lrn) > 1:
        raise CompactError(f"card {by_lrn[True]} rates the routing number, card {by_lrn[False]} the dialled one")
    having: dict[bool, str] = {}
    for source, card in zip(sources, cards, strict=True):
        priced = card.filter(~pl.col("blocked"))
        if priced.height:
            having[any(priced[name].null_count() < priced.height for name in JURISDICTIONS)] = source.name
    if len(having) > 1:
        raise CompactError(f"card {having[True]} has prices by jurisdiction, card {having[False]} has none")
    return True in having


def one_table(cards: Sequence[pl.DataFrame], *, dearest: bool) -> pl.DataFrame:
    """
    All rules as one table, card after card, with ``rank``: the lower one wins.

    By price of 60 s, then by the true cost of a call of 60 s; blocked rules come last, since a card that blocks a
    number does not take part. What no rule has, the price by jurisdiction, is the price.
    """
    rules = pl.concat(cards).with_columns(pl.col(name).fill_null(pl.col("rate_units")) for name in JURISDICTIONS)
    charged = rules.select(_CHARGED).unique().with_columns(_cost_of_a_minute().alias("cost"))
    order = ("blocked", "rate_units", "cost")
    charged = charged.sort(order, descending=[False, dearest, dearest])
    ranks = charged.with_columns(pl.struct(order).rle_id().cast(pl.Int64).alias("rank")).drop("cost")
    return rules.join(ranks, on=_CHARGED, how="left", maintain_order="left").rechunk()


def _cost_of_a_minute() -> pl.Expr:
    """
    In sixtieths of a unit, 128 bits wide.
    """
    mcd, pulse = pl.col("mcd_s").cast(pl.Int64), pl.col("pulse_s").cast(pl.Int64)
    over = pl.max_horizontal(SECONDS_PER_RATE - mcd, pl.lit(0, pl.Int64))
    billed = mcd + (over + pulse - 1) // pulse * pulse
    fee = pl.col("connect_fee_units").cast(pl.Int128) * SECONDS_PER_RATE
    return fee + pl.col("rate_units").cast(pl.Int128) * billed.cast(pl.Int128)
