"""
What is too large is refused as soon as it is, and one request has one answer.
"""

import asyncio
from contextlib import suppress

import pytest
from support.inside import door, everything, run

from service.http.body import MAX_BODY
from service.http.limits import MAX_FIELDS, MAX_HEADERS, MAX_URL, MAX_WRAPPING

LINE = b"GET /api/rate.json?number=441132456789"
HOST = b"Host: a\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = b"POST /api/rate.json HTTP/1.1\r\n" + HOST + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
A_READ = 256_000
"""What the loop takes from the kernel at once, at most: more than that cannot be refused unread."""
SPARE = 65536


def url_of(length: int) -> bytes:
    start = b"/api/rate.json?number=44&card="
    return b"GET " + start + b"a" * (length - len(start)) + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def head_of(length: int) -> bytes:
    """
    A header block of so many bytes, from the first field to the last line end.
    """
    return LINE + b" HTTP/1.1\r\n" + HOST + b"X: " + b"a" * (length - len(HOST) - 5) + b"\r\n\r\n"


def fields_of(count: int) -> bytes:
    return LINE + b" HTTP/1.1\r\n" + HOST + b"X: 1\r\n" * (count - 1) + b"\r\n"


def body_of(length: int) -> bytes:
    head = b"POST /api/rate.json HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n" % (HOST, FORM, length)
    return head + b"number=44&card=" + b"a" * (length - 15)


@pytest.mark.parametrize(
    ("fits", "too_much", "status"),
    [
        (url_of(MAX_URL), url_of(MAX_URL + 1), 414),
        (head_of(MAX_HEADERS), head_of(MAX_HEADERS + 1), 431),
        (fields_of(MAX_FIELDS), fields_of(MAX_FIELDS + 1), 431),
        (body_of(MAX_BODY), body_of(MAX_BODY + 1), 413),
    ],
    ids=["url", "header block", "fields", "body"],
)
def test_a_size_is_allowed_and_one_more_is_refused_and_the_connection_closed(
    fits: bytes, too_much: bytes, status: int
) -> None:
    async def main() -> None:
        async with door() as place:
            answer = await place.ask(fits)
            assert answer[9:12] in {b"200", b"404", b"400"}
            assert not answer.endswith(b"<closed>")
            refused = await place.ask(too_much)
            assert refused.startswith(b"HTTP/1.1 %d" % status)
            assert b"connection: close\r\n" in refused
            assert (refused.count(b"HTTP/1.1 "), refused.endswith(b"<closed>")) == (1, True)

    run(main())


ENDLESS = {
    "url": (b"GET /", b"a" * 8192, 414, MAX_URL),
    "field": (LINE + b" HTTP/1.1\r\n" + HOST + b"X: ", b"a" * 8192, 431, MAX_URL + MAX_HEADERS),
    "fields": (LINE + b" HTTP/1.1\r\n" + HOST, b"X: 1\r\n" * 1000, 431, MAX_HEADERS),
    "chunks": (CHUNKED, b"2000\r\n" + b"a" * 8192 + b"\r\n", 413, MAX_BODY),
    "small chunks": (CHUNKED, b"1\r\na\r\n" * 1000, 413, 6 * MAX_BODY),
    "chunk extensions": (CHUNKED, b"1;" + b"a" * 8192 + b"\r\na\r\n", 400, 2 * MAX_WRAPPING),
    "one chunk extension": (CHUNKED + b"1;", b"a" * 8192, 400, 2 * MAX_WRAPPING),
    "trailer": (CHUNKED + b"1\r\na\r\n0\r\nX: ", b"a" * 8192, 400, 2 * MAX_WRAPPING),
    "trailers": (CHUNKED + b"1\r\na\r\n0\r\n", b"X: 1\r\n" * 1000, 400, 2 * MAX_WRAPPING),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_refused_soon_after_its_limit(name: str) -> None:
    """
    Seen to fail without ``_measure`` for ``field``, ``one chunk extension`` and ``trailer``: they were taken for ever.
    """
    start, part, status, limit = ENDLESS[name]

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            writer.write(start)
            with suppress(ConnectionError):
                while not reader.at_eof() and place.taken < 4 * limit + 2**22:
                    writer.write(part * 4)
                    await writer.drain()
                    await asyncio.sleep(0)
            answer = await everything(reader)
            assert place.taken <= limit + SPARE + A_READ
            assert answer.startswith(b"HTTP/1.1 %d" % status) or answer == b"<closed>"
            assert answer.count(b"HTTP/1.1 ") <= 1
            writer.transport.abort()

    run(main())


def test_a_request_that_goes_wrong_after_its_answer_gets_no_second_one() -> None:
    """
    Seen to fail without ``_is_answered``: 405, and for the same request 400.
    """

    async def main() -> None:
        async with door() as place:
            reader, writer = await place.connect()
            writer.write(CHUNKED.replace(b"/api/rate.json", b"/livez") + b"1\r\na\r\n")
            first = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"zz\r\n")
            rest = await everything(reader)
            assert first.startswith(b"HTTP/1.1 405")
            assert b"HTTP/1.1" not in rest
            assert rest.endswith(b"<closed>")

    run(main())


@pytest.mark.parametrize("field", [b"Authorization: Bearer nope", b"X-Forwarded-For: 192.0.2.1", b"Host: b"])
def test_a_field_behind_the_body_says_nothing(field: bytes) -> None:
    """
    Seen to fail with trailers among the header fields: the credential was found wrong.
    """

    async def main() -> None:
        async with door() as place:
            answer = await place.ask(CHUNKED + b"9\r\nnumber=44\r\n0\r\n" + field + b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200")

    run(main())
