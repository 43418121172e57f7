"""
``tps`` asked over HTTP: for one number, or for several at once, each with an answer of its own; and calls refused by
what is listed.
"""

import re
from typing import Any

from service.access.account import Identity
from service.errors import ApiError, invalid, missing
from service.http import ask
from service.http.query import Parameters, shown
from service.lookups.tps import asked_sets, refuse_listed, tell_listed
from service.render.plain import ById
from service.snapshot import Desk, Loaded
from service.store.sets import MAX_SETS

KNOWN = frozenset({"number", "list", "Auth"})
LISTS = frozenset({"number", "list"})
MAX_NUMBERS = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,58}", re.ASCII)


def answer_tps(parameters: Parameters, identity: Identity, desk: Desk, _json: bool) -> dict[str, Any]:
    """
    Answer for a number; for a list of them by number, those that are none with their errors in place.

    Raises:
        ApiError: as of :func:`service.lookups.tps.answer_tps`.
    """
    text = parameters.get("number")
    if text is None:
        raise missing("number")
    sets = asked_sets(desk.snapshot, identity.environment, asked_names(parameters))
    if "," not in text:
        return tell_listed(ask.number(parameters, profile=identity.account.profile), sets)
    items = [item for item in text.split(",") if item.strip()]
    if not 1 <= len(items) <= MAX_NUMBERS:
        raise invalid("number", f"is not 1 to {MAX_NUMBERS} numbers with commas between")
    return ById(_item(item, identity, sets) for item in items)


def screen_listed(number: str, cli: str, parameters: Parameters, identity: Identity, desk: Desk) -> None:
    """
    Refuse a call to or from a number by whose list the account wants calls refused.

    A question about another instant than now is about no call that is to be made.

    Raises:
        ApiError: as of :func:`service.lookups.tps.refuse_listed`.
    """
    refusing = identity.account.refusing
    if refusing is not None and "at" not in parameters:
        refuse_listed(number, cli, refusing, desk.snapshot, identity.environment)


def asked_names(parameters: Parameters) -> list[str] | None:
    """
    Sets that are asked; None: all.
    """
    text = parameters.get("list")
    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not 1 <= len(names) <= MAX_SETS or not all(map(_NAME.fullmatch, names)):
        raise invalid("list", f"is not 1 to {MAX_SETS} names of sets with commas between")
    return names


def _item(item: str, identity: Identity, sets: list[Loaded]) -> tuple[str, dict[str, Any]]:
    try:
        called = ask.number({"number": item}, profile=identity.account.profile)
    except ApiError as error:
        return shown(item.strip()), error.body()
    return called, tell_listed(called, sets)
