"""
``asrplus`` asked over HTTP: for one number, or for several at once, each with an answer of its own.
"""

from typing import Any

from service.access.account import Identity
from service.errors import ApiError, invalid, missing
from service.http import ask
from service.http.query import Parameters, shown
from service.lookups.asrplus import AsrplusQuery, asrplus, refuse_dead
from service.render.plain import ById
from service.snapshot import Desk

KNOWN = frozenset({"number", "Auth"})
LISTS = frozenset({"number"})
MAX_NUMBERS = 100


def answer_asrplus(parameters: Parameters, identity: Identity, desk: Desk, _json: bool) -> dict[str, Any]:
    """
    Answer for a number; for a list of them by number, those that nothing is known of with their errors in place.

    Raises:
        ApiError: as of :func:`service.lookups.asrplus.asrplus`; of a list only what befalls all of it.
    """
    text = parameters.get("number")
    if text is None:
        raise missing("number")
    now = int(desk.clock())
    if "," not in text:
        return asrplus(_query(ask.number(parameters, profile=identity.account.profile), identity, desk, now))
    items = [item for item in text.split(",") if item.strip()]
    if not 1 <= len(items) <= MAX_NUMBERS:
        raise invalid("number", f"is not 1 to {MAX_NUMBERS} numbers with commas between")
    return ById(_item(item, identity, desk, now) for item in items)


def screen(number: str, service: str, parameters: Parameters, identity: Identity, desk: Desk) -> None:
    """
    Refuse a call that the account wants refused in this service for what is known of the number.

    A question about another instant than now is about no call that is to be made.

    Raises:
        ApiError: as of :func:`service.lookups.asrplus.refuse_dead`.
    """
    screening = identity.account.asrplus
    if screening is not None and screening.refuses_in(service) and "at" not in parameters:
        refuse_dead(_query(number, identity, desk, int(desk.clock())))


def _item(item: str, identity: Identity, desk: Desk, now: int) -> tuple[str, dict[str, Any]]:
    called = shown(item.strip())
    try:
        called = ask.number({"number": item}, profile=identity.account.profile)
        return called, asrplus(_query(called, identity, desk, now))
    except ApiError as error:
        if error.status >= 500:
            raise
        return called, error.body()


def _query(number: str, identity: Identity, desk: Desk, now: int) -> AsrplusQuery:
    return AsrplusQuery(number, identity.account, identity.environment, desk.heard, now)
