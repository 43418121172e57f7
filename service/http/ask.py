"""
From parameters to a checked question.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal

from ratecards.model import Caller
from ratecards.numbers import NumberError, normalise
from ratecards.profiles import Profile
from service.access.account import TEST, Identity, qualified
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


def number(parameters: Parameters, name: str = "number", profile: Profile | None = None) -> str:
    """
    A parameter that must be a telephone number, as E.164 digits.

    Args:
        profile: how the account's numbers are normalised; None: as E.164.
    """
    dialled = parameters.get(name)
    if dialled is None:
        raise missing(name)
    try:
        return normalise(dialled) if profile is None else profile.normalise(dialled)
    except NumberError as error:
        raise invalid(name, str(error)) from None


def card(parameters: Parameters, identity: Identity, snapshot: Snapshot) -> LiveCard:
    """
    The card asked, by its name or as the account's own.

    Raises:
        ApiError: 404 for no such card, or one the account may not ask; 503 where it should be there but cannot be
            read.

    """
    name = parameters.get("card", identity.account.card)
    cards = snapshot.cards_of(identity.environment)
    live = cards.get(name)
    if not name:
        raise missing("card") if "card" not in parameters else invalid("card", "is empty")
    if not identity.account.may_ask(name):
        raise not_found(f"no card '{shown(name)}'")
    if live is not None:
        return live
    if qualified(name, identity.environment) in snapshot.broken or not (cards or identity.environment == TEST):
        raise unavailable("Starting", 1, f"card '{shown(name)}' is not loaded" if cards else "no card is loaded")
    raise not_found(f"no card '{shown(name)}'")


def rate_query(parameters: Parameters, identity: Identity, snapshot: Snapshot, now: int) -> RateQuery:
    """
    Check the parameters of ``rate``.

    Args:
        now: unix seconds, for a question that names no instant.

    """
    duration = parameters.get("duration")
    profile = identity.account.profile
    return RateQuery(
        number=number(parameters, profile=profile),
        card=card(parameters, identity, snapshot),
        at=instant(parameters["at"]) if "at" in parameters else now,
        caller=caller(parameters, profile),
        duration_s=None if duration is None else seconds(duration),
        places=snapshot.places,
        now=now,
    )


def caller(parameters: Parameters, profile: Profile | None) -> Caller:
    """
    Who calls. A withheld calling number (empty, ``anonymous``, ``unknown``) is no error: it is nobody.
    """
    cli = parameters.get("cli", "")
    lrn = number(parameters, "lrn") if "lrn" in parameters else ""
    if cli.strip().lower() in {"", "anonymous", "unknown", "restricted", "unavailable", "private"}:
        return Caller("", lrn)
    return Caller(number(parameters, "cli", profile), lrn)


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
