"""
Where one gets from a card, a revision or a change: the links of answers in HAL.
"""

from typing import Any
from urllib.parse import urlencode

_ROOT = "/api/ratecard/"


def _to(what: str, form: str = "json", **asked: Any) -> str:
    return f"{_ROOT}{what}.{form}?{urlencode(asked)}"


def of_card(card: dict[str, Any]) -> dict[str, str]:
    """
    Of a card; what changes it takes POST.
    """
    name = card["name"]
    seen = {"self": _to("show", card=name)} | {what: _to(what, card=name) for what in ("revisions", "audit")}
    if card["archived"] is not None:
        return seen | {what: _to(what, card=name) for what in ("restore", "delete")}
    running = {} if _answers(card) is None else {"download": _to("download", "csv", card=name)}
    return seen | running | {what: _to(what, card=name) for what in ("diff", "set", "archive", "rollback")}


def _answers(card: dict[str, Any]) -> int | None:
    """
    Number of the revision that answers, in a list of cards or in all about one.
    """
    active = card.get("active")
    return active["revision"] if active else card.get("revision")


def of_revision(revision: dict[str, Any]) -> dict[str, str]:
    """
    Of a revision; one that answers cannot be activated again, one that is planned can be cancelled.
    """
    asked = {"card": revision["card"], "revision": revision["revision"]}
    links = {
        "self": _to("revisions", **asked),
        "card": _to("show", card=revision["card"]),
        "download": _to("download", "csv", **asked),
        "diff": _to("diff", card=revision["card"], to=revision["revision"]),
    }
    activate = {} if revision["active"] else {"activate": _to("activate", **asked)}
    return links | activate | ({} if revision["planned"] is None else {"cancel": _to("cancel", **asked)})


def of_change(change: dict[str, Any]) -> dict[str, str]:
    """
    Of an entry of the audit.
    """
    return {"card": _to("show", card=change["card"])}


def of_answer(answer: dict[str, Any]) -> dict[str, str]:
    """
    Of what was done to a card.
    """
    return {what: _to(name, card=answer["card"]) for what, name in (("card", "show"), ("revisions", "revisions"))}
