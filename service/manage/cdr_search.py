"""
Call records as they are shown, and the cursor from which a search goes on.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Engine

from service.manage.cdr_fields import FIELDS
from service.render.run import Run
from service.render.table import Row
from service.store.records import Record
from service.store.records_search import Place, Wanted, place_of, search

PER_PAGE, MAX_PER_PAGE = 100, 1000
COLUMNS = FIELDS
"""What is shown has the names of what is sent, so that a file of one can be sent again."""
PIECE = 2000
"""Records of a file that are in memory at one time."""
_CURSOR = re.compile(r"([0-9]{1,15})\.([0-9]{1,18})", re.ASCII)


class CursorError(ValueError):
    """
    A cursor that no search gave.
    """


def records_view(engine: Engine, wanted: Wanted, cursor: str | None, limit: int = PER_PAGE) -> Run:
    """
    Records from the latest call on.

    Raises:
        CursorError: the cursor is none.
    """
    found = search(engine, wanted, None if cursor is None else read_cursor(cursor), limit + 1)
    shown = found[:limit]
    following = write_cursor(place_of(shown[-1])) if len(found) > limit else None
    return Run("records", COLUMNS, [row_of(record) for record in shown], following, limit)


def records_pages(engine: Engine, wanted: Wanted) -> Iterator[list[Row]]:
    """
    All records that are wanted, a few thousand at a time, each time asked anew: no transaction stays open meanwhile.
    """
    after: Place | None = None
    while True:
        found = search(engine, wanted, after, PIECE)
        if found:
            yield [row_of(record) for record in found]
        if len(found) < PIECE:
            return
        after = place_of(found[-1])


def row_of(record: Record) -> Row:
    """
    A record as it is shown: times in seconds, with a point in them where there must be one.
    """
    return {
        "call_id": record.call_id,
        "number": record.number,
        "cli": record.cli,
        "account": record.account,
        "card": record.card,
        "carrier": record.carrier,
        "start": _seconds(record.start_ms),
        "duration": None if record.duration_ms is None else _seconds(record.duration_ms),
        "pdd_ms": record.pdd_ms,
        "sip_code": record.sip_code,
        "sip_reason": record.sip_reason,
        "q850": record.q850,
    }


def write_cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.start_ms}.{place.position}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Place:
    try:
        plain = base64.b64decode(f"{text}{'=' * (-len(text) % 4)}", b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        plain = ""
    match = _CURSOR.fullmatch(plain)
    if match is None:
        raise CursorError("is none that a search gave")
    return Place(int(match[1]), int(match[2]))


def _seconds(millis: int) -> int | Decimal:
    whole, part = divmod(millis, 1000)
    return Decimal(millis).scaleb(-3).normalize() if part else whole
