"""
``/api/<service>/bulk``: very many questions in one request, answered in their order while they come in.

All of a request is answered from one snapshot and for one instant.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from service.access.account import LOOKUP, Identity
from service.access.identify import identify
from service.errors import ApiError, unavailable
from service.http import ask, bulk_csv
from service.http.bulk_answer import Answering, Asked, Quick, frozen
from service.http.bulk_ask import (
    NUMBERS,
    OBJECTS,
    TABLE,
    Read,
    kind_of,
    objects_reader,
    read_number,
    sniff,
    table_reader,
    text_of,
)
from service.http.bulk_flow import Flow, Incoming, told
from service.http.bulk_lines import Block, Cutter, Unpacker
from service.http.bulk_rate import quick_rate
from service.http.query import Names, Parameters
from service.http.respond import ROUTES, Headers, Route, head_of, shown_by
from service.http.slow import Call, Service
from service.render.plain import to_json
from service.render.sheets import CSV
from service.snapshot import Desk

AT_ONCE = 16
"""Bulk requests of one process: some 30 MiB of memory each, where answers are long."""
USUAL = "ndjson"
FORMATS = ("json", USUAL, "csv")
NDJSON = b"application/x-ndjson"
_BOM = b"\xef\xbb\xbf"
_PRICED = ("number", "card", "revision", "prefix", "name", "currency", "rate", "connect_fee", "billing", "effective",
           "expires", "ttl", "jurisdiction", "lrn", "duration", "billed_seconds", "cost")  # fmt: skip
_ROUTED = ("number", "card", "ttl", "sell.revision", "sell.currency", "sell.rate", "sell.cost",
           *(f"routes.0.{name}" for name in ("card", "carrier", "revision", "prefix", "rate", "cost", "margin")),
           "routes")  # fmt: skip
_HEARD = ("code", "reason", "datetime", "age", "age_days", "action")
_SMART = ("number", "asrplus.code", "asrplus.reason", "asrplus.datetime", "asrplus.age", "tps.listed", "tps.list",
          "range.prefix", "range.country", "range.region", "range.carrier", "range.line_type", "lrn.lrn", "lrn.ocn",
          "lrn.lata", "lrn.city", "lrn.state", "hlr.mcc", "hlr.mnc", "hlr.country", "hlr.brand", "hlr.operator",
          "ping.short")  # fmt: skip


@dataclass(frozen=True)
class Bulk:
    """
    A service that can be asked in bulk.

    Attributes:
        name: of the service, as :data:`service.http.respond.ROUTES` has it.
        columns: of its answers as CSV.
        quick: defaults, identity, desk, and whether lines may be objects -> a way to answer plain numbers.
        by_number: an answer has its fields under the number; as CSV they stand beside it.
    """

    name: str
    columns: tuple[str, ...]
    quick: Callable[..., Quick | None] | None = None
    by_number: bool = False

    @property
    def route(self) -> Route:
        return ROUTES[f"/api/{self.name}.json".encode()]

    @property
    def known(self) -> Names:
        """
        What a request may say for all of its lines.
        """
        return self.route.known - {"number", "Auth"}


BULKS = (
    Bulk("rate", _PRICED, quick_rate),
    Bulk("asrplus", _HEARD),
    Bulk("lcr", _ROUTED),
    Bulk("lookup/smart", _SMART, by_number=True),
)
"""Every one there is."""


async def answer(bulk: Bulk, call: Call) -> Flow:
    """
    Begin a bulk request.
    """
    if Answering.open >= AT_ONCE:
        raise unavailable("Overloaded", 1, f"{AT_ONCE} bulk requests are being answered already")
    kind = kind_of(call.request.headers.get("content-type", ""))
    desk = frozen(call.desk)
    defaults = {name: text for name, text in call.parameters.items() if name != "Auth"}
    check_defaults(defaults, call.identity, desk)
    as_csv = call.form == "csv"
    row = bulk_csv.row_writer(bulk.columns, by_number=bulk.by_number) if as_csv else None
    known = bulk.route.known - {"Auth"}
    asked = Asked(bulk.name, bulk.route.answer, known, defaults, call.identity, desk, row)
    work = Work(bulk, call, asked, kind)
    pieces = told(work.pieces(), work.last)
    headers = revision_of(bulk, asked)
    if as_csv:
        name = f'attachment; filename="{bulk.name.replace("/", "-")}.csv"'
        headers = (*headers, (b"content-disposition", name.encode()))
    return Flow(CSV if as_csv else NDJSON, pieces, headers)


def check_defaults(defaults: Parameters, identity: Identity, desk: Desk) -> None:
    """
    Refuse at once what would be wrong in every line.

    Raises:
        ApiError: 400; 404 for a card that is not there.
    """
    if "card" in defaults:
        ask.card(defaults, identity, desk.snapshot)
    if "at" in defaults:
        ask.instant(defaults["at"])
    if "duration" in defaults:
        ask.seconds(defaults["duration"])


def revision_of(bulk: Bulk, asked: Asked) -> Headers:
    """
    Which revision answers where a line names no card.
    """
    name = asked.defaults.get("card", asked.identity.account.card)
    live = asked.desk.snapshot.cards_of(asked.identity.environment).get(name)
    if live is None or "card" not in bulk.known:
        return ()
    return ((b"ratedip-card", name.encode()), (b"ratedip-revision", b"%d" % live.revision))


class Work:
    """
    One bulk request from its first byte to its last.
    """

    def __init__(self, bulk: Bulk, call: Call, asked: Asked, kind: str | None) -> None:
        """
        Args:
            kind: what is in the body; None: as it looks.
        """
        self._bulk = bulk
        self._call = call
        self._asked = asked
        self._kind = kind
        self._incoming = Incoming(call.request)
        self._line = 1
        self._access = call.desk.snapshot.access

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """
        The answers.
        """
        answering: Answering | None = None
        start = b"" if self._asked.row is None else bulk_csv.header(self._bulk.columns)
        Answering.open += 1
        try:
            async for whole in self._blocks():
                block = whole
                if answering is None:
                    begun = self._begin(block)
                    if begun is None:
                        continue
                    answering, block = begun
                async for piece in answering.answer(block):
                    self._check()
                    yield start + piece
                    start = b""
                self._line = block.line + block.count
            if answering is None:
                raise ApiError(400, "No number", detail="send one at least")
            if start:
                yield start
        finally:
            Answering.open -= 1

    def last(self, error: ApiError) -> bytes:
        """
        The line behind the answers where the request cannot go on.
        """
        body = error.body()
        body["error"]["line"] = self._line
        return to_json(body) + b"\n" if self._asked.row is None else self._asked.row(body)

    def _begin(self, block: Block) -> tuple[Answering, Block] | None:
        """
        Find out what the lines are; None: they are all blank so far.
        """
        lines = block.text.removeprefix(_BOM).split(b"\n")
        place = next((place for place, line in enumerate(lines) if line.strip()), None)
        if place is None:
            return None
        if block.line == 1 and block.text.startswith(_BOM):
            block = Block(block.text.removeprefix(_BOM), block.line, block.count)
        first = text_of(lines[place]) if self._kind != NUMBERS else ""
        kind = self._kind or sniff(first)
        if kind == TABLE:
            block = block.split(place + 1)[1]
        plain = kind != TABLE or first.strip('"').lower() == "number"
        quick = self._bulk.quick if plain and self._asked.row is None else None
        asked = self._asked
        found = None if quick is None else quick(asked.defaults, asked.identity, asked.desk, objects=kind == OBJECTS)
        return Answering(asked, self._reader(kind, first), found), block

    def _reader(self, kind: str, first: str) -> Read:
        if kind == TABLE:
            return table_reader(first, self._asked.known)
        return objects_reader(self._bulk.route.lists) if kind == OBJECTS else read_number

    def _check(self) -> None:
        """
        Whether the client is still there, and its credential still good.
        """
        self._incoming.check()
        desk, request = self._call.desk, self._call.request
        access = desk.snapshot.access
        if access is not self._access:
            peer = request.client.host if request.client else ""
            shown = shown_by(head_of(request.scope["headers"]), self._call.parameters, peer)
            identify(access, desk.door, shown, desk.clock())
            self._access = access

    async def _blocks(self) -> AsyncIterator[Block]:
        cutter, unpacker = Cutter(), _unpacker(self._call.request.headers.get("content-encoding", ""))
        async for part in self._incoming.parts():
            for text in (part,) if unpacker is None else unpacker.feed(part):
                for block in cutter.feed(text):
                    yield block
        if unpacker is not None:
            unpacker.end()
        for block in cutter.end():
            yield block


def _unpacker(coding: str) -> Unpacker | None:
    """
    Raises:
        ApiError: 415, it is packed with something else.
    """
    if coding.strip().lower() in ("", "identity"):
        return None
    if coding.strip().lower() in ("gzip", "x-gzip"):
        return Unpacker()
    raise ApiError(415, "Unsupported Media Type", detail="of content codings, gzip alone is taken")


def _services() -> Iterator[Service]:
    for bulk in BULKS:
        work = partial(answer, bulk)
        yield Service(f"{bulk.name}/bulk", LOOKUP, ("POST",), work, bulk.known, FORMATS, raw=True, usual=USUAL)


SERVICES = tuple(_services())
"""A service for each."""
