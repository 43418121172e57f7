"""
One request's way: bytes, parse, identify account, admit, look up, render, bytes.

Synchronous from end to end; both doors, the protocol and the Starlette app, answer with it.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from time import monotonic_ns
from typing import Any

from service.access.account import LOOKUP, Identity
from service.access.identify import Shown, identify
from service.errors import ApiError, forbidden
from service.http import ask, smart
from service.http.asrplus import KNOWN, LISTS, answer_asrplus, screen
from service.http.noted import note_answered, note_refused
from service.http.query import NO_LISTS, Parameters, merge, parse_body, parse_query
from service.http.siphon import decide, parse_siphon
from service.http.smart import Waiting
from service.http.tps import KNOWN as TPS_KNOWN
from service.http.tps import LISTS as TPS_LISTS
from service.http.tps import answer_tps, screen_listed
from service.lookups.lcr import LcrQuery, lcr, lcr_json
from service.lookups.quality import is_by_quality, with_quality
from service.lookups.rate import rate
from service.lookups.ready import rate_json
from service.quota.meter import ADMITTED, ASK, Meter
from service.render.html import to_html
from service.render.plain import HTML, JSON, XML, to_json, to_xml
from service.snapshot import Desk

METHODS = (b"GET", b"HEAD", b"POST")
FORMATS = ("html", "json", "xml")
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """
    What the header fields of a request say that an answer may depend on.
    """

    authorization: bytes | None = None
    content_type: bytes | None = None
    forwarded: bytes = b""


_WANTED = (b"authorization", b"content-type", b"x-forwarded-for")


def head_of(fields: list[tuple[bytes, bytes]]) -> Head:
    """
    Pick out of header fields (names in lower case) what matters; a field sent twice is read as one list, RFC 9110 5.3.
    """
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if name in _WANTED:
            found[name] = found[name] + b", " + value if name in found else value
    return Head(found.get(b"authorization"), found.get(b"content-type"), found.get(b"x-forwarded-for", b""))


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
        answer: parameters, identity, desk, wants JSON -> the fields, or their JSON where that is ready.
        known: names of its parameters.
        scope: what a credential must be for.
        methods: it takes.
        parse: content type and body of a POST -> parameters.
        waits: kinds of question that others may be asked before there is an answer.
        most: bytes of a target whose answer is short enough to be given at once.

    """

    service: str
    format: str
    answer: Callable[[Parameters, Identity, Desk, bool], dict[str, Any] | bytes | Waiting]
    known: frozenset[str]
    scope: str = LOOKUP
    methods: tuple[bytes, ...] = METHODS
    parse: Callable[[bytes | None, bytes], Parameters] = parse_body
    lists: frozenset[str] = NO_LISTS
    waits: tuple[str, ...] = ()
    most: int = sys.maxsize

    @property
    def title(self) -> str:
        """
        The last part of its name: what its XML is called.
        """
        return self.service.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Later:
    """
    A request that is admitted, and whose answer waits for others.
    """

    route: Route
    parameters: Parameters
    identity: Identity
    waiting: Waiting
    started_ns: int


def respond(
    desk: Desk,
    method: bytes,
    target: bytes,
    head: Head,
    peer: str = "",
    body: bytes = b"",
    *,
    asked: bool = False,
    may_wait: bool = False,
) -> Response | Meter | Later | None:
    """
    Answer a request.

    Args:
        desk: snapshot, accounts and clock of this process.
        method: ``GET``, ``HEAD`` or ``POST``.
        target: path and query as they stand in the request line.
        head: its header fields.
        peer: address of the connection.
        body: of a POST, whole.
        asked: its meter has been lent to, or will not be.
        may_wait: others may be asked for the answer, by :func:`finish`.

    Returns:
        None for what is not a look-up, or may have to wait: ask the slow path. A meter, where it must be lent to before
        this can be told; nothing was charged.
    """
    path, _, query = target.partition(b"?")
    route = ROUTES.get(path)
    if route is None or method not in route.methods:
        return None
    if not may_wait and (len(target) > route.most or (route.waits and desk.dips.keys() & route.waits)):
        return None
    parameters: Parameters = {}
    identity: Identity | None = None
    started_ns = monotonic_ns()
    try:
        parameters = parse_query(query, route.lists)
        if method == b"POST":
            merge(parameters, route.parse(head.content_type, body))
        identity = identify(desk.snapshot.access, desk.door, shown_by(head, parameters, peer), desk.clock())
        if not identity.may(route.scope):
            raise forbidden(f"the credential is not for {route.scope}")
        if not admit(identity, route.service, desk, wait=not asked):
            return identity.meter
        ask.check_names(parameters, route.known)
        answer = route.answer(parameters, identity, desk, route.format == "json")
    except ApiError as error:
        note_refused(desk, route.service, identity, parameters, error, started_ns)
        return refuse(error, route.title, route.format, parameters)
    if isinstance(answer, bytes):
        response = Response(200, JSON, answer)
    elif isinstance(answer, Waiting):
        return Later(route, parameters, identity, answer, started_ns)
    else:
        response = render(200, answer, route.title, route.format, parameters)
    response.headers = identity.meter.headers(route.service, monotonic_ns(), int(desk.clock()))
    note_answered(desk, route.service, identity, parameters, answer, started_ns)
    return response


async def finish(later: Later, desk: Desk) -> Response:
    """
    Ask whom an answer waits for, and give it.
    """
    route, identity = later.route, later.identity
    try:
        answer = later.waiting.tell(await later.waiting.dip())
    except ApiError as error:
        note_refused(desk, route.service, identity, later.parameters, error, later.started_ns)
        return refuse(error, route.title, route.format, later.parameters)
    response = await asyncio.to_thread(render, 200, answer, route.title, route.format, later.parameters)
    response.headers = identity.meter.headers(route.service, monotonic_ns(), int(desk.clock()))
    note_answered(desk, route.service, identity, later.parameters, answer, later.started_ns)
    return response


def shown_by(head: Head, parameters: Parameters, peer: str) -> Shown:
    return Shown(head.authorization, parameters.get("Auth"), peer, head.forwarded)


def admit(identity: Identity, service: str, desk: Desk, *, wait: bool) -> bool:
    """
    Charge one look-up to the account's plan.

    Args:
        wait: it may be said that the meter must be lent to first.

    Returns:
        False: it must.

    Raises:
        ApiError: 429.

    """
    now_ns = monotonic_ns()
    taken = identity.meter.take(service, now_ns)
    if taken == ADMITTED:
        return True
    if taken == ASK and wait:
        return False
    raise identity.meter.refusal(service, now_ns, int(desk.clock()))


def answer_rate(parameters: Parameters, identity: Identity, desk: Desk, json: bool) -> dict[str, Any] | bytes:
    query = ask.rate_query(parameters, identity, desk.snapshot, int(desk.clock()))
    if identity.account.asrplus is not None:
        screen(query.number, "rate", parameters, identity, desk)
    if identity.account.refusing is not None:
        screen_listed(query.number, query.caller.cli, parameters, identity, desk)
    if json and "at" not in parameters and not query.caller.lrn:
        ready = rate_json(query.card, query.number, query.at, query.duration_s)
        if ready is not None:
            return ready
    return rate(query)


def answer_lcr(parameters: Parameters, identity: Identity, desk: Desk, json: bool) -> dict[str, Any] | bytes:
    query = ask_lcr(parameters, identity, desk)
    return lcr_json(query) if json else lcr(query)


def answer_siphon(parameters: Parameters, identity: Identity, desk: Desk, _json: bool) -> bytes:
    return to_json(decide(lambda: ask_lcr(parameters, identity, desk)))


def ask_lcr(parameters: Parameters, identity: Identity, desk: Desk) -> LcrQuery:
    """
    A checked question for routes, with what only this process knows: dead numbers, and how carriers did of late.
    """
    query = ask.lcr_query(parameters, identity, desk.snapshot, int(desk.clock()))
    if identity.account.asrplus is not None:
        screen(query.ask.number, "lcr", parameters, identity, desk)
    if identity.account.refusing is not None:
        screen_listed(query.ask.number, query.ask.caller.cli, parameters, identity, desk)
    return with_quality(query, desk.heard.quality, identity.environment) if is_by_quality(query) else query


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
SERVICES: dict[str, tuple[Callable[..., dict[str, Any] | bytes | Waiting], frozenset[str]]] = {
    "rate": (answer_rate, ask.RATE),
    "lcr": (answer_lcr, ask.LCR),
    "asrplus": (answer_asrplus, KNOWN),
    "tps": (answer_tps, TPS_KNOWN),
    **smart.SERVICES,
}
LISTED = {"asrplus": LISTS, "tps": TPS_LISTS, **smart.LISTS}
ROUTES = {
    f"/api/{version}{name}{suffix}".encode(): Route(
        *(name, suffix[1:] or "html", answer, known),
        parse=partial(parse_body, lists=LISTED.get(name, NO_LISTS)),
        lists=LISTED.get(name, NO_LISTS),
        waits=smart.WAITS.get(name, ()),
        most=smart.HOT_TARGET if name in smart.SERVICES else sys.maxsize,
    )
    for name, (answer, known) in SERVICES.items()
    for version in ("", "v1/")
    for suffix in ("", *(f".{form}" for form in FORMATS))
}
SIPHON = Route("lcr/siphon", "json", answer_siphon, ask.LCR, methods=(b"POST",), parse=parse_siphon)
ROUTES |= {f"/api/{version}lcr/siphon{suffix}".encode(): SIPHON for version in ("", "v1/") for suffix in ("", ".json")}
