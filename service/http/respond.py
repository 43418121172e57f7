"""
One request's way: bytes, parse, identify account, admit, look up, render, bytes.

Synchronous from end to end; both doors, the protocol and the Starlette app, answer with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic_ns
from typing import Any

from service.access.account import Account
from service.access.identify import identify
from service.errors import ApiError, invalid, over_rate
from service.http import ask
from service.http.query import Parameters, parse_body, parse_query, shown
from service.lookups.rate import rate, rate_json
from service.render.html import to_html
from service.render.plain import HTML, JSON, XML, to_json, to_xml
from service.snapshot import Desk

METHODS = (b"GET", b"HEAD", b"POST")
FORMATS = ("html", "json", "xml")
_NS = 10**9
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """
    What the header fields of a request say that an answer may depend on.
    """

    authorization: bytes | None = None
    content_type: bytes | None = None


def head_of(fields: list[tuple[bytes, bytes]]) -> Head:
    """
    Pick out of header fields (names in lower case) what matters; a field sent twice is read as one list, RFC 9110 5.3.
    """
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if name in (b"authorization", b"content-type"):
            found[name] = found[name] + b", " + value if name in found else value
    return Head(found.get(b"authorization"), found.get(b"content-type"))


class Response:
    """
    Attributes:
        headers: besides date, content-type and content-length.

    """

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(self, status: int, content_type: bytes, body: bytes, headers: Headers = ()) -> None:
        self.status = status
        self.content_type = content_type
        self.body = body
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Route:
    """
    A hot service in one format.

    Attributes:
        answer: parameters, account, desk, wants JSON -> the fields, or their JSON where that is ready.
        known: names of its parameters.

    """

    service: str
    format: str
    answer: Callable[[Parameters, Account, Desk, bool], dict[str, Any] | bytes]
    known: frozenset[str]


def respond(desk: Desk, method: bytes, target: bytes, head: Head, body: bytes = b"") -> Response | None:
    """
    Answer a request.

    Args:
        desk: snapshot, accounts and clock of this process.
        method: ``GET``, ``HEAD`` or ``POST``.
        target: path and query as they stand in the request line.
        head: its header fields.
        body: of a POST, whole.

    Returns:
        None for what is not a look-up: ask the slow path.

    """
    path, _, query = target.partition(b"?")
    route = ROUTES.get(path)
    if route is None or method not in METHODS:
        return None
    parameters: Parameters = {}
    try:
        parameters = parse_query(query)
        if method == b"POST":
            _merge(parameters, parse_body(head.content_type, body))
        account = identify(head.authorization, parameters.get("Auth"), desk.anonymous)
        admit(account)
        ask.check_names(parameters, route.known)
        answer = route.answer(parameters, account, desk, route.format == "json")
    except ApiError as error:
        return refuse(error, route.service, route.format, parameters)
    if isinstance(answer, bytes):
        return Response(200, JSON, answer)
    return render(200, answer, route.service, route.format, parameters)


def _merge(parameters: Parameters, more: Parameters) -> None:
    twice = parameters.keys() & more.keys()
    if twice:
        raise invalid(shown(min(twice)), "is given more than once")
    parameters |= more


def admit(account: Account) -> None:
    """
    Charge one look-up to the account's plan.

    Raises:
        ApiError: 429.

    """
    wait_ns = account.limit.admit(monotonic_ns())
    if wait_ns:
        raise over_rate(account.per_second, -(-wait_ns // _NS))


def answer_rate(parameters: Parameters, account: Account, desk: Desk, json: bool) -> dict[str, Any] | bytes:
    query = ask.rate_query(parameters, account, desk.snapshot, int(desk.clock()))
    if json and "at" not in parameters and not query.caller.lrn:
        ready = rate_json(query.card, query.number, query.at, query.duration_s)
        if ready is not None:
            return ready
    return rate(query)


def render(status: int, answer: dict[str, Any], service: str, form: str, asked: Parameters) -> Response:
    """
    Put an answer, or an error envelope, into a format.
    """
    if form == "json":
        return Response(status, JSON, to_json(answer))
    if form == "xml":
        return Response(status, XML, to_xml(service, answer))
    return Response(status, HTML, to_html(service, answer, asked))


def refuse(error: ApiError, service: str, form: str, asked: Parameters | None = None) -> Response:
    response = render(error.status, error.body(), service, form, asked or {})
    response.headers = error.headers
    return response


def wire(response: Response, date: bytes) -> bytes:
    """
    A response as it goes out, after HTTP/1.1.

    Args:
        date: value of the Date field.

    """
    body = response.body
    more = b"".join(b"%b: %b\r\n" % field for field in response.headers)
    start = (STATUS_LINES[response.status], b"date: ", date, b"\r\ncontent-type: ", response.content_type)
    return b"".join((*start, b"\r\ncontent-length: ", str(len(body)).encode(), b"\r\n", more, b"\r\n", body))


STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n".encode() for s in HTTPStatus}
OK_DATE = STATUS_LINES[200] + b"date: "
JSON_LENGTH = b"\r\ncontent-type: application/json\r\ncontent-length: "
SERVICES = {"rate": (answer_rate, ask.RATE)}
ROUTES = {
    f"/api/{version}{name}{suffix}".encode(): Route(name, suffix[1:] or "html", answer, known)
    for name, (answer, known) in SERVICES.items()
    for version in ("", "v1/")
    for suffix in ("", *(f".{form}" for form in FORMATS))
}
