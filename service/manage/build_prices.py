"""
The prices of a derived card: cards merged, marked up, minimised.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from ratecards.compact import Source, merge, minimise
from ratecards.diff import Diff
from ratecards.exchange import Exchange
from ratecards.margin import derive
from ratecards.model import Terms
from service.manage.build_recipe import BuildError, Recipe
from service.manage.cards import Progress

MOST_REMOVED = 30
MOST_MOVED = 50
"""Percent of the rules that answer; what nobody has looked at may not change more of them so."""


@dataclass(frozen=True, slots=True)
class Result:
    """
    A derived card that is not kept yet.

    Attributes:
        until: unix second at which a dated rule of a parent changes it; None: none is dated.
        prefixes_before: of the card before it was minimised.
    """

    rules: pl.DataFrame
    terms: Terms
    until: int | None
    prefixes_before: int


def put_together(recipe: Recipe, sources: list[Source], exchange: Exchange, at: int, progress: Progress) -> Result:
    """
    Reckon the prices as the recipe says.

    Args:
        recipe: how.
        sources: the parents.
        exchange: for those of another currency.
        at: unix seconds it is for.
        progress: told of each step.

    Raises:
        BuildError: no rule would be left; what the library refuses is raised as it is.
    """
    merged = merge(sources, recipe.by, at, exchange, recipe.currency, told(progress, "merging"))
    rules = merged.rules
    if rules.is_empty():
        raise BuildError("it would be empty: none of the cards has a rule in force")
    if recipe.margin is not None:
        rules = derive(rules, recipe.margin, told(progress, "margins"))
    before = rules["prefix"].n_unique()
    if recipe.minimise:
        rules = minimise(rules, keep_names=recipe.keep_names, progress=told(progress, "minimising")).rules
    return Result(rules, _terms(recipe, merged.terms), merged.until, before)


def refuse_leap(diff: Diff) -> None:
    """
    Refuse what looks like somebody's mistake further up, such as a rate of exchange with its point in the wrong place.

    Raises:
        BuildError: too many rules go, or more than double in price, or fall below half.
    """
    old, new = (pl.col(f"{side}_rate_units").cast(pl.Int128) for side in ("old", "new"))
    leaps = diff.changes.filter(pl.col("kind").is_in(["raised", "lowered"]) & ((new > old * 2) | (new * 2 < old)))
    rules = diff.summary.old_rules
    for count, most, what in (
        (diff.summary.removed, MOST_REMOVED, "would go"),
        (leaps.height, MOST_MOVED, "would more than double in price or fall below half"),
    ):
        if count * 100 > rules * most:
            raise BuildError(f"{count:,} of its {rules:,} rules {what}; look at it, and make it by hand if it is right")


def told(progress: Progress, step: str) -> Callable[[int, int], None]:
    """
    Progress of the library, under the name of a step.
    """
    return lambda done, steps: progress(step, done, steps)


def _terms(recipe: Recipe, terms: Terms) -> Terms:
    precision = terms.precision if recipe.precision is None else recipe.precision
    return replace(terms, precision=precision, rounding=recipe.rounding or terms.rounding)
