"""
What was said to a look-up, noted for those who watch the service.
"""

from typing import Any

from service.access.account import Identity
from service.errors import ApiError
from service.http.query import Parameters
from service.snapshot import Desk
from service.watch.seen import BEGINNING, OK, Told

_OF_CARDS = ("rate", "lcr", "lcr/siphon")
_VERDICTS = {401: "bad_credential", 403: "forbidden", 429: "over_plan", 503: "unavailable"}
"""Of an answer that carries none, by its status."""


def note_answered(
    desk: Desk, service: str, who: Identity, asked: Parameters, answer: dict[str, Any] | bytes, started_ns: int
) -> None:
    """
    Note a look-up that was answered.

    Args:
        answer: its fields, or their JSON.
        started_ns: by the monotonic clock.
    """
    seen, judged = desk.seen, (service, 200, OK)
    if seen is not None and seen.count(judged):
        told = _priced(answer) if isinstance(answer, dict) else answer[:BEGINNING]
        seen.note(service, started_ns, desk.clock(), who, asked.get("number", ""), (judged, told))


def note_refused(
    desk: Desk, service: str, who: Identity | None, asked: Parameters, error: ApiError, started_ns: int
) -> None:
    """
    Note one that was refused, or found nothing.

    Args:
        who: None: nobody who may ask.
    """
    seen, verdict = desk.seen, error.more.get("verdict")
    if seen is None:
        return
    judged = (service, error.status, verdict or _VERDICTS.get(error.status, "error"))
    if seen.count(judged):
        own = who.account.card if who is not None and verdict and service in _OF_CARDS else ""
        told = (asked.get("card", own)[:64], 0, error.more.get("prefix", ""))
        seen.note(service, started_ns, desk.clock(), who, asked.get("number", ""), (judged, told))


def _priced(fields: dict[str, Any]) -> Told:
    """
    Card, revision and prefix, as far as an answer has them.
    """
    sell = fields.get("sell", fields)
    sell = sell if isinstance(sell, dict) else fields
    card, revision, prefix = (sell.get(name) for name in ("card", "revision", "prefix"))
    return (
        card if isinstance(card, str) else "",
        revision if isinstance(revision, int) else 0,
        prefix if isinstance(prefix, str) else "",
    )
