"""
Derived cards that are no longer what they are made from; asked often, so nothing that makes cards is needed for it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import Engine

from ratecards.exchange import Exchange, ExchangeError
from service.store.builds import Build, digest_of_recipe, list_builds
from service.store.catalogue import Revision, active_revisions
from service.store.exchange import read_exchange


@dataclass(frozen=True, slots=True)
class Stale:
    """
    A derived card to be made again.

    Attributes:
        reasons: why, in words.
        revision: number that was last made.
        automatic: it will be without anybody asking.
    """

    card: str
    reasons: tuple[str, ...]
    revision: int
    automatic: bool


def stale(engine: Engine, now: int | None = None) -> list[Stale]:
    """
    Every derived card that is stale, or will be once the cards it is made from are made again; parents first.

    Args:
        engine: the store.
        now: unix seconds; None: those of the clock.
    """
    instant = instant_of(now)
    found: dict[str, Stale] = {}
    for build in living(engine):
        reasons = reasons_of(engine, build, instant) or tuple(
            f"card '{parent}' is stale" for parent in build.parents if parent in found
        )
        if reasons:
            found[build.card] = Stale(build.card, reasons, build.made.revision, build.automatic)
    return list(found.values())


def stale_json(card: Stale) -> dict[str, Any]:
    names = ("card", "revision", "automatic")
    return {name: getattr(card, name) for name in names} | {"reasons": list(card.reasons)}


def instant_of(now: int | None) -> int:
    return int(time.time()) if now is None else now


def living(engine: Engine) -> list[Build]:
    return [build for build in list_builds(engine) if build.archived is None]


def reasons_of(engine: Engine, build: Build, now: int) -> tuple[str, ...]:
    """
    Why a card is stale, whatever its parents are.
    """
    made = build.made
    answering = {revision.card: revision for revision in active_revisions(engine, at=max(now, made.at))}
    reasons = [reason for name in build.parents if (reason := _moved(build, name, answering))]
    if digest_of_recipe(build.recipe) != made.recipe:
        reasons.append("its recipe changed")
    reasons += _exchanged(made.exchange, read_exchange(engine))
    if made.until is not None and made.until <= now:
        reasons.append("a dated rule of a card it is made from took effect or ended")
    return tuple(reasons)


def _moved(build: Build, name: str, answering: Mapping[str, Revision]) -> str | None:
    number, digest = build.made.parents.get(name), build.made.digests.get(name)
    revision = answering.get(name)
    if number is None:
        return None  # its recipe changed
    if revision is None:
        return f"card '{name}' no longer answers"
    if revision.number != number:
        return f"card '{name}' is at revision {revision.number}, was at {number}"
    return None if revision.digest == digest else f"card '{name}' is another card of that name"


def _exchanged(used: Mapping[str, str], exchange: Exchange) -> list[str]:
    changed = [pair for pair, factor in used.items() if str(_factor_now(exchange, pair)) != factor]
    return [f"the rate of exchange of {pair.replace('>', ' to ')} changed" for pair in changed]


def _factor_now(exchange: Exchange, pair: str) -> Fraction | None:
    """
    What ``EUR>USD`` is now; None: there is no such rate any more.
    """
    source, _, target = pair.partition(">")
    try:
        return exchange.factor(source, target)
    except ExchangeError:
        return None
