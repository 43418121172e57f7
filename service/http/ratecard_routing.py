"""
``ratecard/routings``, ``routing`` and ``route``: the carriers behind a customer card, for ``lcr`` to choose from.
"""

from typing import Any

from service.http import ratecard_ask as ask
from service.http.ratecard_ask import PAGING, told
from service.http.slow import TABLE_FORMATS, Call, Service
from service.manage.ratecard_process import aside
from service.manage.routing import FIELDS, parse_carriers, route, routing_view, routings_view
from service.render.table import Table
from service.store.routings import MAX_ROUTES, STRATEGIES


async def routings(call: Call) -> Table:
    """
    Every customer card with carriers behind it.
    """
    cards, page = ask.shelf(call), ask.page(call)
    with told(cards):
        return await aside(routings_view, cards, page)


async def routing(call: Call) -> dict[str, Any]:
    """
    What stands behind a card.
    """
    cards, card = ask.shelf(call), ask.card(call.parameters)
    with told(cards):
        return await aside(routing_view, cards, card)


async def change(call: Call) -> dict[str, Any]:
    """
    Say what stands behind a card; what is not named stays.
    """
    cards, card, asked = ask.shelf(call), ask.card(call.parameters), call.parameters
    said = {
        "strategy": ask.one_of(asked, "strategy", STRATEGIES),
        "limit": ask.whole(asked, "limit", 1, MAX_ROUTES),
        "cap": asked.get("cap"),
        "min_margin": asked.get("min_margin"),
        "block_connect_fee": ask.flag(asked, "block_connect_fee"),
    }
    with told(cards):
        carriers = None if "carriers" not in asked else parse_carriers(asked["carriers"])
        return await aside(route, cards, card, carriers, **said)


SERVICES = (
    Service("ratecard/routings", "cards", ("GET", "HEAD"), routings, PAGING, TABLE_FORMATS),
    Service("ratecard/routing", "cards", ("GET", "HEAD"), routing, frozenset({"card"})),
    Service("ratecard/route", "cards", ("POST",), change, frozenset({"card", "carriers", *FIELDS})),
)
