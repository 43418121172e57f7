"""
Merge cards: for every number exactly the minimum, maximum or average of what each card asks for it.

Two facts carry it. The longest match of a number among the prefixes of all cards together settles the longest match
in each of them, so one price a prefix of that union is exact for every number. And a card that knows a prefix knows
everything beneath it, be it to price or to block; so where nobody prices a number beneath a price, somebody blocks it,
and the hole is a blocked rule.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import Literal, get_args

import polars as pl

from ratecards.columns.force import next_change
from ratecards.columns.tree import prefixes_of
from ratecards.compact.sources import CompactError, Source, one_table, rules_at, same_ways
from ratecards.compact.union import Union, unite
from ratecards.exchange import Exchange
from ratecards.layout import JURISDICTIONS
from ratecards.model import Terms
from ratecards.rules import SCHEMA

Kind = Literal["minimum", "maximum", "average"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_PRICES = ("rate_units", *JURISDICTIONS)


@dataclass(frozen=True, slots=True)
class Merged:
    """
    A merged card.

    Attributes:
        rules: a table of :data:`ratecards.rules.SCHEMA` in the order of the digits, without dates.
        terms: those of the first card, in the currency of the merged one.
        until: unix second at which a rule of some card starts or ends, so that this card is no longer theirs; None:
            nothing is scheduled. Merge again then.

    """

    rules: pl.DataFrame
    terms: Terms
    until: int | None


def merge(
    sources: Sequence[Source],
    kind: Kind,
    at: int,
    exchange: Exchange | None = None,
    currency: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Merged:
    """
    Merge cards as they are at an instant.

    A number gets the minimum, maximum or average of the prices that the cards ask by their own longest match. A card
    without a rate for the number, or that blocks it, does not take part; where only blocks are left the merged card
    blocks; where no card knows the number there is no rule. With a minimum or maximum go the connect fee and the
    increments of the card that won; of equal prices the one whose call of 60 s costs less (for a maximum: more), then
    the card named first. An average is rounded once, half up, to 10**-10, and so is the average of the connect fees;
    for the increments see :func:`_increments`. The name is that of the longest prefix, then of the first card.
    Jurisdictions are merged each on its own; then the highest connect fee goes with a minimum or maximum, and the
    increments of an average.

    Args:
        sources: at least one card; their order settles ties.
        kind: ``minimum``, ``maximum`` or ``average``.
        at: unix seconds; rules not in force then are left out.
        exchange: needed where currencies differ.
        currency: of the merged card; that of the first card when left out.
        progress: called with steps done and steps in all.

    Raises:
        CompactError: the cards cannot be merged; the message names the card.
        ExchangeError: a currency has no rate of exchange.

    """
    if kind not in KINDS:
        raise CompactError(f"{kind!r} is none of {', '.join(KINDS)}")
    if not sources:
        raise CompactError("there is no card to merge")
    steps = 2 * len(sources) + 2
    tick = _counter(progress or _silent, steps)
    currency = currency or sources[0].terms.currency
    exchange = exchange or Exchange(currency, {})
    cards = []
    for place, source in enumerate(sources):
        cards.append(rules_at(source, at, exchange.factor(source.terms.currency, currency), place))
        tick()
    by_jurisdiction = same_ways(sources, cards)
    union = unite(one_table(cards, dearest=kind == "maximum"), len(sources), tick)
    tick()
    rules = _answers(union, kind, by_jurisdiction)
    tick()
    changes = [change for source in sources if (change := next_change(source.rules, at)) is not None]
    return Merged(rules, replace(sources[0].terms, currency=currency), min(changes, default=None))


def _answers(union: Union, kind: Kind, by_jurisdiction: bool) -> pl.DataFrame:
    """
    One rule a prefix: that of the winner, with what is merged put over it where there is a price.
    """
    kept = [
        "rate_units",
        "connect_fee_units",
        "mcd_s",
        "pulse_s",
        "blocked",
        *(JURISDICTIONS if by_jurisdiction else ()),
    ]
    winner = union.best(pl.col("rank").max() - pl.col("rank"))
    answers = union.rules.select(pl.col(kept).gather(winner))
    merged = _merged(union, kind, by_jurisdiction)
    priced = ~answers["blocked"]
    over = [column.zip_with(priced, answers[column.name]) for column in merged]
    named = answers.with_columns(*over, prefixes_of(union.keys), _names(union), pl.lit("").alias("origin"))
    missing = [pl.lit(None, SCHEMA[name]).alias(name) for name in SCHEMA if name not in named.columns]
    return named.with_columns(missing).select(SCHEMA.names())


def _merged(union: Union, kind: Kind, by_jurisdiction: bool) -> list[pl.Series]:
    """
    The columns that do not simply go with the winner.
    """
    prices = _PRICES if by_jurisdiction else _PRICES[:1]
    if kind == "average":
        return [*(_average(union, name) for name in (*prices, "connect_fee_units")), *_increments(union)]
    if not by_jurisdiction:
        return []
    least_or_most = pl.min_horizontal if kind == "minimum" else pl.max_horizontal
    fee = _across(union, "connect_fee_units", pl.max_horizontal)
    return [*(_across(union, name, least_or_most) for name in prices), fee, *_increments(union)]


def _across(union: Union, column: str, choose: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    return pl.DataFrame(union.of_those_who_price(column)).select(choose(pl.all())).to_series().alias(column)


def _average(union: Union, column: str) -> pl.Series:
    """
    The average over the cards that price a prefix, halves up, away from zero.
    """
    values = union.of_those_who_price(column)
    total = reduce(add, (v.fill_null(0).cast(pl.Int128) for v in values))
    count = reduce(add, (v.is_not_null().cast(pl.Int128) for v in values))
    twice, cards = pl.col("total").abs() * 2, pl.col("count")
    average = pl.when(cards > 0).then((twice + cards) // (cards * 2) * pl.col("total").sign())
    frame = pl.DataFrame({"total": total, "count": count})
    return frame.select(average.cast(pl.Int64).alias(column)).to_series()


def _increments(union: Union) -> list[pl.Series]:
    """
    Increments for a price of many cards: those they agree on, or else the longest pulse and whole pulses up to the
    longest minimum.

    No card then bills more seconds, provided that every pulse divides the longest and every minimum is whole pulses
    of its own card, as 1/1, 6/6, 30/6, 60/1 and 60/60 are.
    """
    columns = {}
    for name in ("mcd_s", "pulse_s"):
        columns[f"least {name}"] = _across(union, name, pl.min_horizontal)
        columns[name] = _across(union, name, pl.max_horizontal)
    frame = pl.DataFrame(columns)
    mcd, pulse = pl.col("mcd_s"), pl.col("pulse_s")
    agreed = (pl.col("least mcd_s") == mcd) & (pl.col("least pulse_s") == pulse)
    whole = (mcd + pulse - 1) // pulse * pulse
    return list(frame.select(pl.when(agreed).then(mcd).otherwise(whole).alias("mcd_s"), pulse))


def _names(union: Union) -> pl.Series:
    """
    The name of the longest prefix of those that take part, of the first card that has it.
    """
    weight = (~pl.col("blocked")).cast(pl.Int64) * 16 + pl.col("length")
    return union.rules["name"].gather(union.best(weight))


def _counter(progress: Callable[[int, int], None], steps: int) -> Callable[[], None]:
    done = iter(range(1, steps + 1))
    return lambda: progress(next(done), steps)


def _silent(done: int, steps: int) -> None:
    """
    Tell nobody.
    """
