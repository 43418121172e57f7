"""
What stands behind customer cards, as those who manage them see and say it.
"""

from dataclasses import asdict, replace
from typing import Any

from service.manage.ratecards import BadValueError, MissingError, Shelf, card_of
from service.render.table import Page, Row, Table
from service.store.catalogue import CatalogueError
from service.store.routings import Carrier, Routing, find_routing, list_routings, set_routing

FIELDS = ("strategy", "limit", "cap", "min_margin", "block_connect_fee")
"""What a routing says besides its carriers."""
_COLUMNS = ("card", "carriers", *FIELDS)


def parse_carriers(text: str) -> list[dict[str, Any]]:
    """
    Read ``carrier-a,carrier-b:cap=0.05:priority=1,carrier-c:off``.

    Raises:
        BadValueError: naming the piece that cannot be read.
    """
    return [_parse_carrier(piece.strip()) for piece in text.split(",") if piece.strip()]


def _parse_carrier(piece: str) -> dict[str, Any]:
    name, *options = piece.split(":")
    carrier: dict[str, Any] = {"card": name}
    for option in options:
        word, _, value = option.partition("=")
        if option == "off":
            carrier["enabled"] = False
        elif word == "cap":
            carrier["cap"] = value
        elif word == "priority" and value.isascii() and value.isdigit() and len(value) < 6:
            carrier["priority"] = int(value)
        else:
            raise BadValueError("carriers", f"{option!r} at '{name}' is none of cap=0.05, priority=1 and off")
    return carrier


def write_carrier(carrier: Carrier) -> str:
    """
    As :func:`parse_carriers` reads it.
    """
    options = [f"cap={carrier.cap}" if carrier.cap else "", f"priority={carrier.priority}"]
    return ":".join([carrier.card, *filter(None, options), *([] if carrier.enabled else ["off"])])


def routing_view(shelf: Shelf, card: str) -> dict[str, Any]:
    """
    What stands behind a card.

    Raises:
        MissingError: there is no such card, or nothing does.
    """
    stored = card_of(shelf, card).name
    routing = find_routing(shelf.engine, stored)
    if routing is None:
        raise MissingError(f"no carriers stand behind card '{card}'")
    return _told(shelf, routing)


def routings_view(shelf: Shelf, page: Page) -> Table:
    """
    Every customer card with carriers behind it.
    """
    found = [routing for routing in list_routings(shelf.engine) if shelf.has(routing.card)]
    rows = [_row(shelf, routing) for routing in page.cut(found)]
    return Table("routings", _COLUMNS, rows, len(found), page, amounts=("cap",))


def route(shelf: Shelf, card: str, carriers: list[dict[str, Any]] | None, **said: Any) -> dict[str, Any]:
    """
    Say what stands behind a card; what is not said stays.

    Args:
        carriers: as :class:`Carrier` has them, in the names of this environment; None: as before.
        said: of :data:`FIELDS`; None: as before.

    Raises:
        MissingError: there is no such card.
        CatalogueError: something cannot be so; nothing was changed.
    """
    stored = card_of(shelf, card).name
    routing = find_routing(shelf.engine, stored) or Routing(stored)
    if carriers is not None:
        try:
            behind = tuple(Carrier(**{**one, "card": shelf.stored(one["card"])}) for one in carriers)
        except TypeError:
            raise CatalogueError(f"a carrier has {', '.join(Carrier.__dataclass_fields__)}") from None
        routing = replace(routing, carriers=behind)
    given = {name: value for name, value in said.items() if value is not None}
    return _told(shelf, set_routing(shelf.engine, replace(routing, **given), shelf.actor))


def _told(shelf: Shelf, routing: Routing) -> dict[str, Any]:
    carriers = [{**asdict(carrier), "card": shelf.shown(carrier.card)} for carrier in routing.carriers]
    return {"card": shelf.shown(routing.card), "carriers": carriers, **{f: getattr(routing, f) for f in FIELDS}}


def _row(shelf: Shelf, routing: Routing) -> Row:
    names = ", ".join(shelf.shown(carrier.card) for carrier in routing.carriers if carrier.enabled)
    return {"card": shelf.shown(routing.card), "carriers": names, **{f: getattr(routing, f) for f in FIELDS}}
