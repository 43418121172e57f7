"""
What is asked of one provider after the other: whether it may carry a call, and what it would cost.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ratecards.lcr.charge import Charge, charge_of, cost_sixtieths
from ratecards.lcr.model import Ask, Behind, Conditions, Provider, Reason
from ratecards.lcr.routes import Rejected
from ratecards.lcr.scale import Scale
from ratecards.model import Quote

_UNPROFITABLE = {Reason.NO_MARGIN, Reason.CONNECT_FEE, Reason.NO_EXCHANGE_RATE}
_HARDEST = (Reason.CAPPED, Reason.BLOCKED, Reason.EXPIRED)


class Sold(NamedTuple):
    """
    What the customer pays: the price as loaded, what the call comes to, and the most that may be paid for carrying it,
    both in pieces of :class:`ratecards.lcr.scale.Scale`.
    """

    charge: Charge
    pieces: int
    most: int


def turned_away(provider: Provider, conditions: Conditions | Ask) -> Reason | None:
    """
    Why a provider is not even asked; None: it is.
    """
    names = {provider.card, provider.carrier}
    if not provider.enabled:
        return Reason.DISABLED
    if not names.isdisjoint(conditions.exclude):
        return Reason.EXCLUDED
    if conditions.allow is not None and names.isdisjoint(conditions.allow):
        return Reason.NOT_ALLOWED
    return None


def refused(provider: Provider, charge: Charge, conditions: Conditions) -> Reason | None:
    """
    Why a price is not taken, whatever the call would earn; None: it is.
    """
    if provider.cap_units is not None and charge.rate_units > provider.cap_units:
        return Reason.CAPPED
    if conditions.block_connect_fee and charge.connect_fee_units:
        return Reason.CONNECT_FEE
    return None


def quote_of(provider: Provider, ask: Ask, behind: Behind) -> Quote:
    """
    What a provider's own card says.
    """
    return provider.index.quote(ask.number, ask.at, ask.caller, behind.places)


class Judged(NamedTuple):
    """
    Why a provider has no route, None: it has one; and the unix second at which that may change.
    """

    rejected: Rejected | None
    until: int | None


def judge(provider: Provider, ask: Ask, duration_s: int, sold: Sold, behind: Behind, scale: Scale) -> Judged:
    """
    Say whether a provider has a route, by its own card.
    """
    reason = turned_away(provider, behind.conditions) or turned_away(provider, ask)
    if reason:
        return Judged(Rejected(provider, reason), None)
    quote = quote_of(provider, ask, behind)
    if quote.verdict is not None:
        return Judged(Rejected(provider, Reason(quote.verdict), quote.prefix), quote.until)
    charge, factor = charge_of(quote), scale.factor(provider.index.terms.currency)
    pieces = None if factor is None else cost_sixtieths(charge, duration_s) * factor
    reason = refused(provider, charge, behind.conditions) or _unprofitable(pieces, sold.most)
    if reason is None:
        return Judged(None, quote.until)
    cost_units = None if pieces is None else scale.rounded(pieces)
    return Judged(Rejected(provider, reason, quote.prefix, charge, cost_units), quote.until)


def _unprofitable(pieces: int | None, most: int) -> Reason | None:
    if pieces is None:
        return Reason.NO_EXCHANGE_RATE
    return Reason.NO_MARGIN if pieces > most else None


def verdict_of(rejected: Iterable[Rejected]) -> Reason:
    """
    Why there is no route at all.

    A price that was not taken for the sake of profit makes it ``no_margin``; otherwise ``capped``, ``blocked`` or
    ``expired``, the first that befell somebody; otherwise nobody who was asked has the number.
    """
    reasons = {one.reason for one in rejected}
    if reasons & _UNPROFITABLE:
        return Reason.NO_MARGIN
    return next((reason for reason in _HARDEST if reason in reasons), Reason.NO_RATE)
