"""
``/api/ratecard/…``: rate cards managed over HTTP.
"""

from typing import Any

from service.errors import ApiError, invalid, missing
from service.http import ratecard_ask as ask
from service.http.ratecard_ask import PAGING, told, work
from service.http.ratecard_deck import DOWNLOAD, UPLOAD, download, upload
from service.http.ratecard_links import of_answer, of_card, of_change, of_revision
from service.http.slow import TABLE_FORMATS, Call, Service
from service.manage import ratecards
from service.manage.ratecard_audit import audit_view
from service.manage.ratecard_change import FORMATS, size_of
from service.manage.ratecard_diff import check_by
from service.manage.ratecard_process import aside
from service.manage.ratecard_search import search_view
from service.manage.ratecard_views import card_view, list_view, revisions_view
from service.manage.ratecard_work import table_of
from service.manage.ratecards import ABOUT
from service.render.table import Table
from service.store.cards import KINDS

SCOPE = "cards"


async def list_cards(call: Call) -> Table:
    """
    Every card of the credential's environment.
    """
    asked = call.parameters
    archived = bool(ask.flag(asked, "archived"))
    kind = ask.one_of(asked, "kind", KINDS)
    cards, page = ask.shelf(call), ask.page(call)
    with told(cards):
        return await aside(list_view, cards, archived=archived, company=asked.get("company"), kind=kind, page=page)


async def show(call: Call) -> dict[str, Any]:
    """
    All about a card.
    """
    cards, card = ask.shelf(call), ask.card(call.parameters)
    with told(cards):
        return await aside(card_view, cards, card)


async def search(call: Call) -> Table:
    """
    Rules of a card by the name of a destination or by a prefix.
    """
    cards, card, asked = ask.shelf(call), ask.card(call.parameters), call.parameters
    if not asked.get("name") and not asked.get("prefix"):
        raise missing("name' or 'prefix")
    if "name" in asked and "prefix" in asked:
        raise invalid("name", "is given besides 'prefix'; one of them")
    found = {"name": asked.get("name"), "prefix": asked.get("prefix"), "at": ask.moment(asked)}
    number, page = ask.revision(asked), ask.page(call)
    with told(cards):
        return await aside(search_view, cards, card, **found, revision=number, page=page)


async def revisions(call: Call) -> Table:
    """
    The revisions of a card.
    """
    cards, card, number = ask.shelf(call), ask.card(call.parameters), ask.revision(call.parameters)
    page = ask.page(call)
    with told(cards):
        return await aside(revisions_view, cards, card, revision=number, page=page)


async def diff(call: Call) -> Table:
    """
    Two revisions of a card side by side.
    """
    cards, card, asked, page = ask.shelf(call), ask.card(call.parameters), call.parameters, ask.page(call)
    by, kind = asked.get("by", "prefix"), asked.get("kind")
    between = {"old": ask.revision(asked, "from"), "new": ask.revision(asked, "to"), "at": ask.moment(asked)}
    with told(cards):
        check_by(by, kind)
        rules = await aside(size_of, cards, card)
    paging = {"number": page.number, "size": page.size}
    return table_of(await work(cards, "diff", rules, {"card": card, "by": by, "kind": kind, "page": paging, **between}))


async def activate(call: Call) -> dict[str, Any]:
    """
    Let a revision answer, now or from an instant to come.
    """
    cards, card, asked = ask.shelf(call), ask.card(call.parameters), call.parameters
    number, at, force = ask.need_revision(asked), ask.to_come(asked), bool(ask.flag(asked, "force"))
    with told(cards):
        rules = await aside(size_of, cards, card, number)
    return await work(cards, "activate", rules, {"card": card, "revision": number, "at": at, "force": force})


async def cancel(call: Call) -> dict[str, Any]:
    """
    Take back a planned activation.
    """
    cards, card, number = ask.shelf(call), ask.card(call.parameters), ask.need_revision(call.parameters)
    with told(cards):
        return await aside(ratecards.cancel, cards, card, number)


async def roll_back(call: Call) -> dict[str, Any]:
    """
    Let the revision answer that did before.
    """
    return await _heavy(call, "rollback")


async def restore(call: Call) -> dict[str, Any]:
    """
    Let an archived card answer again.
    """
    return await _heavy(call, "restore")


async def _heavy(call: Call, kind: str) -> dict[str, Any]:
    cards, card = ask.shelf(call), ask.card(call.parameters)
    with told(cards):
        rules = await aside(size_of, cards, card)
    return await work(cards, kind, rules, {"card": card})


async def archive(call: Call) -> dict[str, Any]:
    """
    Let a card no longer answer.
    """
    cards, card = ask.shelf(call), ask.card(call.parameters)
    with told(cards):
        return await aside(ratecards.archive, cards, card)


async def delete(call: Call) -> dict[str, Any]:
    """
    Forget an archived card.
    """
    cards, card = ask.shelf(call), ask.card(call.parameters)
    with told(cards):
        return await aside(ratecards.delete, cards, card)


async def change(call: Call) -> dict[str, Any]:
    """
    Say something about a card.
    """
    cards, card = ask.shelf(call), ask.card(call.parameters)
    about = {name: value for name, value in call.parameters.items() if name in ABOUT}
    if not about:
        raise ApiError(400, "Nothing to set", detail=f"send one of {', '.join(ABOUT)}")
    with told(cards):
        return await aside(ratecards.change, cards, card, about)


async def audit(call: Call) -> Table:
    """
    Who changed what, the latest first.
    """
    cards, page = ask.shelf(call), ask.page(call)
    with told(cards):
        return await aside(audit_view, cards, call.parameters.get("card"), page)


def _read(what: str, answer: Any, *known: str, **more: Any) -> Service:
    return Service(f"ratecard/{what}", SCOPE, ("GET", "HEAD"), answer, frozenset(known), **more)


def _table(what: str, answer: Any, *known: str, **more: Any) -> Service:
    return _read(what, answer, *known, *PAGING, formats=TABLE_FORMATS, **more)


def _change(what: str, answer: Any, *known: str, **more: Any) -> Service:
    return Service(f"ratecard/{what}", SCOPE, ("POST",), answer, frozenset(known), links=of_answer, **more)


SERVICES = (
    _table("list", list_cards, "archived", "company", "kind", links=of_card),
    _read("show", show, "card", links=of_card),
    _table("search", search, "card", "name", "prefix", "at", "revision"),
    _table("revisions", revisions, "card", "revision", links=of_revision),
    _table("diff", diff, "card", "from", "to", "by", "kind", "at"),
    _table("audit", audit, "card", links=of_change),
    _read("download", download, *DOWNLOAD, formats=FORMATS),
    _change("upload", upload, *UPLOAD, raw=True),
    _change("activate", activate, "card", "revision", "at", "force"),
    _change("cancel", cancel, "card", "revision"),
    _change("rollback", roll_back, "card"),
    _change("archive", archive, "card"),
    _change("restore", restore, "card"),
    _change("delete", delete, "card"),
    _change("set", change, "card", *ABOUT),
)
"""Every service of rate cards."""
