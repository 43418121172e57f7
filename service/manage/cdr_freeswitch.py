"""
Documents of FreeSWITCH's mod_json_cdr, with values that are URL-encoded or not.

Source: FreeSWITCH, mod_json_cdr and switch_ivr_generate_json_cdr: ``variables`` of the channel, and ``callflow``, of
which the last part is the first in time.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from service.manage.cdr_switch import SIP_OF_CAUSE, first, millis

_MARKS = ("callflow", "channel_data", "core-uuid")
_ANSWERED = "200"
_CODES = (
    "sip_invite_failure_status",
    "proto_specific_hangup_cause",
    "last_bridge_proto_specific_hangup_cause",
    "sip_term_status",
)
"""Where the final answer to an INVITE that nobody answered with 200 is found, the surest first; some say ``sip:``."""


def is_freeswitch(event: Mapping[str, Any]) -> bool:
    return isinstance(event.get("variables"), dict) and any(mark in event for mark in _MARKS)


def from_freeswitch(document: Mapping[str, Any]) -> dict[str, Any]:
    """
    The fields of a record.
    """
    said = _decoded(document.get("variables"))
    profile = _decoded(_dialled(document.get("callflow")))
    is_answered = first(said, "answer_uepoch", "answer_epoch").strip("0") != ""
    return {
        "call_id": first(said, "sip_call_id", "call_uuid", "uuid"),
        "number": first(profile, "destination_number") or first(said, "sip_req_user", "sip_to_user"),
        "cli": first(profile, "caller_id_number") or first(said, "sip_from_user"),
        "account": first(said, "ratedip_account"),
        "card": first(said, "ratedip_card"),
        "carrier": first(said, "ratedip_carrier", "sip_gateway_name", "sip_gateway"),
        "start": _seconds(first(said, "start_uepoch")) or first(said, "start_epoch"),
        "duration": millis(first(said, "billmsec")) or first(said, "billsec"),
        "pdd_ms": _pdd(said),
        "sip_code": _ANSWERED if is_answered else _code(said),
        "sip_reason": "" if is_answered else first(said, "sip_invite_failure_phrase"),
        "q850": first(said, "hangup_cause_q850"),
    }


def _decoded(values: Any) -> dict[str, str]:
    """
    Texts without their URL encoding; in texts that have none, nothing looks like it.
    """
    if not isinstance(values, dict):
        return {}
    return {name: unquote(value) for name, value in values.items() if isinstance(value, str)}


def _dialled(flow: Any) -> Any:
    """
    The caller's profile as the call came in, before any transfer.
    """
    part = flow[-1] if isinstance(flow, list) and flow else flow
    return part.get("caller_profile") if isinstance(part, dict) else None


def _seconds(micros: str) -> str:
    return f"{micros[:-6]}.{micros[-6:]}" if micros.isdigit() and len(micros) > 6 else ""


def _pdd(said: Mapping[str, str]) -> str:
    """
    Until the far end rings or is heard, whichever comes first; 0 is not known.
    """
    waits = [first(said, name) for name in ("progressmsec", "progress_mediamsec")]
    known = [wait for wait in waits if wait.strip("0") and wait.isascii() and wait.isdigit() and len(wait) < 10]
    return min(known, key=int, default="")


def _code(said: Mapping[str, str]) -> str:
    code = next((value.removeprefix("sip:") for value in (first(said, name) for name in _CODES) if value), "")
    if code:
        return code
    cause = first(said, "hangup_cause_q850")
    return str(SIP_OF_CAUSE.get(int(cause), "")) if cause.isascii() and cause.isdigit() and len(cause) < 4 else ""
