"""
The siphon LCR contract, version 1: its request as parameters of ``lcr``, and a decision as its answer.

Source: siphon-sip 1.15, ``siphon_sdk.lcr``.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from ratecards.lcr import Route
from ratecards.money import format_units
from ratecards.numbers import NumberError, normalise
from service.errors import ApiError, invalid, missing, standard
from service.http.query import JSON, Parameters
from service.lookups.lcr import LcrQuery, lcr_found
from service.snapshot import LiveRoutes

VERSION = "1"
HINTS = ("card", "duration", "strategy", "limit", "carriers", "exclude", "lrn")
"""Parameters of ``lcr`` that a script may give as attributes."""
MAX_TEXT = 1024
_USER = re.compile(r"(?:sips?|tel):([^@;>?]*)", re.ASCII | re.IGNORECASE)
_NO_NUMBER = (484, "Address Incomplete")


def parse_siphon(content_type: bytes | None, body: bytes) -> Parameters:
    """
    Read a request of the contract.

    Raises:
        ApiError: 415 or 400, naming the field that is missing or wrong.
    """
    if not body and content_type is None:
        return {}  # who asks is looked at first
    if (content_type or b"").split(b";")[0].strip().lower() != JSON:
        raise standard(415, "send application/json")
    try:
        asked = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid JSON") from None
    if not isinstance(asked, dict):
        raise ApiError(400, "Invalid JSON: an object is wanted")
    if asked.get("version", VERSION) != VERSION:
        raise invalid("version", f"is not {VERSION}")
    texts = {name: _text(asked, name) for name in ("call_id", "from", "to", "dialed_number")}
    source, attributes = asked.get("source"), asked.get("attributes", {})
    if not isinstance(source, dict):
        raise missing("source") if source is None else invalid("source", "is not an object")
    _text(source, "ip", "source.ip")
    if not isinstance(attributes, dict):
        raise invalid("attributes", "is not an object")
    parameters = {name: _text(attributes, name, f"attributes.{name}") for name in HINTS if name in attributes}
    return parameters | {"number": texts["dialed_number"], "cli": _caller(texts["from"])}


def decide(find: Callable[[], LcrQuery]) -> dict[str, Any]:
    """
    Answer with a decision, whatever it is.

    Args:
        find: checks the parameters.
    """
    try:
        query = find()
        routes, ttl_s = lcr_found(query)
    except ApiError as error:
        if error.reason.startswith("Invalid Parameter 'number'"):
            return _reject(*_NO_NUMBER)
        if "verdict" not in error.more:
            raise
        return _reject(error.more["sip_code"], error.reason)
    return {"routes": [_route(query.routes, route) for route in routes], "cache_ttl_secs": ttl_s, "reject": None}


def _reject(code: int, reason: str) -> dict[str, Any]:
    return {"routes": [], "cache_ttl_secs": 0, "reject": {"code": code, "reason": reason or HTTPStatus(code).phrase}}


def _route(live: LiveRoutes, route: Route) -> dict[str, Any]:
    """
    A carrier without an endpoint is a gateway group of the switch, by the name of its card.
    """
    provider, charge, name = route.provider, route.charge, live.names[route.provider.card]
    where = {"next_hop": provider.endpoint} if provider.endpoint else {"gateway_group": name}
    prefix = {"tech_prefix": provider.tech_prefix} if provider.tech_prefix else {}
    return {
        "carrier_id": name,
        **where,
        **prefix,
        "rate": Decimal(format_units(charge.rate_units)),
        "currency": provider.index.terms.currency,
        "billing_increment": charge.pulse_s,
        "min_duration": charge.mcd_s,
        "cdr_fields": {
            "card": name,
            "revision": str(live.revisions[provider.card]),
            "prefix": route.prefix,
            "rate": format_units(charge.rate_units),
            "connect_fee": format_units(charge.connect_fee_units),
        },
    }


def _text(values: dict[str, Any], name: str, called: str | None = None) -> str:
    value = values.get(name)
    if value is None:
        raise missing(called or name)
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise invalid(called or name, f"is not a text of up to {MAX_TEXT} characters")
    return value


def _caller(uri: str) -> str:
    """
    The calling number of a From URI, where it is one; who withholds it, or calls by a name, is nobody.
    """
    found = _USER.search(uri)
    user = unquote(found[1] if found else uri.partition("@")[0]).partition(";")[0]
    try:
        normalise(user)
    except NumberError:
        return ""
    return user
