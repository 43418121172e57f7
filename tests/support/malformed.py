"""
Requests that two programs may read in two ways, each with how often it may be answered, and how.
"""

from dataclasses import dataclass

ASK = b"/api/rate.json?number=441132456789"
HOST = b"Host: a\r\n"
END = b"\r\n"
SMUGGLED = b"GET /api/rate.json?number=4930123456 HTTP/1.1\r\nHost: a\r\n\r\n"


@dataclass(frozen=True)
class Case:
    """
    Attributes:
        refused: it is answered with 4xx and closed, or closed at once; otherwise it is one good request.
    """

    raw: bytes
    refused: bool = True


def _get(fields: bytes = HOST, line: bytes = b"GET " + ASK + b" HTTP/1.1\r\n") -> bytes:
    return line + fields + END


def _post(fields: bytes, body: bytes) -> bytes:
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    return b"POST /api/rate.json HTTP/1.1\r\n" + HOST + kind + fields + END + body


_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_FORM = b"9\r\nnumber=44\r\n"
CASES = {
    "length and chunks": Case(_post(b"Content-Length: 4\r\n" + _CHUNKED, b"0\r\n\r\n" + SMUGGLED)),
    "chunks and length": Case(_post(_CHUNKED + b"Content-Length: 4\r\n", b"0\r\n\r\n" + SMUGGLED)),
    "two lengths": Case(_post(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"ab" + SMUGGLED)),
    "the same length twice": Case(_post(b"Content-Length: 9\r\nContent-Length: 9\r\n", b"number=44" + SMUGGLED)),
    "a list of lengths": Case(_post(b"Content-Length: 9, 9\r\n", b"number=44" + SMUGGLED)),
    "a signed length": Case(_post(b"Content-Length: +9\r\n", b"number=44" + SMUGGLED)),
    "a negative length": Case(_post(b"Content-Length: -1\r\n", SMUGGLED)),
    "a length beyond 64 bits": Case(_post(b"Content-Length: 99999999999999999999999\r\n", SMUGGLED)),
    "another coding": Case(_post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + SMUGGLED)),
    "chunked not last": Case(_post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + SMUGGLED)),
    "chunked twice": Case(_post(_CHUNKED + _CHUNKED, b"0\r\n\r\n" + SMUGGLED)),
    "two codings": Case(_post(b"Transfer-Encoding: identity, chunked\r\n", b"0\r\n\r\n" + SMUGGLED)),
    "a negative chunk": Case(_post(_CHUNKED, b"-1\r\na\r\n0\r\n\r\n" + SMUGGLED)),
    "a chunk beyond 64 bits": Case(_post(_CHUNKED, b"fffffffffffffffff\r\na\r\n0\r\n\r\n" + SMUGGLED)),
    "chunks ended by LF": Case(_post(_CHUNKED, b"9\nnumber=44\n0\n\n" + SMUGGLED)),
    "a chunk extension ended by LF": Case(_post(_CHUNKED, b"9;a\nnumber=44\r\n0\r\n\r\n" + SMUGGLED)),
    "head ended by LF": Case(_get().replace(b"\r\n", b"\n") + SMUGGLED),
    "one line ended by LF": Case(_get(b"Host: a\nX: b\r\n")),
    "a bare CR": Case(_get(b"Host: a\rX: b\r\n")),
    "no version": Case(_get(line=b"GET " + ASK + b"\r\n")),
    "no version and LF": Case(b"GET " + ASK + b"\nHost: a\n\n"),
    "HTTP/2.0": Case(_get(line=b"GET " + ASK + b" HTTP/2.0\r\n")),
    "NUL in a value": Case(_get(HOST + b"X: a\0b\r\n")),
    "NUL in the URL": Case(_get(line=b"GET " + ASK + b"\0 HTTP/1.1\r\n")),
    "no Host": Case(_get(b"")),
    "two Hosts": Case(_get(HOST + b"Host: b\r\n")),
    "a Host that is none": Case(_get(b"Host: a b\r\n")),
    "obs-fold": Case(_get(HOST + b"X: a\r\n b\r\n")),
    "a space before the colon": Case(_get(HOST + b"X : a\r\n")),
    "a space before the first field": Case(_get(b" " + HOST)),
    "pipelined after close": Case(_get(HOST + b"Connection: close\r\n") + SMUGGLED, refused=False),
    "a body on GET": Case(_get(HOST + b"Content-Length: %d\r\n" % len(SMUGGLED)) + SMUGGLED, refused=False),
    "a field behind the body": Case(
        _post(_CHUNKED, _FORM + b"0\r\nX-Forwarded-For: 192.0.2.1\r\nHost: b\r\n\r\n"), refused=False
    ),
    "a length behind the body": Case(_post(_CHUNKED, _FORM + b"0\r\nContent-Length: 99\r\n\r\n" + SMUGGLED)),
    "HTTP/1.0 in chunks": Case(_post(_CHUNKED, _FORM + b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0", 1) + SMUGGLED),
}
