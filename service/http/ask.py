"""
From parameters to a checked question.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from ratecards.lcr import Ask, Strategy
from ratecards.lcr.model import DEFAULT_DURATION_S
from ratecards.model import Caller
from ratecards.numbers import NumberError, normalise
from ratecards.profiles import Profile
from service.access.account import TEST, Identity, qualified
from service.errors import forbidden, invalid, missing, not_found, unavailable, unknown
from service.http.query import Parameters, shown
from service.lookups.lcr import LcrQuery
from service.lookups.lrn import AUTO, dip
from service.lookups.rate import RateQuery
from service.snapshot import LiveCard, Snapshot
from service.store.routings import MAX_CARRIERS, MAX_ROUTES

RATE = frozenset({"number", "card", "cli", "duration", "at", "lrn", "Auth"})
LCR = RATE | {"strategy", "limit", "explain", "carriers", "exclude"}
_DURATION = re.compile(r"[0-9]{1,8}(\.[0-9]{1,6})?", re.ASCII)
_LIMIT = re.compile(r"[0-9]{1,3}", re.ASCII)
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
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
        number=(digits := number(parameters, profile=profile)),
        card=card(parameters, identity, snapshot),
        at=instant(parameters["at"]) if "at" in parameters else now,
        caller=caller(parameters, profile, lambda: dip(digits, snapshot, identity.environment)),
        duration_s=None if duration is None else seconds(duration),
        places=snapshot.places,
        now=now,
    )


def lcr_query(parameters: Parameters, identity: Identity, snapshot: Snapshot, now: int) -> LcrQuery:
    """
    Check the parameters of ``lcr``.

    Args:
        now: unix seconds, for a question that names no instant.

    Raises:
        ApiError: 404 where nothing stands behind the card; 403 where the account may not ask a card that does, since
            it would read its prices.
    """
    profile = identity.account.profile
    digits, live = number(parameters, profile=profile), card(parameters, identity, snapshot)
    routes = snapshot.routes.get(qualified(live.name, identity.environment))
    if routes is None:
        raise not_found(f"no carriers stand behind card '{live.name}'")
    if identity.account.cards is not None and not all(
        map(identity.account.may_ask, (*routes.names.values(), *routes.missing))
    ):
        raise forbidden(f"the account may not ask every card behind '{live.name}'")
    duration = parameters.get("duration")
    question = Ask(
        number=digits,
        at=instant(parameters["at"]) if "at" in parameters else now,
        duration_s=DEFAULT_DURATION_S if duration is None else seconds(duration),
        caller=caller(parameters, profile, lambda: dip(digits, snapshot, identity.environment)),
        strategy=_strategy(parameters, routes.routing.strategy),
        limit=_limit(parameters, routes.routing.limit),
        explain=_flag(parameters, "explain"),
        allow=_names(parameters, "carriers", identity.environment),
        exclude=_names(parameters, "exclude", identity.environment) or frozenset(),
    )
    return LcrQuery(live, routes, question, now)


def _strategy(parameters: Parameters, usual: str) -> Strategy:
    try:
        return Strategy(parameters.get("strategy", usual))
    except ValueError:
        raise invalid("strategy", f"is none of {', '.join(Strategy)}") from None


def _limit(parameters: Parameters, usual: int) -> int:
    text = parameters.get("limit")
    if text is None:
        return usual
    if not _LIMIT.fullmatch(text) or not 1 <= int(text) <= MAX_ROUTES:
        raise invalid("limit", f"is not a whole number from 1 to {MAX_ROUTES}")
    return int(text)


def _flag(parameters: Parameters, name: str) -> bool:
    text = parameters.get(name, "0")
    if text not in _FLAGS:
        raise invalid(name, "is neither 1 nor 0")
    return _FLAGS[text]


def _names(parameters: Parameters, name: str, environment: str) -> frozenset[str] | None:
    """
    Names of cards or carriers, with commas between; None: no such parameter.
    """
    text = parameters.get(name)
    if text is None:
        return None
    names = {word.strip() for word in text.split(",") if word.strip()}
    if not names or len(names) > MAX_CARRIERS:
        raise invalid(name, f"is not 1 to {MAX_CARRIERS} names with commas between")
    return frozenset(names | {qualified(word, environment) for word in names})


def caller(parameters: Parameters, profile: Profile | None, dipped: Callable[[], str] | None = None) -> Caller:
    """
    Who calls. A withheld calling number (empty, ``anonymous``, ``unknown``) is no error: it is nobody.

    Args:
        dipped: finds the location routing number of the number called, where it is to be found here.
    """
    cli, lrn = parameters.get("cli", ""), parameters.get("lrn", "")
    if lrn == AUTO and dipped is not None:
        lrn = dipped()
    elif "lrn" in parameters:
        lrn = number(parameters, "lrn")
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
