"""
The other door: a Starlette application for all that the hot door does not answer itself.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response as Sent
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.errors import ApiError, not_found, standard
from service.http.body import read_body
from service.http.gzipped import gzipped
from service.http.limits import HANDLER_S
from service.http.metrics import PATH, metrics
from service.http.noted_service import name_request, named, note_fault
from service.http.pages import PAGES
from service.http.partner import serve_report
from service.http.respond import (
    FORMATS,
    METHODS,
    SERVICES,
    SIPHON,
    Later,
    Response,
    finish,
    head_of,
    refuse,
    render,
    respond,
)
from service.http.routes import REPORTS, SLOW
from service.http.slow import serve_slow
from service.http.stream import Stream
from service.http.token import token
from service.ops.health import readiness
from service.quota.meter import Meter
from service.render.html import to_page
from service.render.plain import HTML
from service.snapshot import Desk

TABLES = ("csv", "xlsx")
"""Formats that tables answer besides; a look-up is none."""
_log = structlog.stdlib.get_logger("ratedip.requests")
_ALLOW = ((b"allow", b", ".join(METHODS)),)


def make_app(desk: Desk, lifespan: Callable[[Starlette], AbstractAsyncContextManager[None]] | None = None) -> Starlette:
    """
    Put the application together.

    Args:
        desk: what it works with; also found at ``app.state.desk``.
        lifespan: what runs while it serves.

    """
    app = Starlette(
        routes=[
            Route("/", console),
            Route("/livez", alive),
            Route("/readyz", ready),
            Route(PATH, about_node),
            Route("/api/{path:path}", Api),
            *(Route(path, report) for path in REPORTS),
            *(Route(path, about) for path in PAGES),
            Route("/oauth2/token", token, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _http_error, ClientDisconnect: _gone, Exception: _our_fault},
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


class Api:
    """
    Any method on any path below ``/api/``; a class, because Starlette refuses methods of functions in its own words.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = Request(scope, receive)
        self.send = send

    def __await__(self) -> Generator[Any, None, None]:
        return self._run().__await__()

    async def _run(self) -> None:
        response = await api(self.request)
        await response(self.request.scope, self.request.receive, self.send)


async def api(request: Request) -> Sent:
    """
    A look-up, by the same function as the hot door.
    """
    name, _, written = _split(request.path_params["path"])
    if name in SLOW:
        return _send(await serve_slow(SLOW[name], written, request))
    try:
        response = await _look_up(request)
    except ApiError as error:
        response = refuse(error, *_service_and_format(request.path_params["path"]))
    return _send(response)


async def _look_up(request: Request) -> Response:
    """
    As the hot door does it; what a meter must first be lent is waited for here.
    """
    desk: Desk = request.app.state.desk
    target: bytes = request.scope["raw_path"]
    if request.scope["query_string"]:
        target += b"?" + request.scope["query_string"]
    method = request.method.encode()
    body = await read_body(request) if method == b"POST" else b""
    head, peer = head_of(request.scope["headers"]), request.client.host if request.client else ""
    response = respond(desk, method, target, head, peer, body, may_wait=True)
    if isinstance(response, Meter):
        with suppress(TimeoutError):  # then it is told by what this process has
            async with asyncio.timeout(HANDLER_S):
                await desk.lend(response)
        response = respond(desk, method, target, head, peer, body, asked=True, may_wait=True)
    if isinstance(response, Later):
        response = await finish(response, desk)
    if not isinstance(response, Response):
        raise _no_such(request)
    return response


async def report(request: Request) -> Sent:
    """
    A report of partners.
    """
    return _send(await serve_report(REPORTS[request.scope["path"]], request))


async def about(request: Request) -> Sent:
    """
    A page on the interface.
    """
    response = await PAGES[request.scope["path"]](request)
    return _send(await gzipped(response, request.headers.get("accept-encoding", "")))


def _no_such(request: Request) -> ApiError:
    path = request.path_params["path"]
    service, _, written = _split(path)
    if service == SIPHON.service and written in ("", SIPHON.format):
        return standard(405, f"{service} takes POST", headers=((b"allow", b"POST"),))
    if service not in SERVICES:
        return not_found(f"no service '{_shown(service)}'")
    if written in TABLES:
        return standard(406, f"{service} answers {', '.join(FORMATS)}, not {written}")
    if written not in ("", *FORMATS):
        return not_found(f"no format '{_shown(written)}'; there are {', '.join(FORMATS)}")
    return standard(405, f"{service} takes GET and POST", headers=_ALLOW)


def _split(path: str) -> tuple[str, str, str]:
    """
    Service, format to answer in, and the format as written.
    """
    service, _, written = path.removeprefix("v1/").partition(".")
    return service, written if written in FORMATS else "html", written


def _service_and_format(path: str) -> tuple[str, str]:
    service, form, _ = _split(path)
    return service.rpartition("/")[2] if service in SERVICES or service in SLOW else "error", form


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:40])


async def alive(_request: Request) -> Sent:
    """
    The loop turns.
    """
    return _send(render(200, {"status": "alive"}, "livez", "json", {}))


async def ready(request: Request) -> Sent:
    """
    Cards are loaded and work is wanted.
    """
    try:
        return _send(render(200, readiness(request.app.state.desk), "readyz", "json", {}))
    except ApiError as error:
        return _send(refuse(error, "readyz", "json"))


async def about_node(request: Request) -> Sent:
    """
    The metrics of all its processes.
    """
    try:
        return _send(await metrics(request))
    except ApiError as error:
        return _send(refuse(error, "metrics", "json"))


async def console(request: Request) -> Sent:
    """
    A page for people; the names of cards are only for those who may ask them.
    """
    desk: Desk = request.app.state.desk
    guest = desk.door.anonymous.account if desk.door.anonymous else None
    cards = [card for name, card in sorted(desk.snapshot.cards.items()) if guest is not None and guest.may_ask(name)]
    own = guest.card if guest is not None else ""
    return _send(Response(200, HTML, to_page("index.html", cards=cards, card=own, asked={})))


def _send(response: Response | Stream) -> Sent:
    if isinstance(response, Stream):
        return response.sent()
    sent = Sent(response.body, response.status)
    sent.raw_headers = [
        (b"content-type", response.content_type),
        (b"content-length", b"%d" % len(response.body)),
        *response.headers,
    ]
    return sent


async def _http_error(request: Request, error: Exception) -> Sent:
    """
    Starlette's own refusals, in the envelope.
    """
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    headers = tuple((k.lower().encode(), v.encode()) for k, v in (error.headers or {}).items())
    detail = f"no page '{_shown(request.url.path)}'" if error.status_code == 404 else None
    return _send(refuse(standard(error.status_code, detail, headers), "error", "html"))


async def _our_fault(request: Request, error: Exception) -> Sent:
    """
    A mistake of ours: the caller learns that, and the name by which the log has it, and nothing of how we are built.
    """
    name = name_request(request)
    note_fault(request)
    _log.error("a mistake of ours", request_id=name, path=_shown(request.url.path), error=type(error).__name__)
    fault = standard(500)
    fault.more["request_id"] = name
    return _send(named(refuse(fault, "error", "json"), request))


async def _gone(_request: Request, _error: Exception) -> Sent:
    """
    Nobody is there any more to hear an answer, which is nothing to write down either.
    """
    return Sent(status_code=400)
