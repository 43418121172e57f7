"""
Routes as JSON.
"""

from functools import lru_cache

import orjson

from ratecards.lcr.crossing import Crossing
from ratecards.lcr.routes import Route, Routes
from ratecards.money import format_units

_KEPT = "json"
_PREFIX, _PIECES = 2, 4
"""Where the first prefix stands in the pieces of a list, and how many pieces lie between one and the next."""
_BILLINGS = 4_096
_PROVIDERS = 4_096


def routes_json(found: Routes) -> bytes:
    """
    Write the routes of an answer as a list, each with the fields of ``docs/lcr.md``.
    """
    chosen = found.chosen
    kept = {} if chosen.kept is None else chosen.kept
    pieces = kept.get(_KEPT)
    if pieces is None:
        pieces = kept[_KEPT] = _pieces(found)
    pieces = pieces.copy()
    pieces[_PREFIX::_PIECES] = [prefix.encode() for prefix in chosen.prefixes(found.ask.number)]
    return b"".join(pieces)


def _pieces(found: Routes) -> list[bytes]:
    """
    The list in pieces, those of the prefixes empty.
    """
    pieces = [b"["]
    for route in found.routes:
        head, tail = _around(route)
        pieces += (head, b"", tail, b",")
    return [*pieces[:-1], b"]"] if found.chosen.picks else [b"[]"]


def _around(route: Route) -> tuple[bytes, bytes]:
    """
    What stands before and behind a route's prefix.
    """
    kept = {} if route.kept is None else route.kept
    around: tuple[bytes, bytes] | None = kept.get(_KEPT)
    if around is None:
        around = kept[_KEPT] = _write_around(route)
    return around


def _write_around(route: Route) -> tuple[bytes, bytes]:
    provider, _, charge, cost_units, margin_units, crossing, loss_units, jurisdiction, _, _ = route
    head, tail = _provider(provider.card, provider.carrier, provider.tech_prefix, provider.endpoint)
    rate_units, fee_units, mcd_s, pulse_s = charge
    billing = _billing(provider.index.terms.currency, mcd_s, pulse_s, fee_units)
    cost, margin = format_units(cost_units), format_units(margin_units)
    rate = cost if rate_units == cost_units else format_units(rate_units)
    losing = _NEVER_LOSES if crossing is None else _crossing(crossing, loss_units)
    known = "" if jurisdiction is None else f'"jurisdiction":"{jurisdiction}",'
    money = f'"rate":"{rate}","cost":"{cost}","margin":"{margin}"'
    return head.encode(), f'",{money},{known}{billing}{tail}{losing}'.encode()


_NEVER_LOSES = '"break_even_seconds":null,"loses_from_seconds":null,"worst_loss":null}'


def _crossing(crossing: Crossing, loss_units: int) -> str:
    worst = f'{{"amount":"{format_units(loss_units)}","seconds":{crossing.worst_loss_s}}}'
    even = "null" if crossing.break_even_s is None else crossing.break_even_s
    return f'"break_even_seconds":{even},"loses_from_seconds":{crossing.loses_from_s},"worst_loss":{worst}}}'


@lru_cache(maxsize=_PROVIDERS)
def _provider(card: str, carrier: str, tech_prefix: str, endpoint: str) -> tuple[str, str]:
    """
    The fields that are the same in all of a provider's routes: those up to the digits of the prefix, and the last ones.
    """
    head = orjson.dumps({"card": card, "carrier": carrier}).decode()[:-1] + ',"prefix":"'
    return head, orjson.dumps({"tech_prefix": tech_prefix, "endpoint": endpoint}).decode()[1:-1] + ","


@lru_cache(maxsize=_BILLINGS)
def _billing(currency: str, mcd_s: int, pulse_s: int, fee_units: int) -> str:
    return f'"currency":"{currency}","billing":"{mcd_s}/{pulse_s}","connect_fee":"{format_units(fee_units)}",'
