"""
Call records as they come in: the bytes of a file or a body, piece by piece, become batches of records.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from service.manage.cdr_columns import Batch, Refusal
from service.manage.cdr_fields import Sender
from service.manage.cdr_lines import BOM, MAX_LINE, Lines
from service.manage.cdr_objects import ObjectReader
from service.manage.cdr_shapes import ASTERISK, FREESWITCH, KAMAILIO, RATEDIP
from service.manage.cdr_table import HeaderError, TableReader
from service.store.records_keep import BATCH

CSV, NDJSON, JSON = "csv", "ndjson", "json"
MAX_JSON = 8 * 1024 * 1024
"""Bytes of one JSON document, which is read whole."""


class IntakeError(ValueError):
    """
    What was sent cannot be read as records; what was read before stands.

    Attributes:
        is_too_long: in one piece; in smaller ones it could be.
    """

    def __init__(self, why: str, *, is_too_long: bool = False) -> None:
        super().__init__(why)
        self.is_too_long = is_too_long


class Intake:
    """
    Reads what one sender sends.

    Attributes:
        kind: what it is written in; None until that is known.
        only: it is a single record.
    """

    def __init__(self, sender: Sender, kind: str | None = None, shape: str | None = None) -> None:
        """
        Args:
            kind: ``csv``, ``ndjson`` or ``json``; None: as it looks.
            shape: of :data:`service.manage.cdr_shapes.SHAPES`; None: as the first record looks.
        """
        self.kind = kind
        self.only = False
        self._forced = shape
        self._head = b""
        self._lines = Lines()
        self._objects = ObjectReader(sender, shape)
        self._table = TableReader(sender, shape)

    @property
    def shape(self) -> str:
        """
        What the records look like.
        """
        return (self._table if self.kind == CSV else self._objects).shape or RATEDIP

    def feed(self, data: bytes, *, is_last: bool = False) -> Iterator[Batch]:
        """
        Read what has come in, as far as it is whole.

        Args:
            is_last: nothing more will come.

        Raises:
            IntakeError: it cannot be read.
        """
        data, self._head = self._head + data, b""
        if self.kind is None:
            self.kind = _kind_of(data, is_last=is_last)
        self._check()
        if self.kind in (CSV, NDJSON):
            yield from self._of_lines(data, is_last=is_last)
            return
        self._head = data
        if len(self._head) > MAX_JSON:
            raise IntakeError(f"one JSON document may have {MAX_JSON} bytes; send more as NDJSON", is_too_long=True)
        if is_last:
            yield from self._document(self._head.removeprefix(BOM))

    def event(self, event: dict[str, Any]) -> Batch:
        """
        Read a single record that is taken apart already.
        """
        self.kind, self.only = JSON, True
        self._check()
        return self._objects.events([event], [1])

    def _check(self) -> None:
        """
        Refuse a shape that is never written so.
        """
        if self._forced == ASTERISK and self.kind in (JSON, NDJSON):
            raise IntakeError("Asterisk writes CSV, and this is JSON")
        if self._forced in (KAMAILIO, FREESWITCH) and self.kind == CSV:
            raise IntakeError(f"the shape {self._forced} is written as JSON, and this is CSV")

    def _of_lines(self, data: bytes, *, is_last: bool) -> Iterator[Batch]:
        lines = self._lines.cut(data, is_last=is_last)
        reader = self._table if self.kind == CSV else self._objects
        try:
            for start in range(0, len(lines), BATCH):
                yield reader.lines(lines[start : start + BATCH])
        except HeaderError as error:
            raise IntakeError(str(error)) from None
        places, self._lines.too_long = self._lines.too_long, []
        if places:
            yield Batch.empty().also([Refusal(place, "", f"has more than {MAX_LINE} bytes") for place in places])

    def _document(self, content: bytes) -> Iterator[Batch]:
        if not content.strip():
            return
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise IntakeError(f"it is not JSON: {error}") from None
        self.only = not isinstance(document, list)
        events = [document] if self.only else document
        for start in range(0, len(events), BATCH):
            some = events[start : start + BATCH]
            yield self._objects.events(some, list(range(start + 1, start + 1 + len(some))))


def _kind_of(head: bytes, *, is_last: bool) -> str | None:
    """
    What content is written in, told by how it begins; None: that cannot be told yet.
    """
    text = head.removeprefix(BOM).lstrip()
    if not text or (len(head) < len(BOM) and not is_last):
        return JSON if is_last else None
    if text[:1] not in (b"{", b"["):
        return CSV
    line, newline, rest = text.partition(b"\n")
    if text[:1] == b"[" or (is_last and not rest.strip()):
        return JSON
    if not newline:
        return None if len(line) <= MAX_LINE else JSON
    try:
        return NDJSON if orjson.loads(line) is not None else JSON
    except orjson.JSONDecodeError:
        return JSON
