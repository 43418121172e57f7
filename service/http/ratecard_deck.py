"""
Decks in and out: ``ratecard/upload`` and ``ratecard/download``.
"""

import asyncio
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ratecards.money import DECIMALS, ROUNDINGS
from service.errors import ApiError, invalid
from service.http import ratecard_ask as ask
from service.http.ask import check_names
from service.http.query import Parameters
from service.http.respond import Response
from service.http.slow import Call
from service.http.upload import received
from service.manage.ratecard_change import FORMATS
from service.manage.ratecard_order import Order, need_card
from service.manage.ratecard_process import run_job
from service.manage.ratecard_work import answer_of
from service.manage.ratecards import Shelf
from service.render.html import to_page
from service.render.plain import HTML, JSON
from service.render.sheets import CSV, XLSX
from service.settings import Settings

UPLOAD = frozenset(
    {
        "card", "filename", "currency", "mapping", "dry_run", "activate", "at", "force", "note", "precision",
        "rounding", "lrn", "origin_group",
    }
)  # fmt: skip
DOWNLOAD = frozenset({"card", "revision"})
_TYPES: dict[str, bytes] = dict(zip(FORMATS, (CSV, XLSX, JSON), strict=True))
_MAX_NOTE = 255


def _folder() -> Path:
    return Settings().data.resolve() / "uploads"


async def upload(call: Call) -> dict[str, Any] | Response:
    """
    Take in a deck and read it into the next revision of a card, in a process of its own.
    """
    cards = ask.shelf(call)
    async with received(call.request, call.parameters, _folder()) as (file, parameters):
        check_names(parameters, UPLOAD | {"Auth"})
        with ask.told(cards):
            need_card(cards, ask.card(parameters))
            order = _order(parameters, file)
            said = answer_of(await run_job(cards, "upload", asdict(order)))
    refused = None if said["accepted"] else _refusal(said["report"])
    if call.form == "html":
        return _page(said, refused)
    if refused is not None:
        raise refused
    return {name: value for name, value in said.items() if name != "accepted"}


def _order(parameters: Parameters, file: Path) -> Order:
    activate, at = bool(ask.flag(parameters, "activate")), ask.to_come(parameters)
    if activate and at is not None:
        raise invalid("at", "is given besides 'activate'; one of them")
    if len(parameters.get("note", "")) > _MAX_NOTE:
        raise invalid("note", f"has more than {_MAX_NOTE} characters")
    return Order(
        card=parameters["card"],
        file=str(file),
        currency=parameters.get("currency"),
        mapping=parameters.get("mapping"),
        dry_run=bool(ask.flag(parameters, "dry_run")),
        activate=activate,
        at=at,
        force=bool(ask.flag(parameters, "force")),
        note=parameters.get("note", ""),
        precision=ask.whole(parameters, "precision", 0, DECIMALS),
        rounding=ask.one_of(parameters, "rounding", ROUNDINGS),
        lrn=ask.flag(parameters, "lrn"),
        origin_group=parameters.get("origin_group"),
    )


def _refusal(report: dict[str, Any]) -> ApiError:
    """
    A deck that is refused whole, with its first refused row.
    """
    line = {"line": report["refusals"][0]["line"]} if report["refusals"] else {}
    return ApiError(400, "Deck refused", detail="; ".join(report["reasons"]), **line, report=report)


def _page(said: dict[str, Any], refused: ApiError | None) -> Response:
    page = to_page("report.html", report=said["report"], currency=said["currency"])
    return Response(200 if refused is None else refused.status, HTML, page)


async def download(call: Call) -> Response:
    """
    A revision as a file that reads back as the same card, written by a process of its own.
    """
    cards, card = ask.shelf(call), ask.card(call.parameters)
    number = ask.revision(call.parameters)
    written, content = await _file(cards, {"card": card, "form": call.form, "revision": number})
    name = f'attachment; filename="{card}-r{written}.{call.form}"'
    return Response(200, _TYPES[call.form], content, ((b"content-disposition", name.encode()),))


async def _file(cards: Shelf, asked: dict[str, Any]) -> tuple[int, bytes]:
    await asyncio.to_thread(_folder().mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_folder(), prefix="card-") as place:
        path = Path(place) / "card"
        with ask.told(cards):
            said = answer_of(await run_job(cards, "download", asked | {"to": str(path)}))
        return said["revision"], await asyncio.to_thread(path.read_bytes)
