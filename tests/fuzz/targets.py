"""
What holds of each parser for any bytes, in the sentence that its function starts with.

A target raises what the parser should not have raised, or ``AssertionError`` for an answer that it should not give.
"""

import hashlib
import random
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

import httptools
from support.records import read as read_records

from ratecards.artifact import FORMAT, MAGIC, ArtifactError, verify
from ratecards.numbers import MAX_DIGITS, NumberError, normalise
from service.access.account import LIVE, Account
from service.access.directory import Directory
from service.access.identify import Door, is_marked
from service.access.keys import MAX_KEY, key_id
from service.access.networks import Networks, client_address, read_network
from service.access.tokens import Grant, read, sign
from service.errors import ApiError
from service.http.ask import instant, seconds
from service.http.bulk_ask import NUMBERS, OBJECTS, objects_reader, read_number, sniff, table_reader, text_of
from service.http.bulk_lines import BLOCK, MAX_LINE, Block, Cutter, Unpacker
from service.http.limits import check_head
from service.http.query import FORM, JSON, MAX_PARAMETERS, parse_body, parse_query
from service.http.siphon import parse_siphon
from service.manage.cdr_intake import IntakeError
from service.manage.cdr_shapes import SHAPES
from service.quota.meters import Meters

Target = Callable[[bytes], None]
SECRET = "what these tokens are signed with, and no others"
NOW = 1_800_000_000
LISTS = frozenset({"number", "type"})
PARAMETERS = frozenset({"number", "cli", "card", "duration", "at"})


def text_from(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def number(data: bytes) -> None:
    """
    A dialled string is 1 to 15 digits that stay as they are when read again, or refused in words without the number.
    """
    dialled = text_from(data)
    try:
        digits = normalise(dialled)
    except NumberError as error:
        assert is_a_line(str(error))  # noqa: PT017 - that it is raised is as good as that it is not
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert 1 <= len(digits) <= MAX_DIGITS
    assert normalise(digits) == digits


def query(data: bytes) -> None:
    """
    A query is at most 64 names with a value each that mean the same when written again, or a 400 in one line.
    """
    with refusals():
        found = parse_query(data)
        assert len(found) <= MAX_PARAMETERS
        assert "" not in found
        assert parse_query(urlencode(found).encode()) == found
    with refusals():
        assert len(parse_query(data, LISTS)) <= MAX_PARAMETERS


def body(data: bytes) -> None:
    """
    A body is names and texts, whatever it says it is, or a 4xx in one line.
    """
    kinds = (FORM, JSON, b"application/json; charset=utf-8", b"text/plain", None)
    kind, rest = kinds[data[0] % len(kinds)] if data else None, data[1:]
    with refusals():
        found = parse_body(kind, rest, LISTS)
        assert all(isinstance(value, str) for value in found.values())
    with refusals():
        assert parse_siphon(JSON, rest).keys() >= {"number", "cli"}


def words(data: bytes) -> None:
    """
    A duration and an instant are numbers within what is said of them, or a 400.
    """
    text = text_from(data)
    with refusals():
        assert 0 <= seconds(text) < 10**8
    with refusals():
        assert -(10**11) < instant(text) < 10**12


def lines(data: bytes) -> None:
    """
    Lines of a bulk request are the same wherever its pieces end, and each is parameters or a 4xx in one line.
    """
    piece, text = (data[0] % 40 + 1, data[1:]) if data else (1, b"")
    parts = [text[start : start + piece] for start in range(0, len(text), piece)]
    blocks, whole = _cut(parts), _cut([text])
    assert b"".join(block.text for block in blocks) == b"".join(block.text for block in whole)
    assert all(len(block.text) <= BLOCK + MAX_LINE for block in whole)
    with refusals():
        _read_lines(b"".join(block.text for block in whole).split(b"\n"))
    unpacker = Unpacker()
    with refusals():
        for part in parts:
            assert all(len(piece) <= BLOCK for piece in unpacker.feed(part))
        unpacker.end()


def _cut(parts: list[bytes]) -> list[Block]:
    cutter = Cutter()
    return [*(block for part in parts for block in cutter.feed(part)), *cutter.end()]


def _read_lines(raw: list[bytes]) -> None:
    first = text_of(raw[0])
    kind = sniff(first)
    if kind == NUMBERS:
        one_line = read_number
    else:
        one_line = objects_reader(LISTS) if kind == OBJECTS else table_reader(first, PARAMETERS)
    for line in raw[1:]:
        with refusals():
            assert all(isinstance(value, str) for value in one_line(text_of(line)).values())


def credential(data: bytes) -> None:
    """
    Nothing but a key that was made is a key, nothing but a token that was signed is one, and neither look raises.
    """
    text = text_from(data)
    found = key_id(text)
    assert found is None or (len(text) <= MAX_KEY and found in text)
    assert read(text, SECRET, NOW) in {None, GRANT}
    assert PEOPLE.of_authorization(data, NOW) is None
    assert PEOPLE.of_authorization(b"Basic " + data, NOW) is None
    assert PEOPLE.of_token(text, NOW) is None


def head(data: bytes) -> None:
    """
    A header block that is taken has one Host at most, one coding at most, and no line end in any value.
    """
    taken = Taken()
    parser = httptools.HttpRequestParser(taken)
    with suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        parser.feed_data(data)
    if not taken.whole:
        return
    error = check_head(parser.get_http_version(), taken.url, taken.fields)
    assert error is None or error.status == 400
    is_marked("127.0.0.1", taken.fields, DOOR)
    if error is None:
        names = [name for name, _ in taken.fields]
        assert names.count(b"host") <= 1
        assert names.count(b"transfer-encoding") <= 1
        assert not any(end in value for _, value in taken.fields for end in (b"\r", b"\n", b"\0"))


def is_a_line(text: str) -> bool:
    return text.isprintable() and 0 < len(text) < 300


class Taken:
    """
    What a parser says of a head.
    """

    def __init__(self) -> None:
        self.url = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.whole = False

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.whole:
            self.fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.whole = True


def forwarded(data: bytes) -> None:
    """
    Whatever a proxy says it was asked by is an address or none, and never another's while it is not believed.
    """
    said = data.decode("latin-1")
    client_address("127.0.0.1", said, DOOR.proxies)
    client_address(said, said, DOOR.proxies)
    assert str(client_address("203.0.113.9", said, DOOR.proxies)) == "203.0.113.9"
    with suppress(ValueError):
        read_network(said)


def artifact(data: bytes) -> None:
    """
    A file that somebody sealed, whatever is in it, gives sections that lie within it, or is refused as an artifact.
    """
    with suppress(ArtifactError):
        verify(memoryview(data))
    count, rest = (data[0] % 4, data[1:]) if data else (0, b"")
    start = MAGIC + FORMAT.to_bytes(4, "little") + count.to_bytes(4, "little") + (56 + len(rest)).to_bytes(8, "little")
    whole = start + hashlib.sha256(start + rest).digest() + rest
    with suppress(ArtifactError):
        assert all(len(section) <= len(rest) for section in verify(memoryview(whole)).values())


def records(data: bytes) -> None:
    """
    Call records, in any wrapping and any shape, are records or reasons in one line.
    """
    chance = random.Random(data[:1])
    kind, shape = chance.choice([None, "csv", "ndjson", "json"]), chance.choice([None, *SHAPES])
    try:
        taken, tally, _ = read_records(data[1:], kind=kind, shape=shape, piece=chance.choice((1, 7, 64, 1 << 16)))
    except IntakeError as error:
        assert is_a_line(str(error))  # noqa: PT017
        return
    assert tally.refused >= len(tally.problems)
    assert all(problem.why.isprintable() for problem in tally.problems)
    assert all(one.number.isdigit() for one in taken)


class refusals(suppress):  # noqa: N801 - used as the function it stands for
    """
    What refuses must be a 4xx in one line.
    """

    def __init__(self) -> None:
        super().__init__(ApiError)

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        if isinstance(error, ApiError):
            assert 400 <= error.status < 500, error.reason
            assert error.reason.isprintable(), error.reason
        return isinstance(error, ApiError)


DOOR = Door(None, Networks({read_network("127.0.0.0/8"): True}))
GRANT = Grant("0123456789", frozenset({"lookup"}), NOW + 900)
TOKEN = sign(GRANT, SECRET)
PEOPLE = Directory([Account(1, "acme", "retail")], [], {read_network("198.51.100.0/24"): Account(1, "acme", "retail")},
                   SECRET, Meters(1))  # fmt: skip
assert LIVE == "live"
