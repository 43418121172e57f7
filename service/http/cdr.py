"""
``/api/cdr``: call records taken in and searched.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from service.errors import ApiError, invalid, missing, standard
from service.http import cdr_ask as ask
from service.http.ask import check_names
from service.http.cdr_body import take_in
from service.http.respond import Headers
from service.http.slow import SHEETS, TABLE_FORMATS, Call, Service
from service.http.stream import Stream
from service.manage import cdr_store
from service.manage.cdr_intake import Intake
from service.manage.cdr_search import COLUMNS, records_pages, records_view
from service.manage.cdr_stack import Stack
from service.render.run import Run
from service.render.sheets import CSV, XLSX
from service.render.streams import csv_stream, xlsx_stream
from service.render.table import Row
from service.store.records_search import Wanted

NAME = "cdr"
SCOPE = "cdr"
GET = ("GET", "HEAD")


async def cdr(call: Call) -> dict[str, Any] | Run | Stream:
    """
    Take in records, or search them.
    """
    if call.request.method == "POST":
        check_names(call.parameters, ask.SEND | {"Auth"})
        return await send(call)
    check_names(call.parameters, ask.SEARCH | {"Auth"})
    return await search(call)


async def send(call: Call) -> dict[str, Any]:
    """
    Take in one record or many; those that cannot be taken are told, and do not hold up the others.
    """
    if call.form in SHEETS:
        raise standard(406, f"what became of records is not told in {call.form}")
    intake = Intake(ask.sender(call), shape=ask.shape(call.parameters))
    stack = Stack()
    try:
        await take_in(call.request, intake, stack)
    except ApiError as error:
        error.more |= stack.tally.as_json() if stack.tally.seen else {}
        raise
    finally:
        if call.desk.seen is not None:
            call.desk.seen.records.update(stack.tally.counts)
    if not stack.tally.seen:
        raise ApiError(400, "No record", detail="send a form, JSON, NDJSON or CSV with at least one")
    if intake.only and stack.tally.refused:
        raise _refusal(stack)
    return {"shape": intake.shape, **stack.tally.as_json()}


def _refusal(stack: Stack) -> ApiError:
    """
    A single record that cannot be taken, as a parameter of the request.
    """
    problem = stack.tally.problems[0]
    if problem.is_missing:
        return missing(problem.name)
    return invalid(problem.name, problem.why) if problem.name else ApiError(400, f"The record {problem.why}")


async def search(call: Call) -> Run | Stream:
    """
    Records, the latest call first: a page of them, or all of them in a file.
    """
    wanted = ask.wanted(call)
    if call.form in SHEETS:
        for name in call.parameters.keys() & {"limit", "cursor"}:
            raise invalid(name, "is for pages; a file has all that was asked for")
        return _file(call, wanted)
    limit, cursor = ask.limit(call.parameters), call.parameters.get("cursor")
    with ask.told():
        return await cdr_store.ask(records_view, wanted, cursor, limit)


def _file(call: Call, wanted: Wanted) -> Stream:
    pages = _pages(wanted) if call.request.method == "GET" else iter(())
    headers: Headers = ((b"content-disposition", f'attachment; filename="{NAME}.{call.form}"'.encode()),)
    if call.form == "csv":
        return Stream(CSV, csv_stream(COLUMNS, pages), headers, packed=False)
    return Stream(XLSX, xlsx_stream("records", COLUMNS, pages), headers, packed=True)


def _pages(wanted: Wanted) -> Iterator[list[Row]]:
    with ask.told():
        yield from records_pages(cdr_store.engine(), wanted)


def links(record: Row) -> dict[str, str]:
    """
    Of a record: itself, and all of its number.
    """
    itself = {name: record[name] for name in ("call_id", "carrier", "account")}
    return {
        "self": f"/api/{NAME}.json?{urlencode(itself)}",
        "number": f"/api/{NAME}.json?{urlencode({'number': record['number']})}",
    }


SERVICES = (
    Service(NAME, SCOPE, (*GET, "POST"), cdr, ask.SEARCH | ask.SEND, formats=TABLE_FORMATS, raw=True, links=links),
)
"""The service of call records."""
