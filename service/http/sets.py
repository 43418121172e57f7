"""
``/api/sets/…``: files of numbers managed over HTTP.
"""

from dataclasses import asdict
from typing import Any

from ratecards.profiles import PROFILES, ProfileError, country
from service.errors import ApiError, invalid, missing
from service.http import ratecard_ask as ask
from service.http.ask import check_names
from service.http.query import Parameters
from service.http.ratecard_ask import PAGING, told
from service.http.slow import TABLE_FORMATS, Call, Service
from service.http.upload import Bound, received
from service.lookups.loaded import NUMBERS
from service.manage import set_views
from service.manage.ratecard_process import aside, run_job
from service.manage.ratecard_work import answer_of
from service.manage.set_order import SetOrder
from service.render.table import Table
from service.settings import Settings

SCOPE = "cards"
LIST = Bound("list", 4 * 2**30, 1800.0)
"""Three hundred million numbers, over a line of 20 Mbit/s."""
LOAD_S = 1800.0
"""What reading and building the largest list takes, some times over."""
LOAD = frozenset({"name", "kind", "country", "column", "filename", "dry_run"})
_MAX_COLUMN = 128


async def list_sets(call: Call) -> Table:
    """
    Every set of the credential's environment.
    """
    sets, page = ask.shelf(call), ask.page(call)
    with told(sets):
        return await aside(set_views.sets_view, sets, page)


async def show(call: Call) -> dict[str, Any]:
    """
    All about a set.
    """
    sets, name = ask.shelf(call), _name(call.parameters)
    with told(sets):
        return await aside(set_views.set_view, sets, name)


async def load(call: Call) -> dict[str, Any]:
    """
    Take in a file, onto the disk as it comes, and load it into a set in a process of its own.
    """
    sets, folder = ask.shelf(call), Settings().data.resolve() / "uploads"
    async with received(call.request, call.parameters, folder, LIST) as (file, parameters):
        check_names(parameters, LOAD | {"Auth"})
        order = _order(parameters, str(file))
        with told(sets):
            said = answer_of(await run_job(sets, "set", asdict(order), LOAD_S))
    if not said["accepted"]:
        raise _refusal(said)
    return {name: value for name, value in said.items() if name not in {"accepted", "reasons"}}


def _order(parameters: Parameters, file: str) -> SetOrder:
    column = parameters.get("column")
    if column is not None and not 1 <= len(column) <= _MAX_COLUMN:
        raise invalid("column", f"is not 1 to {_MAX_COLUMN} characters")
    return SetOrder(
        name=_name(parameters),
        file=file,
        kind=parameters.get("kind", NUMBERS),
        profile=_profile(parameters.get("country")),
        column=column,
        dry_run=bool(ask.flag(parameters, "dry_run")),
    )


def _profile(name: str | None) -> dict[str, Any] | None:
    if name is None:
        return None
    try:
        return (PROFILES[name] if name in PROFILES else country(name)).as_json()
    except ProfileError as error:
        raise invalid("country", str(error)) from None


def _name(parameters: Parameters) -> str:
    if not parameters.get("name"):
        raise missing("name")
    return parameters["name"]


def _refusal(said: dict[str, Any]) -> ApiError:
    """
    A file that is refused whole, with its first refused line.
    """
    line = {"line": said["problems"][0]["line"]} if said["problems"] else {}
    told = {name: said[name] for name in ("rows", "refused", "problems")}
    return ApiError(400, "List refused", detail="; ".join(said["reasons"]), **line, **told)


_READ = ("GET", "HEAD")
SERVICES = (
    Service("sets/list", SCOPE, _READ, list_sets, PAGING, formats=TABLE_FORMATS),
    Service("sets/show", SCOPE, _READ, show, frozenset({"name"})),
    Service("sets/load", SCOPE, ("POST",), load, LOAD, raw=True),
)
