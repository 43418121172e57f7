"""
What became of each carrier behind a customer card: its price, its cost in the customer's money, and why it was kept or
dropped.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ratecards.lcr import Charge, Provider, Quality, Reason, Rejected, Route, Routes, Strategy
from ratecards.lcr.crossing import LONGEST_S
from ratecards.money import UNITS, format_units
from service.lookups.lcr import LcrQuery
from service.lookups.rate import price_of
from service.lookups.simulate_asked import Looked, look
from service.lookups.simulate_call import judge_jurisdiction
from service.lookups.simulate_money import Sum, add_up, rounded_words
from service.lookups.simulate_prefix import prefix_words
from service.lookups.simulate_reason import drop_words
from service.lookups.simulate_words import Line, Step, decimal, exact, line, money, step

_NOT_ASKED = {Reason.DISABLED, Reason.EXCLUDED, Reason.NOT_ALLOWED}


@dataclass(frozen=True, slots=True)
class Deal:
    """
    A call to be sold, and what became of every carrier that could take it.

    Attributes:
        sell: the customer's card.
        sold: the exact price of the call, in units of its currency.
        found: every route there is, whatever the limit, and every carrier that is none.
    """

    query: LcrQuery
    sell: Looked
    sold: Fraction
    found: Routes

    @property
    def currency(self) -> str:
        return self.sell.currency


def carrier_steps(deal: Deal) -> list[Step]:
    """
    The routes in their order, the carriers that are none, and those whose card does not answer.
    """
    kept = [_kept_step(deal, route, place) for place, route in enumerate(deal.found.routes, 1)]
    dropped = [_dropped_step(deal, one) for one in deal.found.rejected]
    cold = [
        step(
            "carrier", f"{card}: dropped: no revision of its card answers.", card=card, kept=False, reason="not_loaded"
        )
        for card in deal.query.routes.missing
    ]
    return kept + dropped + cold


def look_at(query: LcrQuery, provider: Provider) -> Looked:
    """
    Ask a carrier's card.
    """
    ask, behind = query.ask, query.routes.router.behind
    return look(query.routes.names[provider.card], provider.index, ask.number, ask.at, ask.caller, behind.places)


def _kept_step(deal: Deal, route: Route, place: int) -> Step:
    looked, limit = look_at(deal.query, route.provider), deal.query.ask.limit
    lines, cost = _priced_lines(deal, looked, route.cost_units)
    assert cost is not None  # noqa: S101 - a route has a cost
    lines += [_margin_line(deal, cost, route.margin_units), _crossing_line(deal, route)]
    lines.append(line("place", _place_words(deal, route, place), value=place))
    tried = f"tried at place {place}" if place <= limit else f"kept, but behind the limit of {limit}"
    says = f"{_named(deal, route.provider)}: {tried}; it leaves {money(route.margin_units, deal.currency)}."
    return _step(deal, route.provider, says, lines, kept=True, place=place, is_answer=place <= limit)


def _dropped_step(deal: Deal, one: Rejected) -> Step:
    says = f"{_named(deal, one.provider)}: dropped: "
    if one.reason in _NOT_ASKED:
        return _step(deal, one.provider, f"{says}{drop_words(deal.query, one)}.", [], kept=False, reason=one.reason)
    looked = look_at(deal.query, one.provider)
    if one.charge is None:
        says += f"{drop_words(deal.query, one)}."
        return _step(deal, one.provider, says, _prefix_lines(looked), kept=False, reason=one.reason)
    lines, cost = _priced_lines(deal, looked, one.cost_units)
    if cost is not None:
        lines.append(_margin_line(deal, cost, None))
    says += f"{drop_words(deal.query, one, deal.sold, cost)}."
    return _step(deal, one.provider, says, lines, kept=False, reason=one.reason)


def _step(deal: Deal, provider: Provider, says: str, lines: list[Line], *, kept: bool, **facts: object) -> Step:
    routes = deal.query.routes
    about = {"card": routes.names[provider.card], "revision": routes.revisions[provider.card]}
    return step("carrier", says, lines, **about, carrier=provider.carrier, kept=kept, **facts)


def _named(deal: Deal, provider: Provider) -> str:
    card = deal.query.routes.names[provider.card]
    return f"{card} ({provider.carrier})" if provider.carrier not in ("", card) else card


def _prefix_lines(looked: Looked) -> list[Line]:
    if not looked.quote.tried:
        return [line("prefix", f"its card holds no prefix of {looked.rated}")]
    return [line("prefix", f"{prefix}: {prefix_words(looked, prefix)}", value=prefix) for prefix in looked.quote.tried]


def _priced_lines(deal: Deal, looked: Looked, cost_units: int | None) -> tuple[list[Line], Fraction | None]:
    """
    From the prefix to the exact cost in the customer's currency; None: there is no rate of exchange.
    """
    lines = _prefix_lines(looked)
    if looked.index.has_jurisdictions:
        lines.append(line("jurisdiction", judge_jurisdiction(looked)[1]))
    total = add_up(looked, Charge(*price_of(looked.quote)), Decimal(deal.query.ask.duration_s))
    if cost_units is None:
        return [*lines, *total.lines], None
    factor, terms = _exchange_of(deal, looked.currency), deal.sell.index.terms
    cost = total.units * factor
    rounded = line("rounded", rounded_words(cost, cost_units, terms), value=format_units(cost_units))
    return [*lines, *total.lines, *_exchange_lines(deal, looked, total, factor), rounded], cost


def _exchange_of(deal: Deal, currency: str) -> Fraction:
    exchange = deal.query.routes.router.behind.exchange
    return exchange.factor(currency, deal.currency) if exchange else Fraction(1)


def _exchange_lines(deal: Deal, looked: Looked, total: Sum, factor: Fraction) -> list[Line]:
    """
    From the currency of the carrier's card to that of the customer's, before anything is rounded.
    """
    if looked.currency == deal.currency:
        return []
    rate, cost = exact(factor * UNITS), decimal(total.units * factor)
    return [
        line("exchange", f"1 {looked.currency} = {rate} {deal.currency}", value=rate),
        line("converted", f"{decimal(total.units)} {looked.currency} are {cost} {deal.currency}", value=cost),
    ]


def _margin_line(deal: Deal, cost: Fraction, margin_units: int | None) -> Line:
    """
    Args:
        margin_units: as the answer has it; None: the carrier is not in it.
    """
    left = deal.sold - cost
    words = f"{decimal(deal.sold)} - {decimal(cost)} = {decimal(left)} {deal.currency}"
    if margin_units is None:
        return line("margin", words, value=decimal(left))
    rounded = "" if left == margin_units else f", rounded once: {money(margin_units, deal.currency)}"
    return line("margin", words + rounded, value=format_units(margin_units))


def _crossing_line(deal: Deal, route: Route) -> Line:
    crossing = route.crossing
    if crossing is None:
        return line("worst_loss", f"it loses at no duration from 1 to {LONGEST_S} s", value=None)
    from_s, even_s = crossing.loses_from_s, crossing.break_even_s
    ends = f"it still loses at {LONGEST_S} s" if even_s is None else f"from {even_s} s on it never loses"
    loss = money(route.worst_loss_units, deal.currency)
    words = f"the first loss is at {from_s} s, the worst, {loss}, at {crossing.worst_loss_s} s; {ends}"
    return line("worst_loss", words, value=format_units(route.worst_loss_units))


def _place_words(deal: Deal, route: Route, place: int) -> str:
    ask, kept = deal.query.ask, len(deal.found.routes)
    by = f"cost {money(route.cost_units, deal.currency)}"
    if ask.strategy is Strategy.PRIORITY:
        by = f"priority {route.provider.priority}, then {by}"
    if ask.strategy is Strategy.QUALITY:
        by = f"{_quality_words(ask.quality.get(route.provider.card))}, then {by}"
    behind = f"; only {ask.limit} are wanted" if place > ask.limit else ""
    return f"{place} of {kept} by {by}{behind}"


def _quality_words(quality: Quality | None) -> str:
    if quality is None:
        return "quality, of which nothing is known"
    return f"quality (ASR {quality.asr_percent} %, ACD {quality.acd_s} s)"
