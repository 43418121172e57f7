"""
``/partner/…``: what partners' programs ask about companies, locations and devices.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request

from service.errors import ApiError, invalid, missing, not_found, unavailable
from service.http.query import Parameters
from service.http.respond import Headers, Response
from service.http.slow import Call, Service, serve_slow, wants_links
from service.http.stream import Stream
from service.manage import cdr_store
from service.manage.partner_fields import MAX_BIGINT, MAX_INTEGER
from service.manage.partner_reports import Asker, NoCompanyError, report_dealers, report_imei, report_relationships
from service.manage.partner_seen import LEVELS, Level, Narrowed
from service.render.hal import HAL
from service.render.plain import to_json
from service.render.report import DEFAULT, KINDS, Report, hal_report

SCOPE = "partner"
FILTERS = frozenset({"ForWho", "ForWhoIDs", "LocationType", "LocationTypeIDs"})
MAX_ASKED = 1_000
"""Numbers in one list."""
MAX_ROWS = 100_000
"""Of one report; a file of locations has no more lines either."""
_AGAIN_S = 5
_XML = b"Response=XmlDataTable"
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_IMEI = re.compile(r"[0-9A-Za-z]{1,100}", re.ASCII)
Ask = Callable[[Engine, Asker, Narrowed], Report]


async def serve_report(service: Service, request: Request) -> Response | Stream:
    """
    Answer a request for a report; errors come as XML where that is asked, else as JSON.
    """
    written = "xml" if _XML in request.scope["query_string"].split(b"&") else "json"
    return await serve_slow(service, written, request)


async def relationships(call: Call) -> Response:
    """
    Companies the account may see.
    """
    return await _answer(call, report_relationships)


async def dealers(call: Call) -> Response:
    """
    Regions, channels, districts and locations the account may see.
    """
    return await _answer(call, report_dealers)


async def imei(call: Call) -> Response:
    """
    When devices were sold by a company, and when they came back.
    """
    company = _company(call.parameters)
    return await _answer(call, partial(report_imei, company_id=company, imeis=_imeis(call.parameters)))


async def _answer(call: Call, ask: Ask) -> Response:
    kind = call.parameters.get("Response", DEFAULT)
    if kind not in KINDS:
        raise invalid("Response", f"is none of {', '.join(KINDS)}")
    asker = Asker(call.identity.account.name, call.identity.environment)
    narrowed = Narrowed(_level(call.parameters, "ForWho"), _level(call.parameters, "LocationType"))
    try:
        report = await asyncio.to_thread(lambda: ask(cdr_store.engine(), asker, narrowed))
    except NoCompanyError as error:
        raise not_found(str(error)) from None
    except SQLAlchemyError:
        raise unavailable("Overloaded", _AGAIN_S, "the store does not answer") from None
    if len(report.rows) > MAX_ROWS:
        detail = f"the report has more than {MAX_ROWS} rows; narrow it with ForWho or LocationType"
        raise ApiError(400, "Too many rows", detail=detail)
    return await asyncio.to_thread(_written, call, report, kind)


def _written(call: Call, report: Report, kind: str) -> Response:
    if kind == DEFAULT and wants_links(call.request, ""):
        asked = {name: value for name, value in call.parameters.items() if name != "Auth"}
        here = call.request.url.path + (f"?{urlencode(asked)}" if asked else "")
        return Response(200, HAL, to_json(hal_report(report, here)))
    content_type, write = KINDS[kind]
    return Response(200, content_type, write(report), _file(call, report, kind))


def _file(call: Call, report: Report, kind: str) -> Headers:
    """
    What a workbook is saved as.
    """
    if kind != "Excel":
        return ()
    day = datetime.fromtimestamp(call.desk.clock(), UTC).date().isoformat()
    return ((b"content-disposition", f"attachment;filename={report.name}-{day}.xlsx".encode()),)


def _company(parameters: Parameters) -> int:
    text = parameters.get("CompanyID")
    if text is None:
        raise missing("CompanyID")
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= MAX_INTEGER:
        raise invalid("CompanyID", f"is not a whole number from 1 to {MAX_INTEGER}")
    return int(text)


def _imeis(parameters: Parameters) -> Sequence[str]:
    text = parameters.get("IMEI")
    if text is None:
        raise missing("IMEI")
    asked = [word.strip() for word in text.split(",")]
    if len(asked) > MAX_ASKED or not all(map(_IMEI.fullmatch, asked)):
        raise invalid("IMEI", f"is not 1 to {MAX_ASKED} of them with commas between, letters and digits each")
    return asked


def _level(parameters: Parameters, name: str) -> Level | None:
    """
    A level, and numbers of it where some are named.
    """
    level, ids = parameters.get(name), parameters.get(f"{name}IDs")
    if level is None and ids is not None:
        raise missing(name)
    if level is None:
        return None
    if level not in LEVELS:
        raise invalid(name, f"is none of {', '.join(LEVELS)}")
    return Level(level, frozenset() if ids is None else _ids(f"{name}IDs", ids))


def _ids(name: str, text: str) -> frozenset[int]:
    words = [word.strip() for word in text.split(",")]
    if len(words) > MAX_ASKED or not all(_WHOLE.fullmatch(word) and int(word) <= MAX_BIGINT for word in words):
        raise invalid(name, f"is not 1 to {MAX_ASKED} whole numbers with commas between")
    return frozenset(map(int, words))


def _report(path: str, answer: Callable[[Call], Awaitable[Response]], *known: str) -> Service:
    names = FILTERS | {"Response", *known}
    return Service(path, SCOPE, ("GET", "HEAD"), answer, names, formats=("json", "xml"))


SERVICES = (
    _report("partner/relationships", relationships),
    _report("partner/relationships/dealers", dealers),
    _report("partner/ingrammicro/imei", imei, "CompanyID", "IMEI"),
)
"""Every report; its name is its path."""
