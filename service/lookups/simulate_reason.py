"""
Why a carrier is no route, and what a route must meet, as sentences.
"""

from collections.abc import Iterator
from fractions import Fraction

from ratecards.lcr import Provider, Reason, Rejected, Strategy
from service.lookups.lcr import LcrQuery
from service.lookups.simulate_words import decimal, money

_ORDER = {
    Strategy.COST: "by what the call costs, the cheapest first",
    Strategy.MARGIN: "by margin, the highest first; all sell at one price, so the cheapest earns most",
    Strategy.QUALITY: "by answer-seizure ratio, then average duration, then cost; who is not known comes last",
    Strategy.PRIORITY: "by the priority that staff gave, the lowest first, then cost",
}


def order_words(strategy: Strategy) -> str:
    return f"{_ORDER[strategy]}; equal ones by priority, then by name"


def condition_words(query: LcrQuery) -> Iterator[str]:
    """
    What staff, and the question, want of a route.
    """
    conditions, currency = query.routes.router.behind.conditions, query.card.index.terms.currency
    if conditions.cap_units is not None:
        yield f"the customer is charged at most {money(conditions.cap_units, currency)} for 60 s"
    if conditions.min_margin_units:
        yield f"a call leaves at least {money(conditions.min_margin_units, currency)}"
    if conditions.min_margin_percent:
        yield f"a call leaves at least {conditions.min_margin_percent} % of what it sells for"
    if not (conditions.min_margin_units or conditions.min_margin_percent):
        yield "a call of this duration loses nothing"
    if conditions.block_connect_fee:
        yield "the carrier has no connect fee"
    if query.ask.allow is not None:
        yield "the carrier is one of those the question names"
    if query.ask.exclude:
        yield "the carrier is none of those the question excludes"


def drop_words(query: LcrQuery, one: Rejected, sold: Fraction = Fraction(0), cost: Fraction | None = None) -> str:
    """
    Why a carrier was dropped.

    Args:
        sold: the exact price of the call, in units of the customer's currency.
        cost: what the carrier asks for it, likewise; None: it has no price, or no rate of exchange.
    """
    own, theirs = query.card.index.terms.currency, one.provider.index.terms.currency
    match one.reason:
        case Reason.DISABLED:
            return "staff switched it off for this card"
        case Reason.EXCLUDED:
            return "it is excluded"
        case Reason.NOT_ALLOWED:
            return "only other carriers are allowed"
        case Reason.NO_RATE:
            return "its card has no rule in force for this call" + (f" at {one.prefix}" if one.prefix else "")
        case Reason.EXPIRED:
            return "no rule its card has for the number is in force any more"
        case Reason.BLOCKED:
            return f"its card blocks {one.prefix}, and no shorter prefix answers instead"
        case Reason.NO_EXCHANGE_RATE:
            return f"its card is in {theirs} and there is no rate of exchange to {own}; unlike currencies never compare"
        case Reason.CONNECT_FEE:
            return f"it charges {money(_fee(one), theirs)} once a call, and no connect fee is taken"
        case Reason.CAPPED:
            return f"it asks {money(_rate(one), theirs)} for 60 s, above its cap of {_cap(one.provider)}"
        case Reason.NO_MARGIN:
            return _loss_words(query, sold, cost or Fraction(0))


def _loss_words(query: LcrQuery, sold: Fraction, cost: Fraction) -> str:
    conditions, currency = query.routes.router.behind.conditions, query.card.index.terms.currency
    costs = f"the call costs {decimal(cost)} {currency} and sells for {decimal(sold)}"
    if cost > sold:
        return f"{costs}: it would lose {decimal(cost - sold)}"
    share = sold * Fraction(conditions.min_margin_percent) / 100
    wanted = max(share, Fraction(conditions.min_margin_units))
    of = f", {conditions.min_margin_percent} % of the price" if wanted == share else ""
    return f"{costs}: it would leave {decimal(sold - cost)}, less than the {decimal(wanted)} wanted{of}"


def _fee(one: Rejected) -> int:
    return one.charge.connect_fee_units if one.charge else 0


def _rate(one: Rejected) -> int:
    return one.charge.rate_units if one.charge else 0


def _cap(provider: Provider) -> str:
    return money(provider.cap_units or 0, provider.index.terms.currency)
