"""
``rate``: what does this number cost on this card.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ratecards.charge import billed_seconds, cost_units
from ratecards.jurisdiction import Places
from ratecards.model import Caller, Quote, Terms
from ratecards.money import format_units
from service.errors import no_price
from service.snapshot import LiveCard

MAX_TTL_S = 86400
NOBODY = Caller()


@dataclass(frozen=True, slots=True)
class RateQuery:
    """
    One checked question.

    Attributes:
        number: E.164 digits.
        at: unix seconds the rate is wanted for.
        duration_s: None: no cost is wanted.
        places: where North American numbers are; None: as the bundled table has it.
        now: unix seconds of the question; None: those it asks about.

    """

    number: str
    card: LiveCard
    at: int
    caller: Caller = NOBODY
    duration_s: Decimal | None = None
    places: Places | None = None
    now: int | None = None


def rate(query: RateQuery) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/api.md``.

    Raises:
        ApiError: 403 or 404 where there is no price, with its verdict.

    """
    quote = query.card.index.quote(query.number, query.at, query.caller, query.places)
    if quote.verdict is not None:
        raise no_price(quote)
    answer = rate_fields(query.card, quote, query.at, query.at if query.now is None else query.now)
    if query.caller.lrn and query.card.index.terms.rates_by_lrn:
        answer["lrn"] = query.caller.lrn
    if query.duration_s is not None:
        answer |= costed(query.card.index.terms, query.duration_s, *price_of(quote))
    return answer


def rate_fields(card: LiveCard, quote: Quote, at: int, now: int) -> dict[str, Any]:
    """
    What an answer says of a quote that has a rule.

    Args:
        at: unix second asked about; ``now``: that of the question.
    """
    rule = quote.rule
    assert rule is not None  # noqa: S101 - a quote without a verdict has a rule
    fields = {
        "number": quote.number,
        "card": card.name,
        "revision": card.revision,
        "prefix": quote.prefix,
        "name": rule.name,
        "currency": card.index.terms.currency,
        "rate": format_units(quote.rate_units),
        "connect_fee": format_units(rule.connect_fee_units),
        "mcd": rule.mcd_s,
        "pulse": rule.pulse_s,
        "billing": f"{rule.mcd_s}/{rule.pulse_s}",
        "effective": rule.effective,
        "expires": rule.expires,
        "ttl": _ttl(card, quote, at, now),
    }
    if quote.jurisdiction is not None:
        fields["jurisdiction"] = str(quote.jurisdiction)
    return fields


def _ttl(card: LiveCard, quote: Quote, at: int, now: int) -> int:
    """
    Seconds an answer stays true: to the next change of its rule after the instant asked about, or of the card.
    """
    rule = MAX_TTL_S if quote.until is None else quote.until - at
    planned = MAX_TTL_S if card.until is None else max(0, card.until - now)
    return min(MAX_TTL_S, rule, planned)


def price_of(quote: Quote) -> tuple[int, int, int, int]:
    """
    Rate, connect fee, first and further increments of a quote that has them.
    """
    rule = quote.rule
    assert rule is not None  # noqa: S101 - a quote without a verdict has a rule
    return quote.rate_units, rule.connect_fee_units, rule.mcd_s, rule.pulse_s


def costed(
    terms: Terms, duration_s: Decimal, rate_units: int, fee_units: int, mcd_s: int, pulse_s: int
) -> dict[str, Any]:
    """
    What an answer says of a call of some length.
    """
    billed = billed_seconds(duration_s, mcd_s, pulse_s)
    cost = cost_units(rate_units, fee_units, billed, terms.precision, terms.rounding)
    return {"duration": _plain(duration_s), "billed_seconds": billed, "cost": format_units(cost)}


def _plain(seconds: Decimal) -> int | Decimal:
    """
    Without a fraction of zeros, and never with an exponent.
    """
    return int(seconds) if seconds == seconds.to_integral_value() else seconds.normalize()
