"""
The other door: a Starlette application for all that the hot door does not answer itself.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response as Sent
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service.errors import ApiError, not_found, standard
from service.http.body import read_body
from service.http.respond import FORMATS, METHODS, SERVICES, SIPHON, Response, head_of, refuse, render, respond
from service.http.routes import SLOW
from service.http.slow import serve_slow
from service.http.stream import Stream, Streamed
from service.http.token import token
from service.ops.health import readiness
from service.quota.meter import Meter
from service.render.html import to_page
from service.render.plain import HTML
from service.snapshot import Desk

TABLES = ("csv", "xlsx")
"""Formats that tables answer besides; a look-up is none."""
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
            Route("/api/{path:path}", Api),
            Route("/oauth2/token", token, methods=["POST"]),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _our_fault},
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
    response = respond(desk, method, target, head, peer, body)
    if isinstance(response, Meter):
        await desk.lend(response)
        response = respond(desk, method, target, head, peer, body, asked=True)
    if not isinstance(response, Response):
        raise _no_such(request)
    return response


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
    return service if service in SERVICES or service in SLOW else "error", form


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
        return Streamed(response)
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


async def _our_fault(_request: Request, error: Exception) -> Sent:
    """
    A mistake of ours: the caller learns that, and nothing of how we are built.
    """
    if isinstance(error, ClientDisconnect):
        return Sent(status_code=400)
    return _send(refuse(standard(500), "error", "json"))
