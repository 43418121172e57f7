"""
``ratecard/replay``: a file of past calls on two revisions of a card, before one takes over from the other.
"""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ratecards.profiles import PROFILES, Profile, ProfileError, country
from service.errors import invalid
from service.http import ratecard_ask as ask
from service.http.ask import check_names
from service.http.query import Parameters
from service.http.respond import Response, render
from service.http.slow import TABLE_FORMATS, Call, Service
from service.http.upload import received
from service.manage.ratecard_process import run_job
from service.manage.ratecard_work import answer_of
from service.manage.replay_order import Order, destinations
from service.render.chart_page import to_replay_page
from service.render.plain import HTML
from service.render.sheets import CSV, XLSX, to_csv, to_xlsx
from service.render.table import MAX_IN_FILE, PER_PAGE
from service.settings import Settings

REPLAY = frozenset({"card", "filename", "before", "after", "against", "at", "as_dated", "profile", "limit"})
_SHEETS = {"csv": (CSV, to_csv), "xlsx": (XLSX, to_xlsx)}


async def replay(call: Call) -> Response:
    """
    Take in a file of calls and rate it on both revisions, in a process of its own; nothing is changed or kept.
    """
    cards = ask.shelf(call)
    folder = Settings().data.resolve() / "uploads"
    async with received(call.request, call.parameters, folder) as (file, parameters):
        check_names(parameters, REPLAY | {"Auth"})
        order = _order(parameters, file, call.identity.account.profile)
        with ask.told(cards):
            said = answer_of(await run_job(cards, "replay", asdict(order) | {"limit": _limit(call, parameters)}))
    return await asyncio.to_thread(_written, call, said)


def _order(parameters: Parameters, file: Path, usual: Profile | None) -> Order:
    at, as_dated = ask.moment(parameters), bool(ask.flag(parameters, "as_dated"))
    if at is not None and as_dated:
        raise invalid("at", "is given besides 'as_dated'; one of them")
    profile = _profile(parameters["profile"]) if "profile" in parameters else usual
    return Order(
        card=ask.card(parameters),
        file=str(file),
        before=ask.revision(parameters, "before"),
        after=ask.revision(parameters, "after"),
        against=parameters.get("against"),
        at=at,
        as_dated=as_dated,
        profile=None if profile is None else profile.as_json(),
        trusted=False,
    )


def _profile(name: str) -> Profile:
    """
    A profile by its name, or a country's.
    """
    try:
        return PROFILES[name] if name in PROFILES else country(name)
    except ProfileError:
        raise invalid("profile", "is neither a profile nor the ISO 3166 code of a country") from None


def _limit(call: Call, parameters: Parameters) -> int:
    """
    Destinations listed; a file for a spreadsheet has more.
    """
    return ask.whole(parameters, "limit", 1, MAX_IN_FILE) or (MAX_IN_FILE if call.form in _SHEETS else PER_PAGE)


def _written(call: Call, said: dict[str, Any]) -> Response:
    if call.form == "html":
        return Response(200, HTML, to_replay_page(said))
    if call.form not in _SHEETS:
        return render(200, said, "replay", call.form, call.parameters)
    kind, write = _SHEETS[call.form]
    name = f'attachment; filename="replay.{call.form}"'
    return Response(200, kind, write(destinations(said)), ((b"content-disposition", name.encode()),))


SERVICES = (Service("ratecard/replay", "cards", ("POST",), replay, REPLAY, formats=TABLE_FORMATS, raw=True),)
"""Every service that replays."""
