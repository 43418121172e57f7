"""
What softswitches write by themselves is read as it is.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest
from support.records import read, reasons

from service.manage.cdr_intake import IntakeError
from service.store.records import Record

INVITE = {
    "time": 1_790_000_000,
    "method": "INVITE",
    "from_tag": "as58f4201b",
    "to_tag": "7a2c",
    "callid": "12013223@203.0.113.7",
    "sip_code": "404",
    "sip_reason": "Not Found",
    "src_user": "442079460000",
    "src_domain": "switch.example",
    "src_ip": "203.0.113.7",
    "dst_ouser": "+441132456789",
    "dst_user": "9001441132456789",
    "dst_domain": "gw.carrier-a.example",
}
"""A failed call as Kamailio's acc_json has it, with the extras of the configuration that it comes with."""

CHANNEL = {
    "uuid": "7f6f7f0a-0f0f-4a11-9a3f-0c7c8b1d2e3f",
    "sip_call_id": "12013223@203.0.113.7",
    "sip_gateway_name": "carrier-a",
    "start_uepoch": "1790000000123456",
    "start_epoch": "1790000000",
    "answer_uepoch": "1790000004000000",
    "billsec": "37",
    "billmsec": "37480",
    "progressmsec": "1200",
    "progress_mediamsec": "900",
    "hangup_cause": "NORMAL_CLEARING",
    "hangup_cause_q850": "16",
    "sip_term_status": "200",
}
PROFILE = {"caller_id_number": "442079460000", "destination_number": "+441132456789"}
UNANSWERED = {"answer_uepoch": "0", "billsec": "0", "billmsec": "0", "hangup_cause_q850": "1"}

MASTER = [
    "acme", "442079460000", "441132456789", "out", '"Bob" <442079460000>', "PJSIP/100-0000001a",
    "PJSIP/carrier-a-0000001b", "Dial", "PJSIP/441132456789@carrier-a,60", "2026-09-21 14:13:20", "2026-09-21 14:13:24",
    "2026-09-21 14:14:01", "41", "37", "ANSWERED", "DOCUMENTATION", "1790000000.26", "",
]  # fmt: skip


def one(document: Any, shape: str | None = None) -> Record:
    taken, tally, intake = read(json.dumps(document).encode(), shape=shape)
    assert intake.shape != "ratedip"
    assert len(taken) == 1, reasons(tally)
    return taken[0]


def switch(*flow: dict[str, str], **variables: str) -> dict[str, Any]:
    """
    A document as mod_json_cdr writes it.
    """
    parts = [{"profile_index": "1", "caller_profile": part} for part in flow or (PROFILE,)]
    said = {name: quote(value) for name, value in (CHANNEL | variables).items()}
    return {"core-uuid": "x", "channel_data": {"state": "CS_REPORTING"}, "variables": said, "callflow": parts}


def line(*changes: tuple[int, str], cells: int = 18) -> bytes:
    """
    A line of Master.csv; numbers and a missing answer stand without quotes.
    """
    row = list(MASTER)
    for place, value in changes:
        row[place] = value
    written = (f'"{c}"' if not c.isdigit() or n < 3 else c for n, c in enumerate(x.replace('"', '""') for x in row))
    return (",".join([*written][:cells]) + "\n").encode()


def test_a_failed_call_of_kamailio_s() -> None:
    found = one(INVITE)
    assert (found.call_id, found.number, found.cli) == ("12013223@203.0.113.7", "441132456789", "442079460000")
    assert (found.start_ms, found.sip_code, found.sip_reason) == (1_790_000_000_000, 404, "Not Found")
    assert (found.duration_ms, found.account) == (None, "acme")


def test_kamailio_writes_times_in_four_ways_and_callers_as_they_call_themselves() -> None:
    assert one(INVITE | {"time": 1790000000.25}).start_ms == 1_790_000_000_250
    assert one(INVITE | {"time": "2026-09-21 14:13:20"}).start_ms == 1_790_000_000_000
    assert one(INVITE | {"src_user": "alice"}).cli == ""


def test_a_dialog_of_kamailio_s_was_answered() -> None:
    dialog = {
        "start_time": "1790000000.125",
        "end_time": "1790000037.625",
        "duration": "37.500",
        "callid": "d@x",
        "number": "44113",
        "carrier": "b",
    }
    found = one(dialog)
    assert (found.sip_code, found.duration_ms, found.start_ms, found.carrier) == (200, 37_500, 1_790_000_000_125, "b")


def test_what_sets_up_no_call_is_ignored_not_refused() -> None:
    events = [INVITE, *({**INVITE, "method": method, "sip_code": "200"} for method in ("BYE", "ACK", "CANCEL"))]
    taken, tally, _ = read("\n".join(map(json.dumps, events)).encode())
    assert (len(taken), tally.ignored, tally.refused) == (1, 3, 0)


def test_an_answered_call_of_freeswitch_s() -> None:
    found = one(switch())
    assert (found.call_id, found.number, found.cli) == ("12013223@203.0.113.7", "441132456789", "442079460000")
    assert (found.start_ms, found.duration_ms, found.pdd_ms) == (1_790_000_000_123, 37_480, 900)
    assert (found.sip_code, found.q850, found.carrier) == (200, 16, "carrier-a")


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"sip_invite_failure_status": "404", "sip_term_status": "487"}, 404),
        ({"last_bridge_proto_specific_hangup_cause": "sip:486", "sip_term_status": ""}, 486),
        ({"proto_specific_hangup_cause": "sip:484", "last_bridge_proto_specific_hangup_cause": "sip:486"}, 484),
        ({"sip_term_status": "603"}, 603),
        ({"sip_term_status": ""}, 404),
        ({"sip_term_status": "", "hangup_cause_q850": "17"}, 486),
    ],
)
def test_the_final_answer_to_a_call_nobody_took(variables: dict[str, str], code: int) -> None:
    """
    The surest that there is; where there is none, what the cause stands for.
    """
    assert one(switch(**UNANSWERED | variables)).sip_code == code


def test_a_transferred_call_of_freeswitch_s_has_the_number_that_was_dialled_first() -> None:
    assert one(switch({"destination_number": "1001", "caller_id_number": "x"}, PROFILE)).number == "441132456789"
    old = switch()
    old["callflow"] = {"caller_profile": {"destination_number": "44113"}}
    assert one(old).number == "44113"
    bare = switch(sip_req_user="+44114")
    del bare["callflow"]
    assert one(bare).number == "44114"


def test_a_document_of_freeswitch_s_whose_values_are_not_encoded() -> None:
    plain = switch()
    plain["variables"] = CHANNEL | {"sip_call_id": "100%@x", "ratedip_card": "retail"}
    found = one(plain)
    assert (found.call_id, found.card) == ("100%@x", "retail")


def test_lines_of_asterisk_s() -> None:
    data = line() + line((14, "BUSY"), (13, "0"), (6, ""), (16, "1790000000.27"))
    taken, tally, intake = read(data)
    assert (intake.shape, reasons(tally)) == ("asterisk", [])
    first, second = taken
    assert (first.call_id, first.number, first.cli) == ("1790000000.26", "441132456789", "442079460000")
    assert (first.start_ms, first.duration_ms, first.sip_code) == (1_790_000_000_000, 37_000, 200)
    assert (first.carrier, second.carrier, second.sip_code, second.duration_ms) == ("carrier-a", "", 486, 0)


@pytest.mark.parametrize("cells", [16, 17, 18])
def test_asterisk_writes_more_columns_or_fewer(cells: int) -> None:
    """
    Without a unique id a call is known by its channel and start.
    """
    taken, _, _ = read(line(cells=cells))
    assert taken[0].call_id == ("1790000000.26" if cells > 16 else "PJSIP/100-0000001a@2026-09-21 14:13:20")


@pytest.mark.parametrize(
    ("disposition", "code"),
    [("ANSWERED", 200), ("BUSY", 486), ("NO ANSWER", 480), ("CONGESTION", 503), ("FAILED", 500)],
)
def test_what_asterisk_says_became_of_a_call(disposition: str, code: int) -> None:
    assert read(line((14, disposition)))[0][0].sip_code == code


def test_an_extension_that_is_no_number_is_refused_with_its_line() -> None:
    taken, tally, _ = read(line((2, "s")) + line())
    assert (len(taken), reasons(tally)) == (1, ["1: number 's' is not a digit"])


def test_a_shape_can_be_forced_and_must_fit() -> None:
    event = {"callid": "a", "time": 1, "sip_code": 200, "dst_user": "44"}
    assert read(json.dumps(event).encode(), shape="kamailio")[0][0].call_id == "a"
    assert reasons(read(json.dumps(event).encode(), shape="ratedip")[1]) == ["1: 'callid' is no field of a record"]
    for data, shape in ((b"{}", "asterisk"), (b"a,b\n", "kamailio"), (b"a,b\n", "freeswitch")):
        with pytest.raises(IntakeError, match="CSV"):
            read(data, shape=shape)
