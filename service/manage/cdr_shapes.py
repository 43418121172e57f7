"""
The shapes that call records come in: ours, and those that switches write by themselves.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from service.manage.cdr_asterisk import is_asterisk
from service.manage.cdr_fields import FIELDS, Sender
from service.manage.cdr_freeswitch import from_freeswitch, is_freeswitch
from service.manage.cdr_kamailio import from_kamailio, is_kamailio

RATEDIP, KAMAILIO, FREESWITCH, ASTERISK = "ratedip", "kamailio", "freeswitch", "asterisk"
SHAPES = (RATEDIP, KAMAILIO, FREESWITCH, ASTERISK)


def _as_it_is(event: dict[str, Any]) -> dict[str, Any]:
    return event


SHAPES_OF_OBJECTS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    RATEDIP: _as_it_is,
    KAMAILIO: from_kamailio,
    FREESWITCH: from_freeswitch,
}
"""How a JSON object becomes the fields of a record; None: it tells of none."""


def sender_of(sender: Sender, shape: str) -> Sender:
    """
    A sender of records of a shape.
    """
    return replace(sender, any_caller=shape != RATEDIP)


def shape_of_object(event: Any) -> str:
    """
    The shape of a JSON object, told by the names in it.
    """
    if isinstance(event, dict) and is_freeswitch(event):
        return FREESWITCH
    return KAMAILIO if isinstance(event, dict) and is_kamailio(event) else RATEDIP


def shape_of_row(cells: Sequence[str]) -> str:
    """
    The shape of a CSV file, told by its first line: Asterisk writes no header.
    """
    named = {cell.strip().lower() for cell in cells} & set(FIELDS)
    return ASTERISK if not named and is_asterisk(cells) else RATEDIP
