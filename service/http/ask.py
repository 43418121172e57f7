"""
From parameters to a checked question.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal

from ratecards.model import Caller
from ratecards.numbers import NumberError, normalise
from service.access.account import Account
from service.errors import invalid, missing, not_found, unavailable, unknown
from service.http.query import Parameters, shown
from service.lookups.rate import RateQuery
from service.snapshot import LiveCard, Snapshot

RATE = frozenset({"number", "card", "cli", "duration", "at", "lrn", "Auth"})
_DURATION = re.compile(r"[0-9]{1,8}(\.[0-9]{1,6})?", re.ASCII)
_UNIX = re.compile(r"-?[0-9]{1,11}", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{2,15}(Z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII)


def check_names(parameters: Parameters, known: frozenset[str]) -> None:
    for name in parameters:
        if name not in known:
            raise unknown(shown(name))


def number(parameters: Parameters, name: str = "number") -> str:
    """
    A parameter that must be a telephone number, as E.164 digits.
    """
    dialled = parameters.get(name)
    if dialled is None:
        raise missing(name)
    try:
        return normalise(dialled)
    except NumberError as error:
        raise invalid(name, str(error)) from None


def card(name: str, snapshot: Snapshot) -> LiveCard:
    """
    The card of a name.

    Raises:
        ApiError: 404 for no such card; 503 where it should be there but cannot be read.

    """
    live = snapshot.cards.get(name)
    if live is not None:
        return live
    if name in snapshot.broken or not snapshot.cards:
        raise unavailable(
            "Starting", 1, f"card '{shown(name)}' is not loaded" if snapshot.cards else "no card is loaded"
        )
    if not name:
        raise invalid("card", "is empty")
    raise not_found(f"no card '{shown(name)}'")


def rate_query(parameters: Parameters, account: Account, snapshot: Snapshot, now: int) -> RateQuery:
    """
    Check the parameters of ``rate``.

    Args:
        now: unix seconds, for a question that names no instant.

    """
    duration = parameters.get("duration")
    return RateQuery(
        number=number(parameters),
        card=card(parameters.get("card", account.card), snapshot),
        at=instant(parameters["at"]) if "at" in parameters else now,
        caller=caller(parameters),
        duration_s=None if duration is None else seconds(duration),
        places=snapshot.places,
    )


def caller(parameters: Parameters) -> Caller:
    """
    Who calls. A withheld calling number (empty, ``anonymous``, ``unknown``) is no error: it is nobody.
    """
    cli = parameters.get("cli", "")
    lrn = number(parameters, "lrn") if "lrn" in parameters else ""
    if cli.strip().lower() in {"", "anonymous", "unknown", "restricted", "unavailable", "private"}:
        return Caller("", lrn)
    return Caller(number(parameters, "cli"), lrn)


def seconds(text: str) -> Decimal:
    if not _DURATION.fullmatch(text):
        raise invalid("duration", "is not a number of seconds: up to 8 digits, and up to 6 after a point")
    return Decimal(text)


def instant(text: str) -> int:
    """
    Unix seconds of a unix time or an ISO 8601 date and time; one without a zone is UTC.
    """
    if _UNIX.fullmatch(text):
        return int(text)
    if not _ISO.fullmatch(text):
        raise invalid("at", "is neither a unix time nor ISO 8601 (2027-03-04T05:06:07Z)")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("at", str(error)) from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() // 1)
