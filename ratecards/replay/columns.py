"""
What switches and billing systems call the columns of their call records.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ratecards.deck.words import normal

FIELDS = ("number", "duration", "start", "cli", "lrn", "sip_code", "answered")
_WORDS = {
    "number": """number, called number, called, callee, callee number, dialed number, dialled number, dialed, dialled,
        destination number, called party number, called party, called station id, called e 164, b number, bnumber,
        to number, dst number, dst, dnis, callee id number, phone number, to, destination""",
    "duration": """billsec, bill sec, billable seconds, billable duration, billable time, charged duration, duration s,
        duration sec, duration secs, duration seconds, call duration, duration, acct session time, session time,
        talk time, conversation time, call length, length, seconds""",
    "start": """start, start time, call start, call start time, start stamp, start date, start at, started at,
        start epoch, answer time, answered at, answer stamp, connect time, setup time, calldate, call date, call time,
        at, datetime, date time, timestamp, time stamp, date, time""",
    "cli": """cli, ani, caller number, caller id number, calling number, calling party number, calling party, caller,
        src number, src, source number, calling station id, a number, anumber, from number, from, source""",
    "lrn": "lrn, location routing number, routing number",
    "sip_code": "sip code, sip status, sip response, sip response code, response code, sip hangup code",
    "answered": "answered, is answered, answer state, disposition, call status, call state",
}
"""
Sources: Asterisk (``billsec``, ``disposition``), FreeSWITCH (``start_stamp``), RADIUS accounting, portal exports. Of
two columns the wording named first is taken: Asterisk's ``duration`` counts ringing, its ``billsec`` does not.
"""
_RANKS = {
    field: {" ".join(word.split()): rank for rank, word in enumerate(text.split(","))} for field, text in _WORDS.items()
}
_NEEDED = ("number", "duration")


class CallsError(ValueError):
    """
    A file that is no table of calls; the message says what it is instead.
    """


@dataclass(frozen=True, slots=True)
class Columns:
    """
    Where the fields of a call stand.

    Attributes:
        at: field to the place of its column, from 0; only those there are.
        width: columns of the table.
    """

    at: Mapping[str, int]
    width: int


def recognise(header: Iterable[str]) -> Columns:
    """
    Say which columns hold what; others are left alone.
    """
    wordings = [normal(name) for name in header]
    found = {field: _best(ranks, wordings) for field, ranks in _RANKS.items()}
    return Columns({field: place for field, place in found.items() if place is not None}, len(wordings))


def need(columns: Columns, header: Iterable[str]) -> Columns:
    """
    Refuse a table that calls cannot be read from.

    Raises:
        CallsError: there is no column with the numbers or the durations.
    """
    names = ", ".join(name.strip()[:40] or "(blank)" for name in list(header)[:20])
    for field in _NEEDED:
        if field not in columns.at:
            raise CallsError(f"has no column with the {field} of each call; its columns are {names}")
    return columns


def _best(ranks: Mapping[str, int], wordings: list[str]) -> int | None:
    known = [(ranks[wording], place) for place, wording in enumerate(wordings) if wording in ranks]
    return min(known)[1] if known else None
