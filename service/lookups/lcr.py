"""
``lcr``: in what order should carriers be tried.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ratecards.lcr import Ask, Reason, Rejected, Route, Routes, Strategy
from ratecards.money import format_units
from service.errors import ApiError, no_price, no_route
from service.lookups.rate import MAX_TTL_S, costed, price_of, rate_fields
from service.render.plain import to_json
from service.snapshot import LiveCard, LiveRoutes

_START = b'{"number":"'
_MIDDLE, _REST = "middle", "rest"
"""Of a whole answer: what stands between the number and the number as the customer's card has it, and all behind."""
_AROUND = "around"
"""Of routes: what stands before and behind the prefix and the name of each."""


@dataclass(frozen=True, slots=True)
class LcrQuery:
    """
    One checked question.

    Attributes:
        card: the customer's.
        routes: what stands behind it.
        now: unix seconds of the question; ``ask.at`` is what it asks about.
    """

    card: LiveCard
    routes: LiveRoutes
    ask: Ask
    now: int


def lcr(query: LcrQuery) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/api.md``.

    Raises:
        ApiError: 403 or 404 where there is no route, with its verdict.
    """
    found = _find(query)
    answer = _head(query, found)
    answer["routes"] = [route_fields(query, route) for route in found.routes]
    if query.ask.caller.lrn:
        answer["lrn"] = query.ask.caller.lrn
    if query.ask.explain:
        answer["rejected"] = rejected_fields(query, found)
    return answer


def lcr_json(query: LcrQuery) -> bytes:
    """
    The same as JSON, with what is the same for many numbers written once.
    """
    ask = query.ask
    if ask.explain or ask.strategy is Strategy.QUALITY:  # what is kept knows nothing of how carriers did
        return to_json(lcr(query))
    body, lrn = _json(query), ask.caller.lrn.encode()
    return b'%b,"lrn":"%b"}' % (body[:-1], lrn) if lrn else body


def _json(query: LcrQuery) -> bytes:
    """
    All of an answer but the routing number of the call.
    """
    ask = query.ask
    found, number = _find(query), ask.number.encode()
    lasts = ask.at == query.now and _ttl(query, found) == MAX_TTL_S  # seconds that dwindle are in an answer
    kept = found.kept if lasts else None
    if kept:
        return b'{"number":"%b%b%b%b' % (number, kept[_MIDDLE], number, kept[_REST])
    routes = b",".join(_written(query, found))
    body = to_json(_head(query, found))[:-1] + b',"routes":[' + routes + b"]}"
    if kept is not None:
        middle, sell, rest = body[len(_START) + len(number) :].partition(b'"sell":{"number":"')
        kept[_MIDDLE], kept[_REST] = middle + sell, rest[len(number) :]
    return body


def lcr_found(query: LcrQuery) -> tuple[tuple[Route, ...], int]:
    """
    The routes themselves, and the seconds they stay true.

    Raises:
        ApiError: as of :func:`lcr`.
    """
    found = _find(query)
    return found.routes, _head(query, found)["ttl"]


def route_fields(query: LcrQuery, route: Route) -> dict[str, Any]:
    """
    What an answer says of a route.
    """
    first = {**_whose(query, route), "prefix": route.prefix, "name": route.name}
    return {**first, **_money(route), **_did(query, route)}


def _did(query: LcrQuery, route: Route) -> dict[str, Any]:
    """
    How the carrier did of late, where the order goes by that; nulls: too few calls tell.
    """
    if query.ask.strategy is not Strategy.QUALITY:
        return {}
    did = query.ask.quality.get(route.provider.card)
    if did is None:
        return {"asr_percent": None, "acd_s": None}
    return {"asr_percent": str(did.asr_percent), "acd_s": str(did.acd_s)}


def rejected_fields(query: LcrQuery, found: Routes) -> list[dict[str, Any]]:
    """
    What an answer says of carriers that are no route.
    """
    cold = [{"card": card, "reason": "not_loaded"} for card in query.routes.missing]
    return [_rejected(query, one) for one in found.rejected] + cold


def _find(query: LcrQuery) -> Routes:
    found = query.routes.router.route(query.ask)
    if found.verdict is not None:
        raise _refusal(query, found)
    return found


def _refusal(query: LcrQuery, found: Routes) -> ApiError:
    more: dict[str, Any] = {"rejected": rejected_fields(query, found)} if query.ask.explain else {}
    if found.sell.verdict is not None:
        return no_price(found.sell)
    assert found.verdict is not None  # noqa: S101 - there is no route
    if found.verdict is Reason.CAPPED and not found.rejected:
        more["prefix"] = found.sell.prefix
    return no_route(str(found.verdict), **more)


def _head(query: LcrQuery, found: Routes) -> dict[str, Any]:
    ask, card = query.ask, query.card
    sell = rate_fields(card, found.sell, ask.at, query.now)
    sell |= costed(card.index.terms, Decimal(ask.duration_s), *price_of(found.sell))
    ttl = min(sell["ttl"], _ttl(query, found))
    return {"number": ask.number, "card": card.name, "strategy": str(ask.strategy), "ttl": ttl, "sell": sell}


def _ttl(query: LcrQuery, found: Routes) -> int:
    """
    Seconds an answer stays true: to the next change of a rule in it, or of a card it was chosen from.
    """
    rule = MAX_TTL_S if found.until is None else found.until - query.ask.at
    planned = MAX_TTL_S if query.routes.until is None else max(0, query.routes.until - query.now)
    return min(MAX_TTL_S, rule, planned)


def _whose(query: LcrQuery, route: Route) -> dict[str, Any]:
    provider = route.provider
    return {
        "card": query.routes.names[provider.card],
        "revision": query.routes.revisions[provider.card],
        "carrier": provider.carrier,
    }


def _money(route: Route) -> dict[str, Any]:
    """
    What depends neither on the prefix nor on its name.
    """
    provider, charge = route.provider, route.charge
    money = {
        "rate": format_units(charge.rate_units),
        "cost": format_units(route.cost_units),
        "margin": format_units(route.margin_units),
        "currency": provider.index.terms.currency,
        "billing": f"{charge.mcd_s}/{charge.pulse_s}",
        "connect_fee": format_units(charge.connect_fee_units),
        "tech_prefix": provider.tech_prefix,
        "endpoint": provider.endpoint,
    }
    if route.jurisdiction is not None:
        money["jurisdiction"] = str(route.jurisdiction)
    return {**money, **_crossed(route)}


def _crossed(route: Route) -> dict[str, Any]:
    """
    Where a route loses, in the currency of the customer's card; amounts are rounded up, since they are losses.
    """
    crossing = route.crossing
    if crossing is None:
        return {"break_even_seconds": None, "worst_loss": None, "worst_loss_seconds": None}
    return {
        "break_even_seconds": crossing.break_even_s,
        "worst_loss": format_units(route.worst_loss_units),
        "worst_loss_seconds": crossing.worst_loss_s,
    }


def _written(query: LcrQuery, found: Routes) -> Iterator[bytes]:
    """
    JSON of the routes, one after the other.
    """
    chosen = found.chosen
    kept = {} if chosen.kept is None else chosen.kept
    around = kept.get(_AROUND)
    if around is None:
        around = kept[_AROUND] = [_around(query, route) for route in found.routes]
    named, prefixes = query.routes.named, chosen.prefixes(found.ask.number)
    for pick, prefix, (head, tail) in zip(chosen.picks, prefixes, around, strict=True):
        lasts = pick[0] not in chosen.quotes  # what a card says that is asked itself may change its name with a date
        name = named.find((pick[0], prefix)) if lasts else None
        if name is None:
            name = _named(Route(pick[1], prefix, *pick[2]))
            if lasts:
                named.keep((pick[0], prefix), name)
        yield b"%b%b%b" % (head, name, tail)


def _around(query: LcrQuery, route: Route) -> tuple[bytes, bytes]:
    kept = {} if route.kept is None else route.kept
    around: tuple[bytes, bytes] | None = kept.get(_AROUND)
    if around is None:
        around = kept[_AROUND] = to_json(_whose(query, route))[:-1] + b",", b"," + to_json(_money(route))[1:]
    return around


def _named(route: Route) -> bytes:
    return to_json({"prefix": route.prefix, "name": route.name})[1:-1]


def _rejected(query: LcrQuery, one: Rejected) -> dict[str, Any]:
    fields: dict[str, Any] = {"card": query.routes.names[one.provider.card], "reason": str(one.reason)}
    if one.prefix:
        fields["prefix"] = one.prefix
    if one.charge is not None:
        fields["rate"] = format_units(one.charge.rate_units)
        fields["currency"] = one.provider.index.terms.currency
    if one.cost_units is not None:
        fields["cost"] = format_units(one.cost_units)
    return fields
