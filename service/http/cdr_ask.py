"""
Parameters of ``cdr``, checked; who may send and see what; and the problems of records as answers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo

from sqlalchemy.exc import SQLAlchemyError

from service.access.account import ADMIN
from service.errors import ApiError, invalid, standard, unavailable
from service.http.ask import number
from service.http.query import Parameters
from service.http.slow import Call
from service.manage.cdr_fields import RefusedError, Sender, read_start, zone_of
from service.manage.cdr_intake import IntakeError
from service.manage.cdr_search import MAX_PER_PAGE, PER_PAGE, CursorError
from service.manage.cdr_shapes import SHAPES
from service.store.records_search import Wanted

SEARCH = frozenset({"from", "to", "number", "account", "card", "carrier", "sip_code", "call_id", "limit", "cursor"})
SEND = frozenset({"shape", "timezone", "uuid"})
"""``uuid`` is what FreeSWITCH adds to every address; nothing is made of it."""
_PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})\*", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_AGAIN_S = 5
NOBODY = ""
"""Whose records there are none of."""


def sender(call: Call) -> Sender:
    """
    Whose records a credential may send: its account's; with the scope ``admin``, everybody's.
    """
    account = call.identity.account
    all_of_them = call.desk.snapshot.access.accounts
    known = {name: one.profile for name, one in all_of_them.items()} if call.identity.may(ADMIN) else {}
    accounts = {**known, account.name: account.profile}
    return Sender(call.identity.environment, account.name, accounts, _zone(call.parameters))


def _zone(parameters: Parameters) -> tzinfo:
    try:
        return zone_of(parameters.get("timezone", "UTC"))
    except ValueError as error:
        raise invalid("timezone", str(error)) from None


def shape(parameters: Parameters) -> str | None:
    text = parameters.get("shape")
    if text is not None and text not in SHAPES:
        raise invalid("shape", f"is none of {', '.join(SHAPES)}")
    return text


def wanted(call: Call) -> Wanted:
    """
    Which records are looked for; of other accounts than one's own there are none, unless one is staff.
    """
    asked, own = call.parameters, call.identity.account.name
    account = asked.get("account")
    if not call.identity.may(ADMIN):
        account = own if account in (None, own) else NOBODY
    digits, prefix = _number(call)
    return Wanted(
        environment=call.identity.environment,
        account=account,
        from_ms=_instant(asked, "from"),
        to_ms=_instant(asked, "to"),
        number=digits,
        prefix=prefix,
        card=asked.get("card"),
        carrier=asked.get("carrier"),
        sip_code=whole(asked, "sip_code", 200, 699),
        call_id=asked.get("call_id"),
    )


def _number(call: Call) -> tuple[str | None, str | None]:
    """
    A number, or the first digits of one with a star behind them.
    """
    text = call.parameters.get("number")
    if text is None:
        return None, None
    match = _PREFIX.fullmatch(text)
    if match:
        return None, match[1]
    if "*" in text:
        raise invalid("number", "is neither a number nor 1 to 15 digits with a star behind them")
    return number(call.parameters, profile=call.identity.account.profile), None


def limit(parameters: Parameters) -> int:
    return whole(parameters, "limit", 1, MAX_PER_PAGE) or PER_PAGE


def whole(parameters: Parameters, name: str, least: int, most: int) -> int | None:
    """
    A whole number; None: it is left out.
    """
    text = parameters.get(name)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise invalid(name, f"is not a whole number from {least} to {most}")
    return int(text)


def _instant(parameters: Parameters, name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    try:
        return read_start(text, UTC)
    except RefusedError as error:
        raise invalid(name, error.why) from None


@contextmanager
def told() -> Iterator[None]:
    """
    Let the problems of records become answers.
    """
    try:
        yield
    except CursorError as error:
        raise invalid("cursor", str(error)) from None
    except IntakeError as error:
        if error.is_too_long:
            raise standard(413, str(error)) from None
        raise ApiError(400, "Records cannot be read", detail=str(error)) from None
    except SQLAlchemyError:
        detail = "the store does not answer in time; a search may need a shorter time, or a number"
        raise unavailable("Overloaded", _AGAIN_S, detail) from None
