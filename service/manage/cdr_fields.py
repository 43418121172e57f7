"""
The fields of a call record, each read with care: a value, or the reason why it is none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ratecards.numbers import NumberError, normalise
from ratecards.profiles import Profile

FIELDS = ("call_id", "number", "cli", "account", "card", "carrier", "start", "duration", "pdd_ms", "sip_code",
          "sip_reason", "q850")  # fmt: skip
"""Names that a record's fields have outside."""
NEEDED = ("call_id", "number", "start", "sip_code")
LENGTHS = {"call_id": 255, "account": 64, "card": 64, "carrier": 64, "sip_reason": 128}
WITHHELD = ("", "anonymous", "unknown", "restricted", "unavailable", "private")
"""Calling numbers that are none; RFC 3323 and what switches write."""
MAX_START_S = 7_258_118_400
"""2200-01-01; beyond it somebody sent milliseconds."""
MAX_PDD_MS = 3_600_000
Row = tuple[str, str, str, str, str, str, str, int, int | None, int | None, int, str, int | None]
"""The values of a record in the order of its fields, without a position."""

_UNIX = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,9}))?", re.ASCII)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})?",
                  re.ASCII)  # fmt: skip
_SECONDS = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,3})0*)?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


class RefusedError(ValueError):
    """
    A record that cannot be taken: which field, and what is wrong with it, without its value.

    Attributes:
        is_missing: the field is not there at all.
    """

    def __init__(self, name: str, why: str, *, is_missing: bool = False) -> None:
        super().__init__(f"{name} {why}" if name else why)
        self.name = name
        self.why = why
        self.is_missing = is_missing


@dataclass(frozen=True, slots=True)
class Sender:
    """
    Who sends records, and what is taken for granted of them.

    Attributes:
        account: whose they are where they do not say so.
        accounts: those they may be of, and how the numbers of each are normalised; None: as E.164.
        zone: of times that name none.
        any_caller: a switch writes whatever callers say they are: what is no number is nobody.
    """

    environment: str
    account: str
    accounts: Mapping[str, Profile | None] = field(default_factory=dict)
    zone: tzinfo = UTC
    any_caller: bool = False

    @property
    def profile(self) -> Profile | None:
        return self.accounts.get(self.account)


def read_record(said: Mapping[str, Any], sender: Sender) -> Row:
    """
    Read a record as it was sent.

    Args:
        said: texts or numbers by name of the field; None and the empty text are not said.

    Raises:
        RefusedError: it cannot be taken.
    """
    check_names(said)
    texts = {name: _text(name, said.get(name)) for name in FIELDS}
    for name in NEEDED:
        if not texts[name]:
            raise RefusedError(name, "is missing", is_missing=True)
    account = _account(texts["account"], sender)
    profile = sender.accounts.get(account)
    return (
        texts["call_id"],
        _number("number", texts["number"], profile),
        _caller(texts["cli"], profile, any_caller=sender.any_caller),
        account,
        sender.environment,
        texts["card"],
        texts["carrier"],
        read_start(texts["start"], sender.zone),
        _duration(texts["duration"]) if texts["duration"] else None,
        _whole("pdd_ms", texts["pdd_ms"], 0, MAX_PDD_MS) if texts["pdd_ms"] else None,
        _whole("sip_code", texts["sip_code"], 200, 699),
        texts["sip_reason"],
        _whole("q850", texts["q850"], 0, 127) if texts["q850"] else None,
    )


def check_names(said: Iterable[str]) -> None:
    """
    Raises:
        RefusedError: a name that no field has.
    """
    for name in said:
        if name not in FIELDS:
            raise RefusedError(f"'{shown(name)}'", "is no field of a record")


def zone_of(name: str) -> tzinfo:
    """
    A time zone by its name.

    Raises:
        ValueError: there is none of this name.
    """
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError("is no name of the IANA time zone database, such as Europe/London") from None


def shown(text: str) -> str:
    """
    A text as it may stand in an answer: one line, not long.
    """
    printable = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return printable if len(printable) <= 40 else printable[:40] + "…"


def text_of(value: Any) -> str | None:
    """
    A text or a number as it is written; None: it is neither.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(name: str, value: Any) -> str:
    text = text_of(value)
    if text is None:
        raise RefusedError(name, "is neither a text nor a number")
    if not text.isprintable():
        raise RefusedError(name, "has a control character")
    most = LENGTHS.get(name, 64)
    if len(text) > most:
        raise RefusedError(name, f"has more than {most} characters")
    return text


def _account(text: str, sender: Sender) -> str:
    if text and text not in sender.accounts:
        raise RefusedError("account", "is none that records may be sent for")
    return text or sender.account


def _number(name: str, text: str, profile: Profile | None) -> str:
    try:
        return normalise(text) if profile is None else profile.normalise(text)
    except NumberError as error:
        raise RefusedError(name, str(error)) from None


def _caller(text: str, profile: Profile | None, *, any_caller: bool) -> str:
    if text.lower() in WITHHELD:
        return ""
    try:
        return _number("cli", text, profile)
    except RefusedError:
        if any_caller:
            return ""
        raise


def read_start(text: str, zone: tzinfo) -> int:
    """
    Unix milliseconds of a unix time, or of an ISO 8601 date and time.

    Args:
        zone: of one that names none.
    """
    unix = _UNIX.fullmatch(text)
    if unix:
        start_ms = int(unix[1]) * 1000 + int(f"{unix[2] or ''}000"[:3])
    elif _ISO.fullmatch(text):
        start_ms = _moment_ms(text, zone)
    else:
        raise RefusedError("start", "is neither a unix time in seconds nor ISO 8601 (2027-03-04T05:06:07Z)")
    if not 0 <= start_ms < MAX_START_S * 1000:
        raise RefusedError("start", "is not from 1970 to 2199; a unix time is in seconds")
    return start_ms


def _moment_ms(text: str, zone: tzinfo) -> int:
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return int(aware.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
    except (ValueError, OverflowError) as error:
        raise RefusedError("start", f"is no time: {error}") from None


def _duration(text: str) -> int:
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise RefusedError("duration", "is not a number of seconds: up to 8 digits, and up to 3 after a point")
    return int(match[1]) * 1000 + int(f"{match[2] or ''}000"[:3])


def _whole(name: str, text: str, least: int, most: int) -> int:
    if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise RefusedError(name, f"is not a whole number from {least} to {most}")
    return int(text)
