"""
Events of Kamailio's accounting in JSON.

Source: Kamailio, modules acc and acc_json: the attributes of a transaction (``method``, ``callid``, ``sip_code``,
``sip_reason``, ``time``), those of a dialog (``start_time``, ``end_time``, ``duration``), and what ``acc_extra`` and
``cdr_extra`` add under names of one's own. The names read here are those of the configuration that Kamailio comes with,
and our own.
"""

from collections.abc import Mapping
from typing import Any

from service.manage.cdr_switch import first

INVITE = "INVITE"
_ANSWERED = "200"
_NUMBER = ("number", "dst_ouser", "dst_user")
_CLI = ("cli", "src_user")
_CALL = ("call_id", "callid")
_ASIDE = ("account", "card", "carrier", "pdd_ms", "q850", "sip_reason")


def is_kamailio(event: Mapping[str, Any]) -> bool:
    return "callid" in event or event.keys() >= {"start_time", "end_time", "duration"}


def from_kamailio(event: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    The fields of a record; None: the event is of a BYE or another request that sets up no call.
    """
    if first(event, "method") not in ("", INVITE):
        return None
    is_dialog = "start_time" in event
    said = {name: event[name] for name in _ASIDE if name in event}
    return said | {
        "call_id": first(event, *_CALL),
        "number": first(event, *_NUMBER),
        "cli": first(event, *_CLI),
        "start": first(event, "start", "start_time", "time"),
        "duration": first(event, "duration"),
        "sip_code": first(event, "sip_code") or (_ANSWERED if is_dialog else ""),
    }
