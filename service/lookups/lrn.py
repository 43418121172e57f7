"""
``lrn``: which switch serves a number after it was ported.
"""

from typing import Any

from ratecards.jurisdiction import Places
from ratecards.numbering.lrn import Ported
from service.errors import invalid, not_configured, unknown_number
from service.lookups.known import Asked, heard_from, no_answer, told_by
from service.lookups.loaded import check_readable, loaded_of
from service.snapshot import Snapshot

LRN = "lrn"
AUTO = "auto"


def tell_lrn(number: str, asked: Asked) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/smart.md``: as somebody who was asked says, or else as a table does.

    Args:
        number: E.164 digits.

    Raises:
        ApiError: 404 where nothing is known of the number, or nothing is there to know it; 503 where nobody answered,
            or a table cannot be read.
    """
    dipped = asked.dipped.get((LRN, number))
    if dipped is not None and dipped.fields is not None:
        return {**_fields(number, Ported(**dipped.fields), asked), **heard_from(dipped, asked)}
    tables = asked.of(LRN)
    for one in tables:
        found = one.data.find(number)
        if found is not None:
            return {**_fields(number, found, asked), **told_by(one, asked)}
    check_readable(asked.snapshot, asked.environment, LRN)
    if dipped is not None and not dipped.source:
        raise no_answer(dipped)
    raise unknown_number() if tables or dipped is not None else not_configured("no table of ported numbers is loaded")


def dip(number: str, snapshot: Snapshot, environment: str) -> str:
    """
    The location routing number to rate a call by, from the tables alone; empty: none knows the number.

    Raises:
        ApiError: 400 where no table is loaded; 503 where one cannot be read.
    """
    tables = loaded_of(snapshot, environment, LRN)
    for one in tables:
        found: Ported | None = one.data.find(number)
        if found is not None:
            return found.lrn
    check_readable(snapshot, environment, LRN)
    if not tables:
        raise invalid("lrn", f"cannot be '{AUTO}': no table of ported numbers is loaded")
    return ""


def _fields(number: str, found: Ported, asked: Asked) -> dict[str, Any]:
    places = asked.snapshot.places or Places.nanpa()
    place = None if found.state else places.place_of(found.lrn)
    jurisdiction = str(places.jurisdiction(asked.cli, found.lrn)) if asked.cli else found.jurisdiction
    return {
        "tn": number,
        "lrn": found.lrn,
        "ocn": found.ocn or None,
        "lata": found.lata or None,
        "city": found.city or None,
        "state": found.state or (place.state if place else "") or None,
        "jurisdiction": jurisdiction or None,
        "lec": found.lec or None,
        "local": found.local or None,
    }
