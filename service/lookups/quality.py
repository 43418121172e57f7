"""
How carriers did of late, as ``lcr`` orders by it; and where a call went.
"""

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from ratecards import lcr
from ratecards.jurisdiction import Places
from service.lookups.lcr import LcrQuery
from service.quality import Quality
from service.snapshot import LiveCard, Snapshot
from service.store.attempts import Attempt

_NANP = "1"


def destination_of(snapshot: Snapshot, attempt: Attempt) -> str:
    """
    Where a call went: the name of the longest matching rule, at the call's start, of the card that answers now by the
    name the record has; the number's country, ISO 3166, where there is no such card or rule.
    """
    card = snapshot.cards_of(attempt.environment).get(attempt.card)
    named = "" if card is None else destination_on(card, attempt.number, attempt.start_ms // 1000)
    return named or country_of(attempt.number)


def destination_on(card: LiveCard, number: str, at: int) -> str:
    """
    What a card calls the destination of a number; empty: nothing.
    """
    rule = card.index.quote(number, at).rule
    return "" if rule is None else rule.name


def country_of(number: str) -> str:
    """
    Where a number is, by its country code, or in North America by its area code.
    """
    if number.startswith(_NANP):
        place = Places.nanpa().place_of(number)
        return place.country if place else "+1"
    return _region(number[:3])


@lru_cache(1000)
def _region(head: str) -> str:
    """
    The main one of those that share a country code; the digits themselves where nobody has them.
    """
    for length in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(head[:length]))
        if regions:
            return regions[0]
    return f"+{head}"


def is_by_quality(query: LcrQuery) -> bool:
    return query.ask.strategy is lcr.Strategy.QUALITY


def with_quality(query: LcrQuery, quality: Quality, environment: str) -> LcrQuery:
    """
    A question for routes with how the carriers behind the card did of late, by name of their cards, with calls to where
    the number is; of those that too few calls tell of nothing is said.

    A record counts for a card whose name, or whose carrier's, it has as its carrier.
    """
    card, ask = query.card, query.ask
    destination = destination_on(card, ask.number, ask.at) or country_of(ask.number)
    found = {}
    for provider in query.routes.router.behind.providers:
        names = frozenset({query.routes.names[provider.card], provider.carrier}) - {""}
        counts = quality.of_carrier(environment, names, card.name, destination)
        if counts is not None:
            found[provider.card] = lcr.Quality(counts.asr_percent, counts.acd_s or Decimal(0))
    return replace(query, ask=replace(ask, quality=found))
