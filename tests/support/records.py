"""
Call records for tests: one by one, as batches to keep, and as a switch sends them.
"""

from dataclasses import astuple, replace
from typing import Any

import polars as pl

from service.manage.cdr_fields import Sender
from service.manage.cdr_intake import Intake
from service.manage.cdr_stack import Stack
from service.manage.cdr_tally import Tally
from service.store.records import Record
from service.store.records_keep import SCHEMA

START_MS = 1_790_000_000_000
ACME = Sender("live", "acme", {"acme": None})
RECORD = Record(
    call_id="a84b4c76e66710@pc33.example",
    number="441132456789",
    cli="442079460000",
    account="acme",
    environment="live",
    card="retail",
    carrier="carrier-a",
    start_ms=START_MS,
    duration_ms=37_500,
    pdd_ms=1200,
    sip_code=200,
    sip_reason="OK",
    q850=16,
)
SAID = {
    "call_id": "a84b4c76e66710@pc33.example",
    "number": "441132456789",
    "cli": "442079460000",
    "account": "acme",
    "card": "retail",
    "carrier": "carrier-a",
    "start": 1_790_000_000,
    "duration": 37.5,
    "pdd_ms": 1200,
    "sip_code": 200,
    "sip_reason": "OK",
    "q850": 16,
}
"""The same as it is sent."""


def record(nth: int, /, **changes: Any) -> Record:
    """
    One of many: its call and its start are its own.
    """
    own = {"call_id": f"call-{nth}@switch.example", "start_ms": START_MS + nth}
    return replace(RECORD, **(own | changes))


def batch(*records: Record) -> pl.DataFrame:
    return pl.DataFrame([astuple(one)[:-1] for one in records], SCHEMA, orient="row")


def many(*numbers: int, **changes: Any) -> pl.DataFrame:
    return batch(*(record(number, **changes) for number in numbers))


def read(
    data: bytes, *, kind: str | None = None, shape: str | None = None, sender: Sender = ACME, piece: int = 1 << 16
) -> tuple[list[Record], Tally, Intake]:
    """
    What an intake makes of bytes that come in pieces.
    """
    intake, stack = Intake(sender, kind, shape), Stack()
    pieces = [data[start : start + piece] for start in range(0, len(data), piece)] or [b""]
    for number, one in enumerate(pieces, 1):
        for found in intake.feed(one, is_last=number == len(pieces)):
            stack.put(found)
    load = stack.take()
    return [] if load is None else [Record(*row) for row in load.rows.rows()], stack.tally, intake


def reasons(tally: Tally) -> list[str]:
    """
    What is wrong, a line each.
    """
    return [f"{told['line']}: {told['reason']}" for told in (problem.as_json() for problem in tally.problems)]
