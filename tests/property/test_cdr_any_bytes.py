"""
No bytes make an intake of call records do anything but give records or reasons; and a record read with thousands of
others is the same as read alone.
"""

import json
from datetime import timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.records import ACME, SAID, batch, read

from service.manage.cdr_columns import Batch, read_columns
from service.manage.cdr_fields import FIELDS, Sender
from service.manage.cdr_intake import IntakeError
from service.manage.cdr_shapes import SHAPES
from service.store.records_keep import SCHEMA

ELSEWHERE = timezone(timedelta(hours=2))
NUMBERS = st.sampled_from(
    ["441132456789", "+441132456789", "0044113", "44 113", "0113", "", "4" * 15, "4" * 16, "+", "٤٤", "44\n", "44x"]
)
CALLERS = st.one_of(NUMBERS, st.sampled_from(["anonymous", "ANONYMOUS", "alice", "alice smith", "a" * 70, "é"]))
TEXTS = st.one_of(
    st.text(max_size=8), st.sampled_from(["a@b", " a", "a ", "x" * 64, "x" * 65, "x" * 256, "a\x00", "="])
)
STARTS = st.one_of(
    st.integers(-5, 10**13),
    st.floats(0, 2e10),
    st.datetimes().map(lambda at: at.isoformat()),
    st.datetimes().map(lambda at: f"{at:%Y-%m-%d %H:%M:%S}Z"),
    st.sampled_from(
        [
            "2026-02-29T00:00:00Z",
            "2026-09-21 23:59:60",
            "2026-09-21 24:00:00",
            "1.2345678901",
            "1.",
            "",
            "0000-01-01T00:00:00Z",
        ]
    ),
)
AMOUNTS = st.one_of(
    st.integers(-2, 800),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "0", "007", "1.5", "1.500", "1.5001", "99999999.999", "1e3", True, None, [], {}, "128", "404 "]
    ),
)
KINDS = {
    "number": NUMBERS,
    "cli": CALLERS,
    "start": STARTS,
    "account": st.sampled_from(["", "acme", "other", "x", None]),
}
AMOUNT_FIELDS = {"duration", "pdd_ms", "sip_code", "q850"}
RECORDS = st.fixed_dictionaries(
    {},
    optional={name: KINDS.get(name, AMOUNTS if name in AMOUNT_FIELDS else TEXTS) for name in FIELDS},
).map(lambda changes: SAID | changes)
SENDERS = st.sampled_from(
    [
        ACME,
        Sender("test", "acme", {"acme": None, "other": None}),
        Sender("live", "acme", {"acme": None}, ELSEWHERE),
        Sender("live", "acme", {"acme": None}, any_caller=True),
    ]
)


def told(batch_read: Batch) -> tuple[Any, ...]:
    refused = sorted((one.place, one.name, one.why) for one in batch_read.refusals)
    return batch_read.rows.rows(), batch_read.places, refused


@settings(deadline=None, max_examples=200)
@given(st.lists(RECORDS, min_size=1, max_size=8), SENDERS)
def test_reading_by_the_column_is_reading_one_by_one(said: list[dict[str, Any]], sender: Sender) -> None:
    columns = {name: [one.get(name) for one in said] for name in FIELDS}
    places = list(range(1, len(said) + 1))
    quick = read_columns(columns, places, sender)
    assert told(quick) == told(read_columns(columns, places, sender, plain=False))
    assert quick.rows.schema == batch().schema
    assert len(quick.places) + len(quick.refusals) == len(said)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=5, unique=True), RECORDS)
def test_fields_that_nobody_names_are_not_known(names: list[str], said: dict[str, Any]) -> None:
    columns = {name: [said[name]] for name in names}
    assert told(read_columns(columns, [1], ACME)) == told(read_columns(columns, [1], ACME, plain=False))


NAMES = st.sampled_from([*FIELDS, "variables", "callflow", "callid", "time", "start_time", "uuid"])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
PIECES = (
    b"call_id,number,start,sip_code", b"a,44,1,200", b'"', b",", b"\n", b"\r", b"{", b'{"callid":1}', b"\xef\xbb\xbf",
    b"\x00", b"ANSWERED", b"," * 14 + b"BUSY,",
)  # fmt: skip
JUNK = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.lists(st.sampled_from(PIECES), max_size=12).map(b"\n".join),
)


@settings(deadline=None, max_examples=250)
@given(JUNK, st.sampled_from([None, "csv", "ndjson", "json"]), st.sampled_from([None, *SHAPES]), st.integers(1, 64))
def test_any_bytes_are_records_or_reasons(data: bytes, kind: str | None, shape: str | None, piece: int) -> None:
    try:
        taken, tally, _ = read(data, kind=kind, shape=shape, piece=piece)
    except IntakeError as error:
        taken, said = [], str(error)
    else:
        assert tally.refused >= len(tally.problems)
        said = "".join(problem.why for problem in tally.problems)
    assert said.isprintable()
    assert batch(*taken).schema == SCHEMA
