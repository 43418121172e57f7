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
from service.render.plain import to_json
from service.snapshot import MAX_RENDERED, LiveCard, Rendered

MAX_TTL_S = 86400
NOBODY = Caller()
NUMBER = b'{"number":"'
_FOREVER = 2**63
HEAD = 7
"""Digits by whose first an answer is found again without the trie: a North American exchange, or about as fine."""
_SPLIT = (0, 0, b"", 0, 0, 0, 0)
"""Stands for an answer where the digits after the first decide: it never holds."""


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
    answer = _fields(query.card, quote, query.at, query.at if query.now is None else query.now)
    if query.caller.lrn and query.card.index.terms.rates_by_lrn:
        answer["lrn"] = query.caller.lrn
    if query.duration_s is not None:
        answer |= _cost(query.card.index.terms, query.duration_s, *_price(quote))
    return answer


def rate_json(card: LiveCard, number: str, now: float, duration_s: Decimal | None = None) -> bytes | None:
    """
    The JSON of a question about now, put together from what was rendered before.

    Args:
        card: the card asked.
        number: E.164 digits.
        now: unix seconds, with or without their fraction.
        duration_s: None: no cost is wanted.

    Returns:
        None where the general way must answer: a miss, or a price that depends on more than the longest prefix.
    """
    known = rendered(card, number, now)
    if known is None:
        return None
    _, _, rest, *price = known
    if duration_s is None:
        return NUMBER + number.encode() + rest
    cost = to_json(_cost(card.index.terms, duration_s, *price))
    return NUMBER + number.encode() + rest[:-1] + b"," + cost[1:]


def rendered(card: LiveCard, number: str, now: float) -> Rendered | None:
    """
    What all numbers with this number's longest prefix have in common; None: as for :func:`rate_json`.
    """
    head = number[:HEAD]
    by_head = card.by_head.get(head)
    if by_head is not None and by_head[0] <= now < by_head[1]:
        return by_head
    prefixes = card.index.prefixes_of(number)
    if not prefixes:
        return None
    known = card.rendered.get(prefixes[-1])
    if known is None or not known[0] <= now < known[1]:
        known = _render(card, prefixes[-1], int(now))
    if by_head is not _SPLIT and known is not None and len(head) == HEAD:
        _keep(card.by_head, head, _SPLIT if card.index.splits(head) else known)
    return known


def _keep(kept: dict[str, Rendered], key: str, value: Rendered) -> None:
    if len(kept) >= MAX_RENDERED:
        kept.clear()
    kept[key] = value


def _render(card: LiveCard, prefix: str, now: int) -> Rendered | None:
    """
    Render what all numbers with this longest prefix have in common, while it does not change.
    """
    if card.index.asks_call:
        return None
    quote = card.index.quote(prefix, now)
    if quote.verdict is not None:
        return None
    change = min(quote.until or _FOREVER, card.until or _FOREVER)
    end = change - MAX_TTL_S
    if now >= end:  # the seconds it holds are in the answer, and are fewer with each
        end = now + 1
    fields = _fields(card, quote, now, now)
    del fields["number"]
    known = (now, end, b'",' + to_json(fields)[1:], *_price(quote))
    _keep(card.rendered, prefix, known)
    return known


def _fields(card: LiveCard, quote: Quote, at: int, now: int) -> dict[str, Any]:
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


def _price(quote: Quote) -> tuple[int, int, int, int]:
    """
    Rate, connect fee, first and further increments of a quote that has them.
    """
    rule = quote.rule
    assert rule is not None  # noqa: S101 - a quote without a verdict has a rule
    return quote.rate_units, rule.connect_fee_units, rule.mcd_s, rule.pulse_s


def _cost(
    terms: Terms, duration_s: Decimal, rate_units: int, fee_units: int, mcd_s: int, pulse_s: int
) -> dict[str, Any]:
    billed = billed_seconds(duration_s, mcd_s, pulse_s)
    cost = cost_units(rate_units, fee_units, billed, terms.precision, terms.rounding)
    return {"duration": _plain(duration_s), "billed_seconds": billed, "cost": format_units(cost)}


def _plain(seconds: Decimal) -> int | Decimal:
    """
    Without a fraction of zeros, and never with an exponent.
    """
    return int(seconds) if seconds == seconds.to_integral_value() else seconds.normalize()
