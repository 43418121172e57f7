"""
Records come in written in many ways, in pieces of any size, and are the same records.
"""

import json
import random
from typing import Any

import pytest
from support.records import RECORD, SAID, read, reasons

from service.manage.cdr_intake import MAX_JSON, IntakeError
from service.manage.cdr_lines import MAX_LINE

NAMES = list(SAID)


def csv_of(delimiter: str = ",", *, quoted: bool = False, end: str = "\n") -> bytes:
    cells = [f'"{value}"' if quoted else str(value) for value in SAID.values()]
    return f"{delimiter.join(NAMES)}{end}{delimiter.join(cells)}{end}".encode()


WAYS = {
    "an object": json.dumps(SAID).encode(),
    "an object on many lines": json.dumps(SAID, indent=2).encode(),
    "a list": json.dumps([SAID]).encode(),
    "an object a line": json.dumps(SAID).encode() + b"\n" + json.dumps(SAID | {"call_id": "b"}).encode(),
    "a mark in front": b"\xef\xbb\xbf" + json.dumps([SAID]).encode(),
    "commas": csv_of(),
    "semicolons": csv_of(";"),
    "tabs": csv_of("\t"),
    "quotes": csv_of(quoted=True),
    "Windows": b"\xef\xbb\xbf" + csv_of(end="\r\n"),
    "capitals and spaces": csv_of().replace(b"call_id,", b" Call_ID ,", 1),
    "the last line without its end": csv_of().rstrip(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_a_record_is_the_same_however_it_is_written_and_cut(way: str, piece: int) -> None:
    taken, tally, intake = read(WAYS[way], piece=piece)
    assert taken[0] == RECORD, reasons(tally)
    assert intake.only == (way in {"an object", "an object on many lines"})


def test_cutting_many_lines_anywhere_changes_nothing() -> None:
    lines = [
        json.dumps(SAID | {"call_id": f"c{n}", "sip_reason": "é" * (n % 5)}, ensure_ascii=False) for n in range(200)
    ]
    data = "\n".join(lines).encode()
    whole = read(data)[0]
    assert len(whole) == 200
    for seed in range(8):
        assert read(data, piece=random.Random(seed).randrange(200, 4000))[0] == whole


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"number,start\n44,1\n", "the header lacks call_id, sip_code"),
        (b"call_id,number,start,sip_code,colour\n", "the header has 'colour', which is no field of a record"),
        (b"call_id,number,start,sip_code,number\n", "the header has 'number' more than once"),
        (b"{", "it is not JSON"),
        (b'[{"call_id": 1},', "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
    ],
)
def test_what_is_no_records_at_all_is_refused_as_a_whole(data: bytes, said: str) -> None:
    with pytest.raises(IntakeError, match=said):
        read(data)


def test_one_document_may_be_so_long_and_lines_of_them_may_not_end() -> None:
    with pytest.raises(IntakeError, match="NDJSON") as caught:
        read(b"[" + b" " * MAX_JSON)
    assert caught.value.is_too_long
    long = json.dumps(SAID | {"sip_reason": "x" * MAX_LINE}).encode()
    taken, tally, _ = read(b"\n".join([json.dumps(SAID).encode(), long, json.dumps(SAID).encode()]), kind="ndjson")
    assert (len(taken), reasons(tally)) == (2, [f"2: has more than {MAX_LINE} bytes"])


def test_a_line_without_end_is_never_kept() -> None:
    """
    Left out at whatever it is cut, and what follows it is read again.
    """
    data = json.dumps(SAID).encode() + b"\n" + b"x" * (3 * MAX_LINE) + b"\n" + json.dumps(SAID).encode() + b"\n"
    for piece in (1000, MAX_LINE + 1, 1 << 22):
        taken, tally, _ = read(data, kind="ndjson", piece=piece)
        assert (len(taken), tally.refused) == (2, 1)


def test_things_that_are_no_records_stand_in_nobody_s_way() -> None:
    lines: list[Any] = [SAID, 7, [], {"x": 1}, {**SAID, "call_id": "b"}, None]
    taken, tally, _ = read("\n".join(map(json.dumps, lines)).encode() + b"\n{\n")
    assert [one.call_id for one in taken] == [RECORD.call_id, "b"]
    assert [line.partition(": ")[2] for line in reasons(tally)] == [
        "is not a JSON object",
        "is not a JSON object",
        "'x' is no field of a record",
        "is not a JSON object",
        "is not JSON: unexpected end of data",
    ]


def test_an_odd_quote_spoils_its_own_line_only() -> None:
    head = b"call_id,number,start,sip_code,sip_reason\n"
    rows = b'a,44,1,200,ok\nb,44,1,404,"not\nc,44,1,486,"busy"\nd",44,1,200,"x\ne,44,1,503,x\n'
    taken, tally, _ = read(head + rows)
    assert [one.call_id for one in taken] == ["a", "c", "e"]
    assert [line[:2] for line in reasons(tally)] == ["3:", "5:"]
