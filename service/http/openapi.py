"""
The interface as an OpenAPI document, from what the services themselves check: names, methods, formats and scopes.

Source: OpenAPI 3.1.1.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from service.http.answered import ANSWERS, ASKED, OBJECT, PAGE, SCHEMAS
from service.http.described import Described, describe
from service.http.described_routes import ONLY, PARAMETERS_TOO, ROUTES, Route
from service.http.respond import FORMATS, SERVICES, SIPHON
from service.http.routes import REPORTS, SLOW, table

OPENAPI = "3.1.1"
TYPES = {
    "json": "application/json",
    "xml": "application/xml",
    "html": "text/html",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}
"""Content type of each format."""
_REPORT = ("json", "xml", "csv", "xlsx")
_PAGES = {"/": ("html",), "/docs": ("html",), "/changelog": ("html", "plain"), "/metrics": ("plain",)}
TOKEN = "/oauth2/token"  # noqa: S105 - its path
_TOKEN = frozenset({"grant_type", "client_id", "client_secret", "scope"})
_HAL = "application/hal+json"
_ANYWHERE = (400, 408, 414, 431)
"""Errors of what is no request, or a slow, long or large one, wherever it is sent."""
_ALWAYS = (*_ANYWHERE, 401, 403, 404, 405, 406, 413, 415, 429, 503)
"""Errors any service may answer; a 500 is none of them."""
_FIELDS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "a key, or a token"},
    "account": {"type": "http", "scheme": "basic", "description": "name of the account, and a key"},
    "token": {"type": "apiKey", "in": "query", "name": "Auth", "description": "a token; never a key"},
}
_SAYS = """Rates, routes and what is known of telephone numbers, for softswitches that ask before a call.

`/api/v1/…` is the same as `/api/…`; a service asked without a format answers HTML. `HEAD` is answered where `GET` is.
A parameter that a service does not know is a 400 that names it. Look-ups take their parameters as a query, a form or a
JSON object. Errors are one envelope in every format."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Offered:
    """
    A route as it is offered.

    Attributes:
        path: as the table of routes has it.
        scope: empty: any credential; None: none is wanted.
        formats: in its path; empty: the path has none.
        known: names of its parameters.
        raw: its body holds no parameters: those stand in the query.
    """

    path: str
    methods: tuple[str, ...]
    scope: str | None
    formats: tuple[str, ...] = ()
    known: frozenset[str] = frozenset()
    raw: bool = False

    @property
    def name(self) -> str:
        return self.path.removeprefix("/api/").removeprefix("/")


@lru_cache(1)
def openapi() -> Json:
    """
    The document; the same for whoever asks.
    """
    paths: dict[str, Json] = {}
    for one in offered():
        told = ROUTES.get(one.path, Route(""))
        paths[address(one)] = {
            method.lower(): _operation(one, told, method) for method in one.methods if method != "HEAD"
        }
    return {
        "openapi": OPENAPI,
        "info": {"title": "ratedip", "version": version("ratedip"), "description": _SAYS},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": SCHEMAS, "securitySchemes": _SCHEMES, "responses": dict(_errors())},
    }


def offered() -> Iterator[Offered]:
    """
    Every route of the table, with what its service declares.
    """
    hot = {f"/api/{name}": known for name, (_, known) in SERVICES.items()}
    slow = {f"/api/{name}": service for name, service in SLOW.items()}
    for entry in table():
        path, line = entry.path, (entry.path, entry.methods, entry.scope)
        if path in hot:
            yield Offered(*line, FORMATS, hot[path])
        elif path in slow:
            yield Offered(*line, slow[path].formats, slow[path].known, slow[path].raw)
        elif path in REPORTS:
            yield Offered(*line, known=REPORTS[path].known)
        elif path == f"/api/{SIPHON.service}":
            yield Offered(*line, (SIPHON.format,), raw=True)
        else:
            yield Offered(*line, known=_TOKEN if path == TOKEN else frozenset())


def address(one: Offered) -> str:
    """
    The path of a route, with its format.
    """
    if not one.formats:
        return one.path
    return f"{one.path}.{one.formats[0]}" if len(one.formats) == 1 else one.path + ".{format}"


def _operation(one: Offered, told: Route, method: str) -> Json:
    names = sorted(ONLY.get((one.path, method), one.known) - {"Auth"})
    in_query = method == "GET" or one.raw
    asked = [_in_query(one, name, needed=name in told.needed) for name in names] if in_query else []
    form = [_format(one)] if len(one.formats) > 1 else []
    body = {"requestBody": _body(one, told, names)} if method == "POST" else {}
    return {
        "operationId": f"{method.lower()}_{one.name.replace('/', '_') or 'console'}",
        "summary": told.says,
        "tags": [one.name.partition("/")[0] if "/" in one.name else "look-ups" if one.scope == "lookup" else "service"],
        **({} if one.scope is None else {"security": _security(one.scope)}),
        **({"parameters": form + asked} if form or asked else {}),
        **body,
        "responses": _responses(one),
    }


def _format(one: Offered) -> Json:
    says = "format of the answer"
    return {
        "name": "format",
        "in": "path",
        "required": True,
        "description": says,
        "schema": {"enum": list(one.formats)},
    }


def _in_query(one: Offered, name: str, *, needed: bool) -> Json:
    found = describe(one.name, name)
    return {"name": name, "in": "query", "required": needed, "description": found.says, "schema": found.schema}


def _body(one: Offered, told: Route, names: Iterable[str]) -> Json:
    if one.path in ASKED:
        return {"required": True, "content": {TYPES["json"]: {"schema": ASKED[one.path]}}}
    fields = {name: _field(describe(one.name, name)) for name in names}
    asked = {"type": "object", "properties": fields, "required": list(told.needed), "additionalProperties": False}
    holds = not one.raw
    return {"content": {kind: {"schema": asked} if holds and kind in PARAMETERS_TOO else {} for kind in told.bodies}}


def _field(found: Described) -> Json:
    return {"description": found.says, **found.schema}


def _security(scope: str) -> list[Json]:
    """
    A key or token in any of the places it may stand; where a scope is wanted, one that has it.
    """
    return [{scheme: [scope] if scope else []} for scheme in _SCHEMES]


def _responses(one: Offered) -> Json:
    good = {"description": "the answer", "content": _content(one)}
    if one.path == TOKEN:
        refused = {"content": {TYPES["json"]: {"schema": {"$ref": "#/components/schemas/TokenRefused"}}}}
        told = {code: {"description": "refused", **refused} for code in ("400", "401", "408", "413")}
        return {"200": good} | _by_reference(_ANYWHERE) | told
    return {"200": good} | _by_reference(_ALWAYS if one.scope is not None else (*_ANYWHERE, 404, 405, 503))


def _by_reference(codes: Iterable[int]) -> Json:
    return {str(code): {"$ref": f"#/components/responses/{code}"} for code in sorted(codes)}


def _content(one: Offered) -> Json:
    schema = ANSWERS.get(one.path, PAGE if "per_page" in one.known else OBJECT)
    plain = _PAGES.get(one.path, ("json",))
    forms = one.formats or (_REPORT if one.path in REPORTS else plain)
    kinds = ["text/plain" if form == "plain" else TYPES[form] for form in forms]
    content: Json = {kind: {"schema": schema} if kind == TYPES["json"] else {} for kind in kinds}
    if one.path in REPORTS:
        content["text/xml"] = content.pop(TYPES["xml"])
    if one.path in REPORTS or (one.scope is not None and "csv" in one.formats):
        content[_HAL] = {"schema": OBJECT}
    return content


def _errors() -> Iterator[tuple[str, Json]]:
    schema = {"$ref": "#/components/schemas/Error"}
    content = {TYPES["json"]: {"schema": schema}, TYPES["xml"]: {}, TYPES["html"]: {}}
    for code in sorted(_ALWAYS):
        fields = {name: {"required": True, "schema": {"type": "string"}} for name in _FIELDS.get(code, ())}
        more = {"headers": fields} if fields else {}
        yield str(code), {"description": HTTPStatus(code).phrase, **more, "content": content}
