"""
Margin rules put on a card: every number sells for what it costs plus its margin.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import polars as pl

from ratecards.columns.force import deciding
from ratecards.columns.tree import nearest, prefix_keys
from ratecards.diff import Diff, compare
from ratecards.layout import ALWAYS, JURISDICTIONS, NEVER
from ratecards.margin.plan import MarginPlan
from ratecards.margin.rule import MarginError, MarginRule
from ratecards.model import Rule
from ratecards.money import MAX_UNITS, format_units
from ratecards.rules import SCHEMA, from_frame, to_frame

_PRICES = ("rate_units", *JURISDICTIONS)
_OVERRIDDEN = ("connect_fee_units", "mcd_s", "pulse_s")
_STEPS = 3


def derive(rules: pl.DataFrame, plan: MarginPlan, progress: Callable[[int, int], None] | None = None) -> pl.DataFrame:
    """
    Put margins on a card.

    A margin rule for a longer prefix than the card has gets a rule of its own with what serves that prefix, for as long
    as it does. Names, dates and blocks are the card's.

    Args:
        rules: a table of :data:`ratecards.rules.SCHEMA`, in the currency of the plan's amounts.
        plan: the margins.
        progress: called with steps done and steps in all.

    Returns:
        Another such table, in the order of the digits.

    Raises:
        MarginError: a price falls below 0 or grows too large, or a split would need the price of certain callers only.

    """
    tell = progress or (lambda _done, _steps: None)
    split = to_frame(_split(rules, plan))
    cost = pl.concat([rules.select(SCHEMA.names()), split])
    tell(1, _STEPS)
    by_prefix = pl.Series("prefix", [rule.prefix for rule in plan.rules if rule.prefix], pl.String)
    place = {rule.prefix: at for at, rule in enumerate(plan.rules)}
    places = pl.Series("margin", [place[prefix] for prefix in by_prefix], pl.UInt32)
    keys = prefix_keys(cost["prefix"])
    applied = places.gather(nearest(keys, prefix_keys(by_prefix))).fill_null(place[""]).alias("margin")
    cost = cost.with_columns(applied, keys)
    tell(2, _STEPS)
    sold = cost.with_columns(*(_sold(cost, name, plan) for name in _PRICES), *_overridden(plan))
    tell(3, _STEPS)
    return sold.sort("key", maintain_order=True).select(SCHEMA.names())


def preview(present: pl.DataFrame, derived: pl.DataFrame, at: int) -> Diff:
    """
    What would change for the customer: the derived card against the one that answers now.
    """
    return compare(present, derived, at)


def _sold(cost: pl.DataFrame, column: str, plan: MarginPlan) -> pl.Series:
    """
    Each distinct cost of each margin rule priced once; what is blocked keeps its price, which nobody pays.
    """
    open_ = cost.filter(~pl.col("blocked") & pl.col(column).is_not_null())
    distinct = open_.group_by("margin", column).agg(pl.col("prefix").first())
    prices = [_price(plan, plan.rules[margin], units, prefix) for margin, units, prefix in distinct.iter_rows()]
    known = distinct.select("margin", column, pl.Series("sold", prices, pl.Int64))
    found = cost.select("margin", column, "blocked").join(
        known, on=["margin", column], how="left", maintain_order="left"
    )
    return found["sold"].zip_with(~found["blocked"], found[column]).alias(column)


def _price(plan: MarginPlan, rule: MarginRule, cost_units: int, prefix: str) -> int:
    price = rule.sell(cost_units, plan.decimals, plan.rounding)
    if 0 <= price <= MAX_UNITS:
        return price
    raise MarginError(f"{rule}: {prefix} costs {format_units(cost_units)} and would sell for {format_units(price)}")


def _overridden(plan: MarginPlan) -> list[pl.Expr]:
    exprs = []
    for name in _OVERRIDDEN:
        instead = {at: getattr(rule, name) for at, rule in enumerate(plan.rules) if getattr(rule, name) is not None}
        values = pl.col("margin").replace_strict(instead or {0: None}, default=None, return_dtype=SCHEMA[name])
        exprs.append(pl.coalesce(values, pl.col(name)).alias(name))
    return exprs


def _split(rules: pl.DataFrame, plan: MarginPlan) -> Iterator[Rule]:
    """
    For each prefix with a margin rule, and each span of time without a rule of that prefix: what serves it then.
    """
    starts = {rule.prefix[:length] for rule in plan.rules for length in range(1, len(rule.prefix) + 1)}
    by_prefix: dict[str, list[Rule]] = defaultdict(list)
    for rule in from_frame(rules.filter(pl.col("prefix").is_in(list(starts)))):
        by_prefix[rule.prefix].append(rule)
    for margin in plan.rules:
        chain = [
            by_prefix[start] for end in range(len(margin.prefix), 0, -1) if (start := margin.prefix[:end]) in by_prefix
        ]
        yield from _gaps(margin, chain)


def _gaps(margin: MarginRule, chain: list[list[Rule]]) -> list[Rule]:
    """
    What serves a prefix while it has no rule of its own, but for blocks, which serve it from above.

    Args:
        margin: the rule to split for.
        chain: the card's rules of its prefix and the shorter ones, longest first.

    """
    spans: list[Rule] = []
    for start, end in pairwise(_turns(rule for rules in chain for rule in rules)):
        live = next((found for rules in chain if (found := _live(rules, start))), [])
        if not live or live[0].prefix == margin.prefix:
            continue
        if any(rule.origin or rule.min_digits or rule.max_digits for rule in live):
            raise MarginError(f"{margin}: the card's rule for {live[0].prefix} is for certain callers or lengths only")
        serving = live[0] if len(live) == 1 else next(from_frame(deciding(to_frame(live))))
        effective, expires = None if start == ALWAYS else start, None if end == NEVER else end
        span = replace(serving, prefix=margin.prefix, effective=effective, expires=expires)
        if spans and spans[-1] == replace(span, effective=spans[-1].effective, expires=effective):
            spans[-1] = replace(span, effective=spans[-1].effective)
        else:
            spans.append(span)
    return [span for span in spans if not span.blocked]


def _turns(rules: Iterable[Rule]) -> list[int]:
    """
    Every instant at which one of the rules starts or ends, from always to never.
    """
    turns = {ALWAYS, NEVER}
    for rule in rules:
        turns |= {ALWAYS if rule.effective is None else rule.effective, NEVER if rule.expires is None else rule.expires}
    return sorted(turns)


def _live(rules: list[Rule], at: int) -> list[Rule]:
    return [
        rule
        for rule in rules
        if (rule.effective is None or rule.effective <= at) and (rule.expires is None or at < rule.expires)
    ]
