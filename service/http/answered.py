"""
What answers look like: JSON Schema of look-ups, reports, tokens and the error envelope.

Source: JSON Schema draft 2020-12, as OpenAPI 3.1 has it.
"""

from typing import Any

from service.manage.partner_reports import DEALERS, IMEI, RELATIONSHIPS
from service.render.report import Column

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_AMOUNT: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "description": "an exact decimal"}
_SECONDS: Schema = {"type": "integer", "description": "unix seconds"}


def _or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def _object(needed: dict[str, Schema], others: dict[str, Schema] | None = None, *, more: bool = False) -> Schema:
    """
    Args:
        more: there may be further fields.
    """
    fields = {**needed, **(others or {})}
    return {"type": "object", "properties": fields, "required": list(needed), "additionalProperties": more}


def _refer(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_RATED = {
    "number": _TEXT, "card": _TEXT, "revision": _WHOLE, "prefix": _TEXT, "name": _TEXT, "currency": _TEXT,
    "rate": _AMOUNT, "connect_fee": _AMOUNT, "mcd": _WHOLE, "pulse": _WHOLE, "billing": _TEXT,
    "effective": _or_null(_SECONDS), "expires": _or_null(_SECONDS), "ttl": _WHOLE,
}  # fmt: skip
_CALLED = {
    "duration": {"type": "number"}, "billed_seconds": _WHOLE, "cost": _AMOUNT, "lrn": _TEXT,
    "jurisdiction": {"enum": ["interstate", "intrastate", "indeterminate", "international"]},
}  # fmt: skip
_ROUTE = {
    "card": _TEXT, "revision": _WHOLE, "carrier": _TEXT, "prefix": _TEXT, "name": _TEXT, "rate": _AMOUNT,
    "cost": _AMOUNT, "margin": _AMOUNT, "currency": _TEXT, "billing": _TEXT, "connect_fee": _AMOUNT,
    "tech_prefix": _TEXT, "endpoint": _TEXT, "break_even_seconds": _or_null(_WHOLE),
    "worst_loss": _or_null(_AMOUNT), "worst_loss_seconds": _or_null(_WHOLE),
}  # fmt: skip
_HEARD = {"code": _WHOLE, "reason": _TEXT, "datetime": _SECONDS, "age": _WHOLE, "age_days": _WHOLE}
_ERROR = {"code": _WHOLE, "reason": _TEXT}
_TOLD = {
    "detail": _TEXT, "verdict": _TEXT, "sip_code": _WHOLE, "retry_after": {"type": "number"}, "line": _WHOLE,
}  # fmt: skip
_TOKEN = {"access_token": _TEXT, "token_type": {"const": "Bearer"}, "expires_in": _WHOLE, "scope": _TEXT}
_COLUMN = {"Column_Name": _TEXT, "Type": _TEXT, "SafeType": _TEXT, "Length": _WHOLE}
_SAFE: dict[str, Schema] = {
    "INTEGER": _WHOLE,
    "BIGINT": _WHOLE,
    "DATE": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T00:00:00$"},
    "UNIQUEIDENTIFIER": {"type": "string", "format": "uuid"},
}


def _report(columns: tuple[Column, ...], nullable: frozenset[str] = frozenset()) -> Schema:
    """
    An array of records, or a table of them with its schema.
    """
    plain = {column.name: _SAFE.get(column.type, _TEXT) for column in columns}
    record = _object({name: _or_null(schema) if name in nullable else schema for name, schema in plain.items()})
    table = _object(
        {"Records": {"type": "array", "items": record}, "Schema": {"type": "array", "items": _refer("Column")}}
    )
    return {"oneOf": [{"type": "array", "items": record}, table]}


def _each(name: str) -> Schema:
    """
    One answer, or where several numbers are asked one by number, with its error in place.
    """
    one = {"anyOf": [_refer(name), _refer("Error")]}
    by_number = {"type": "object", "additionalProperties": one}
    return {"anyOf": [_refer(name), by_number]}


SCHEMAS: dict[str, Schema] = {
    "Error": _object({"error": _object(_ERROR, _TOLD, more=True)}),
    "Rate": _object(_RATED, _CALLED),
    "Route": _object(_ROUTE, more=True),
    "Routes": _object(
        {"number": _TEXT, "card": _TEXT, "strategy": _TEXT, "ttl": _WHOLE, "sell": _refer("Rate")}
        | {"routes": {"type": "array", "items": _refer("Route")}},
        {"rejected": {"type": "array", "items": {"type": "object"}}},
        more=True,
    ),
    "Heard": _object(_HEARD, {"action": {"enum": ["block", "pass"]}}),
    "Listed": _object({"listed": {"type": "boolean"}, "list": {"type": "array", "items": _TEXT}}),
    "Known": {"type": "object", "description": "fields of one kind of answer, or its error"},
    "Smart": {
        "type": "object",
        "description": "by number, then by kind of answer",
        "additionalProperties": {"type": "object", "additionalProperties": _refer("Known")},
    },
    "Siphon": _object(
        {"routes": {"type": "array", "items": {"type": "object"}}, "cache_ttl_secs": _or_null(_WHOLE)}
        | {"reject": _or_null(_object({"code": _WHOLE, "reason": _TEXT}, more=True))},
        more=True,
    ),
    "Token": _object(_TOKEN),
    "TokenRefused": _object({"error": _TEXT, "error_description": _TEXT}),
    "Column": _object(_COLUMN),
    "Relationships": _report(RELATIONSHIPS),
    "Dealers": _report(DEALERS),
    "Devices": _report(IMEI, frozenset({"ReturnDate", "ClientID"})),
    "Page": _object({"page": _WHOLE, "per_page": _WHOLE, "total": _WHOLE}, more=True),
    "Account": _object(
        {"name": _TEXT, "environment": {"enum": ["live", "test"]}, "scopes": {"type": "array"}}, more=True
    ),
    "State": _object({"status": _TEXT}, more=True),
    "Document": _object({"openapi": _TEXT, "info": {"type": "object"}, "paths": {"type": "object"}}, more=True),
}
ANSWERS: dict[str, Schema] = {
    "/api/rate": _refer("Rate"),
    "/api/lcr": _refer("Routes"),
    "/api/asrplus": _each("Heard"),
    "/api/tps": _each("Listed"),
    "/api/range": _refer("Known"),
    "/api/lrn": _refer("Known"),
    "/api/hlr": _refer("Known"),
    "/api/ping": _refer("Known"),
    "/api/lookup/smart": _refer("Smart"),
    "/api/lcr/siphon": _refer("Siphon"),
    "/partner/relationships": _refer("Relationships"),
    "/partner/relationships/dealers": _refer("Dealers"),
    "/partner/ingrammicro/imei": _refer("Devices"),
    "/oauth2/token": _refer("Token"),
    "/api/account": _refer("Account"),
    "/livez": _refer("State"),
    "/readyz": _refer("State"),
    "/openapi.json": _refer("Document"),
}
"""JSON of a good answer by path; of others it is an object."""
ASKED: dict[str, Schema] = {
    "/api/lcr/siphon": _object(
        {
            "from": _TEXT,
            "dialed_number": {"type": "string", "examples": ["441132456789"]},
            "source": {"type": "object"},
        },
        {"version": {"const": "1"}, "call_id": _TEXT, "to": _TEXT, "attributes": {"type": "object"}},
        more=True,
    ),
}
"""Bodies that are JSON of their own."""
PAGE = _refer("Page")
"""Of services that answer page by page."""
OBJECT: Schema = {"type": "object"}
