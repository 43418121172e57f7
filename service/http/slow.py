"""
Services that may wait: one way for all of them, from the request to the answer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from time import monotonic_ns
from typing import Any

from starlette.requests import Request
from structlog.contextvars import bound_contextvars

from service.access.account import Identity
from service.access.identify import identify
from service.errors import ApiError, forbidden, not_found, standard, unavailable
from service.http.ask import check_names
from service.http.body import read_body
from service.http.gzipped import gzipped
from service.http.noted_service import name_request, named, note_service
from service.http.query import Parameters, merge, parse_body, parse_query
from service.http.respond import FORMATS, Headers, Response, head_of, refuse, render, shown_by
from service.http.stream import Stream
from service.quota.slots import slot
from service.render.hal import HAL, Links, hal_table, hal_thing, link_field, page_links
from service.render.html import to_run_page, to_table_page
from service.render.plain import HTML, to_json
from service.render.run import Run, hal_run, run_links
from service.render.sheets import CSV, XLSX, to_csv, to_xlsx
from service.render.table import Table
from service.snapshot import Desk

SHEETS = ("csv", "xlsx")
TABLE_FORMATS = (*FORMATS, *SHEETS)
MAINTENANCE_S = 60
"""When to ask again, in seconds."""
Answer = dict[str, Any] | Table | Run | Stream | Response


@dataclass(frozen=True, slots=True)
class Call:
    """
    A request to a slow service, its credential found good.

    Attributes:
        form: format to answer in.
        request: for what is neither parameter nor credential.
    """

    desk: Desk
    identity: Identity
    parameters: Parameters
    form: str
    request: Request


@dataclass(frozen=True, slots=True)
class Service:
    """
    A slow service.

    Attributes:
        scope: what a credential must be for; None: any may ask.
        methods: it takes.
        answer: what it does; a :class:`Response` or a :class:`Stream` goes out as it is.
        known: names of its parameters.
        raw: its body is not read before it is called, nor taken for parameters.
        links: of a row of its table, or of what it answers, for those who want links.
        spends: it takes a place among the account's requests to slow services.
        usual: format to answer in where none is asked.
    """

    name: str
    scope: str | None
    methods: tuple[str, ...]
    answer: Callable[[Call], Awaitable[Answer]]
    known: frozenset[str] = field(default_factory=frozenset)
    formats: tuple[str, ...] = FORMATS
    raw: bool = False
    links: Links | None = None
    spends: bool = True
    usual: str = "html"

    @property
    def title(self) -> str:
        """
        The last part of its name: what its XML is called.
        """
        return self.name.rpartition("/")[2]


async def serve_slow(service: Service, written: str, request: Request) -> Response | Stream:
    """
    Answer a request to a slow service.

    Args:
        written: format as written in the path; empty: the usual one.
    """
    started_ns = monotonic_ns()
    with bound_contextvars(request_id=name_request(request)):
        answer = await _serve(service, written, request)
        note_service(request, service.name, 200 if isinstance(answer, Stream) else answer.status, started_ns)
    return named(answer, request)


async def _serve(service: Service, written: str, request: Request) -> Response | Stream:
    form = written or service.usual
    shown = form if form in FORMATS else "json" if form in (*SHEETS, service.usual) else "html"
    parameters: Parameters = {}
    accepted = request.headers.get("accept-encoding", "")
    async with AsyncExitStack() as held:
        try:
            _check(service, form, request.method)
            check_open(request.app.state.desk)
            parameters = await _parameters(service, request)
            call = Call(request.app.state.desk, _identify(service, request, parameters), parameters, form, request)
            check_names(parameters, service.known | {"Auth"})
            if service.spends:
                await held.enter_async_context(slot(call.identity.meter, service.name))
            answer = await service.answer(call)
            if isinstance(answer, Stream):
                await answer.begin(accepted, held)
                return answer
            response = await _written(service, call, answer, links=wants_links(request, written))
        except ApiError as error:
            response = refuse(error, service.title, shown, parameters)
    return await gzipped(response, accepted)


def check_open(desk: Desk) -> None:
    """
    Raises:
        ApiError: 503; slow services rest, and look-ups go on.
    """
    if desk.maintenance():
        raise unavailable("Maintenance", MAINTENANCE_S)


def _check(service: Service, form: str, method: str) -> None:
    if form not in service.formats:
        detail = f"{service.name} answers {', '.join(service.formats)}, not {form}"
        raise standard(406, detail) if form in TABLE_FORMATS else not_found(detail.partition(", not")[0])
    if method not in service.methods:
        allow = ((b"allow", ", ".join(service.methods).encode()),)
        raise standard(405, f"{service.name} takes {' and '.join(service.methods)}", headers=allow)


async def _parameters(service: Service, request: Request) -> Parameters:
    parameters = parse_query(request.scope["query_string"])
    if request.method == "POST" and not service.raw:
        kind = request.headers.get("content-type", "").encode("latin-1")
        merge(parameters, parse_body(kind, await read_body(request)))
    return parameters


def _identify(service: Service, request: Request, parameters: Parameters) -> Identity:
    desk: Desk = request.app.state.desk
    peer = request.client.host if request.client else ""
    shown = shown_by(head_of(request.scope["headers"]), parameters, peer)
    identity = identify(desk.snapshot.access, desk.door, shown, desk.clock())
    if service.scope is not None and not identity.may(service.scope):
        raise forbidden(f"the credential is not for {service.scope}")
    return identity


def wants_links(request: Request, written: str) -> bool:
    """
    Where links may stand at all: in JSON, or where no format was asked.
    """
    kinds = (item.partition(";")[0].strip().lower() for item in request.headers.get("accept", "").split(","))
    return written in ("", "json") and HAL.decode() in kinds


async def _written(
    service: Service, call: Call, answer: dict[str, Any] | Table | Run | Response, *, links: bool
) -> Response:
    """
    Put an answer into the format asked; a table away from the loop, for it may be long.
    """
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Table):
        return await asyncio.to_thread(_table, service, call, answer, links=links)
    if isinstance(answer, Run):
        return await asyncio.to_thread(_run, service, call, answer, links=links)
    if links and service.links is not None:
        return Response(200, HAL, to_json(hal_thing(answer, service.links(answer))))
    return render(200, answer, service.title, call.form, call.parameters)


def _table(service: Service, call: Call, table: Table, *, links: bool) -> Response:
    path, asked = call.request.url.path, call.parameters
    if links:
        return Response(200, HAL, to_json(hal_table(table, path, asked, service.links)))
    ways = page_links(table, path, asked)
    if call.form in SHEETS:
        kind, write = (CSV, to_csv) if call.form == "csv" else (XLSX, to_xlsx)
        name = f'attachment; filename="{service.title}.{call.form}"'
        headers: Headers = ((b"link", link_field(ways)), (b"content-disposition", name.encode()))
        return Response(200, kind, write(table), headers)
    if call.form == "html":
        return Response(200, HTML, to_table_page(service.title, table, ways))
    return render(200, table.fields(), service.title, call.form, call.parameters)


def _run(service: Service, call: Call, run: Run, *, links: bool) -> Response:
    path, asked = call.request.url.path, call.parameters
    if links:
        return Response(200, HAL, to_json(hal_run(run, path, asked, service.links)))
    if call.form == "html":
        return Response(200, HTML, to_run_page(service.title, run, run_links(run, path, asked)))
    return render(200, run.fields(), service.title, call.form, asked)
