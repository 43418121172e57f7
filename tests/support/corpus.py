"""
Requests, good and bad, as bytes: what both doors must answer alike.

A line is a name and the whole of what a client sends on one connection.
"""

import json
from collections.abc import Iterator
from urllib.parse import quote

HOST = "Host: switch.example"
FORMATS = ("", ".html", ".json", ".xml")

NUMBERS = {
    "plain": "441132456789",
    "plus": "%2B441132456789",
    "raw plus": "+441132456789",
    "zeros": "00441132456789",
    "written": "%2B44%20%28113%29%20245-6789",
    "dotted": "44.113.245.6789",
    "brackets": "%5B44%5D113",
    "parent": "441212345678",
    "short": "44",
    "one digit": "4",
    "no rate": "33123456789",
    "blocked": "447012345678",
    "expired": "512345",
    "expired falls back": "447712345678",
    "future falls back": "447812345678",
    "markup in name": "4930123456",
    "fifteen": "441132456789012",
    "sixteen": "4411324567890123",
    "hundred": "4" * 100,
    "empty": "",
    "space": "%20",
    "letters": "44113abc",
    "trunk": "01132456789",
    "minus": "-441132456789",
    "two plus": "%2B%2B44113",
    "comma": "44113,44114",
    "arabic": quote("٤٤١١٣"),
    "fullwidth": quote("４４１１３"),
    "superscript": quote("44²"),
    "underscore": "44_113",
    "exponent": "4e10",
    "hex": "0x44",
    "nan": "NaN",
    "newline": "44113%0A",
    "crlf": "44113%0D%0AX-Evil:%201",
    "nul": "44113%00",
    "escape": "%1B[31m44113",
    "bad escape": "44%zz",
    "cut escape": "44%4",
    "not utf-8": "44%FF",
    "overlong": "44%C0%B1",
    "surrogate": "44%ED%A0%80",
    "script": "%3Cscript%3Ealert(1)%3C/script%3E",
    "entity": "%26lt;",
    "quote": "%22",
}

QUERIES = {
    "nothing": "",
    "bare": "?",
    "only card": "?card=retail",
    "twice": "?number=44&number=49",
    "card twice": "?number=44&card=retail&card=retail",
    "own card": "?number=441132456789",
    "unknown card": "?number=44&card=nope",
    "odd card": "?number=44&card=..%2F..%2Fetc",
    "empty card": "?number=44&card=",
    "upper card": "?number=44&card=RETAIL",
    "unknown name": "?number=44&colour=red",
    "unknown long name": "?number=44&" + "x" * 200 + "=1",
    "unknown markup name": "?number=44&%3Cb%3E=1",
    "capital name": "?Number=44",
    "name without value": "?number",
    "list name": "?number[]=44&number[]=49",
    "empty pairs": "?&&number=44&&card=retail&",
    "value with equals": "?number=44&card=a=b",
    "escaped name": "?n%75mber=44113",
    "escaped ampersand": "?number=44%26card=x",
    "semicolon": "?number=44;card=retail",
    "question mark": "?number=44?",
    "hash": "?number=44#frag",
    "tab": "?number=44\t",
    "duration": "?number=441132456789&duration=37",
    "duration zero": "?number=441132456789&duration=0",
    "duration decimal": "?number=441132456789&duration=36.000001",
    "duration zeros": "?number=441132456789&duration=30.500000",
    "duration huge": "?number=441132456789&duration=99999999",
    "duration too huge": "?number=441132456789&duration=999999999",
    "duration negative": "?number=441132456789&duration=-1",
    "duration words": "?number=441132456789&duration=long",
    "duration nan": "?number=441132456789&duration=NaN",
    "duration exponent": "?number=441132456789&duration=1e3",
    "duration empty": "?number=441132456789&duration=",
    "duration arabic": "?number=441132456789&duration=" + quote("٣"),
    "duration first": "?duration=61&card=retail&number=4930123456",
    "at": "?number=441132456789&at=1400000000",
    "at before": "?number=441132456789&at=1350000000",
    "at iso": "?number=441132456789&at=2020-01-01T00:00:00Z",
    "at offset": "?number=441132456789&at=2020-01-01T00:00:00%2B02:00",
    "at date": "?number=441132456789&at=2020-01-01",
    "at space": "?number=441132456789&at=2020-01-01 00:00",
    "at no such day": "?number=441132456789&at=2020-02-30",
    "at words": "?number=441132456789&at=tomorrow",
    "at far": "?number=447812345678&at=4000000001",
    "at negative": "?number=44&at=-1",
    "at too long": "?number=44&at=123456789012",
    "cli": "?number=441132456789&cli=12125550100",
    "cli withheld": "?number=441132456789&cli=anonymous",
    "cli bad": "?number=441132456789&cli=bob",
    "lrn": "?number=441132456789&lrn=12125550100",
    "token": "?number=44&Auth=abc",
    "many": "?" + "&".join(f"a{i}=1" for i in range(100)),
    "long": "?number=44&card=" + "a" * 3000,
    "too long": "?number=" + "4" * 5000,
    "far too long": "?number=" + "4" * 10**6,
}

ROUTE_QUERIES = {
    "own card": "?number=441132456789",
    "card": "?number=441132456789&card=retail&duration=37",
    "explain": "?number=%2B441132456789&explain=1&duration=1",
    "limit": "?number=441132456789&limit=1&strategy=priority",
    "no limit": "?number=441132456789&limit=0",
    "luck": "?number=441132456789&strategy=luck",
    "exclude": "?number=441132456789&exclude=Carrier%20A",
    "all excluded": "?number=441132456789&exclude=carrier-a,carrier-b&explain=1",
    "nothing behind": "?number=441132456789&card=sdf",
    "unknown card": "?number=44&card=nope",
    "blocked": "?number=447012345678",
    "unprofitable": "?number=4930123456&explain=1",
    "no rate": "?number=33123456789",
    "at": "?number=441132456789&at=1350000000",
    "unknown name": "?number=441132456789&colour=red",
    "no number": "",
    "duration zero": "?number=441132456789&duration=0",
    "duration decimal": "?number=441132456789&duration=36.000001",
}
ABOUT = {
    "range": ("range", "?number=%2B44%20113%20245%206789"),
    "range of several": ("range", "?number[]=441132456789&number[]=12125550100,x"),
    "range of many": ("range", "?number=" + ",".join(f"4411324567{n:02}" for n in range(99))),
    "lrn without a table": ("lrn", "?number=12125550100"),
    "hlr": ("hlr", "?number=447400123456"),
    "ping": ("ping", "?number=447400123456"),
    "smart": ("lookup/smart", "?type=asrplus,tps,range,lrn,hlr,ping&number=441132456789&number=12125550100"),
    "smart of a bad number": ("lookup/smart", "?type=range&number=x"),
    "smart of a bad type": ("lookup/smart", "?type=magic&number=44"),
    "smart without a type": ("lookup/smart", "?number=44"),
    "smart unknown name": ("lookup/smart", "?type=range&number=44&card=retail"),
}
SIPHON = {
    "version": "1", "call_id": "a84b4c76", "from": "sip:+12125550100@a.example", "to": "sip:44@b.example",
    "dialed_number": "+44 113 245 6789", "source": {"ip": "192.0.2.1", "transport": "udp"},
    "attributes": {"card": "retail"},
}  # fmt: skip

PATHS = (
    "/api/lcr/siphon.xml", "/api/lcr/siphon", "/api/lcr.csv",
    "/api/rate.json/", "/api/rate.", "/api/rate.yaml", "/api/rate.csv", "/api/rate.xlsx", "/api/rate.JSON",
    "/api/rate.json.xml", "/api//rate.json", "/api/./rate.json", "/api/../api/rate.json", "/api/v1/rate.json",
    "/api/v1/rate.xml", "/api/v1/rate", "/api/v2/rate.json", "/api/nope.json", "/api/nope.xml", "/api/nope",
    "/api/<b>.html", "/api/", "/api", "/nothing", "/%61pi/rate.json", "/api/rate%2Ejson", "/api/%00.json",
    "/livez", "/readyz", "/favicon.ico", "/api/rate.html",
)  # fmt: skip

HEADERS = {
    "bearer": "Authorization: Bearer nope",
    "basic": "Authorization: Basic bm86cGU=",
    "two credentials": "Authorization: Bearer a\r\nAuthorization: Bearer b",
    "empty credential": "Authorization:",
    "keep-alive": "Connection: keep-alive",
    "close": "Connection: close",
    "upgrade": "Connection: Upgrade\r\nUpgrade: websocket",
    "gzip": "Accept-Encoding: gzip",
    "accept": "Accept: text/html",
    "cookie": "Cookie: a=b",
    "no length": "Content-Length: 0",
    "expect": "Expect: 100-continue\r\nContent-Length: 0",
    "content type": "Content-Type: application/json",
    "forwarded": "X-Forwarded-For: 1.2.3.4",
    "folded": "X-A: b\r\n c",
    "second host": "Host: other.example",
    "sixty-three": "\r\n".join(f"X-{i}: 1" for i in range(63)),
    "sixty-four": "\r\n".join(f"X-{i}: 1" for i in range(64)),
    "large": "X-A: " + "a" * 15000,
    "too large": "X-A: " + "a" * 17000,
    "no colon": "X-A",
    "space before colon": "X-A : b",
    "control": "X-A: \x01",
}

METHODS = ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "BREW", "PROPFIND")

BODIES = {
    "form": ("application/x-www-form-urlencoded", "number=%2B441132456789&duration=37"),
    "form charset": ("application/x-www-form-urlencoded; charset=utf-8", "number=441132456789"),
    "form case": ("Application/X-WWW-Form-Urlencoded", "number=441132456789"),
    "form empty": ("application/x-www-form-urlencoded", ""),
    "form twice": ("application/x-www-form-urlencoded", "number=1&number=2"),
    "form million digits": ("application/x-www-form-urlencoded", "number=" + "4" * 10**6),
    "json": ("application/json", json.dumps({"number": "+441132456789", "card": "retail", "duration": 37})),
    "json numbers": ("application/json", '{"number": 441132456789, "duration": 30.5}'),
    "json array": ("application/json", "[1]"),
    "json text": ("application/json", '"number"'),
    "json list": ("application/json", '{"number": ["44", "49"]}'),
    "json null": ("application/json", '{"number": null}'),
    "json true": ("application/json", '{"number": true}'),
    "json nan": ("application/json", '{"number": NaN}'),
    "json twice": ("application/json", '{"number": "44", "number": "49"}'),
    "json cut": ("application/json", '{"number": "44"'),
    "json empty": ("application/json", ""),
    "json deep": ("application/json", "[" * 100_000),
    "json deep object": ("application/json", '{"a":' * 50_000),
    "json escape": ("application/json", '{"number": "\\u0034\\u0034"}'),
    "json lone surrogate": ("application/json", '{"number": "\\ud800"}'),
    "json lone surrogate name": ("application/json", '{"\\ud800": "1"}'),
    "text": ("text/plain", "number=44"),
    "xml": ("application/xml", "<number>44</number>"),
    "multipart": ("multipart/form-data; boundary=x", "--x--"),
    "no type": ("", "number=44"),
}


def get(target: str, *headers: str) -> bytes:
    return "\r\n".join((f"GET {target} HTTP/1.1", HOST, *headers, "", "")).encode()


def post(target: str, kind: str, body: str) -> bytes:
    data = body.encode()
    fields = [HOST, f"Content-Length: {len(data)}", *([f"Content-Type: {kind}"] if kind else [])]
    return "\r\n".join((f"POST {target} HTTP/1.1", *fields, "", "")).encode() + data


def requests() -> Iterator[tuple[str, bytes]]:
    """
    Every request of the corpus, under a name.
    """
    for form in FORMATS:
        for name, number in NUMBERS.items():
            yield f"number {name} {form}", get(f"/api/rate{form}?number={number}&card=retail")
    for name, query in QUERIES.items():
        for form in (".json", ".xml"):
            yield f"query {name} {form}", get(f"/api/rate{form}{query}")
    for name, query in ROUTE_QUERIES.items():
        for form in FORMATS:
            yield f"lcr {name} {form}", get(f"/api/lcr{form}{query}")
    for name, (service, query) in ABOUT.items():
        for form in FORMATS:
            yield f"about {name} {form}", get(f"/api/{service}{form}{query}")
    for name in ("form", "json", "json list", "text"):
        yield f"lcr body {name}", post("/api/lcr.json", *BODIES[name])
    for name in ("json", "form", "json deep", "text", "no type"):
        yield f"siphon body {name}", post("/api/lcr/siphon.json", *BODIES[name])
    yield "siphon", post("/api/lcr/siphon.json", "application/json", json.dumps(SIPHON))
    yield "siphon by get", get("/api/lcr/siphon.json")
    for path in PATHS:
        yield f"path {path}", get(f"{path}?number=441132456789")
    for name, header in HEADERS.items():
        yield f"header {name}", get("/api/rate.json?number=441132456789&card=retail", header)
    for method in METHODS:
        yield (
            f"method {method}",
            get("/api/rate.json?number=44", "Connection: close").replace(b"GET", method.encode(), 1),
        )
    for name, (kind, body) in BODIES.items():
        for form in (".json", ".xml"):
            yield f"body {name} {form}", post(f"/api/rate{form}", kind, body)
    yield from _wire()


def _wire() -> Iterator[tuple[str, bytes]]:
    """
    What is wrong, or odd, below the request itself.
    """
    good = get("/api/rate.json?number=441132456789&card=retail")
    yield "query and body", post("/api/rate.json?number=44", *BODIES["form"])
    yield "query and body apart", post("/api/rate.json?card=retail", *BODIES["form charset"])
    yield "http 1.0", b"GET /api/rate.json?number=44 HTTP/1.0\r\n\r\n"
    yield "http 2.0", b"GET /api/rate.json?number=44 HTTP/2.0\r\nHost: a\r\n\r\n"
    yield "no version", b"GET /api/rate.json?number=44\r\n\r\n"
    yield "no host", b"GET /api/rate.json?number=44 HTTP/1.1\r\n\r\n"
    yield "bare lf", b"GET /api/rate.json?number=44 HTTP/1.1\nHost: a\n\n"
    yield "two spaces", b"GET  /api/rate.json?number=44 HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "absolute", b"GET http://a/api/rate.json?number=44 HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "asterisk", b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    yield "not http", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"
    yield "rubbish", b"\xff" * 100 + b"\r\n\r\n"
    yield "blank lines first", b"\r\n\r\n" + good
    yield "two at once", good + get("/api/rate.json?number=49&card=retail", "Connection: close")
    yield (
        "fast then slow then fast",
        good + get("/livez") + good.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n"),
    )
    yield "good then rubbish", good + b"\xff\xff\r\n\r\n"
    yield "slow then rubbish", get("/livez") + b"\xff\xff\r\n\r\n"
    yield "two lengths", b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    yield (
        "length and chunks",
        (
            b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
    )
    yield (
        "chunks",
        (
            b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n9\r\nnumber=44\r\n0\r\n\r\n"
        ),
    )
    yield "bad chunk", b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
    yield "body announced too large", b"POST /api/rate.json HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"
    yield "get with a body", b"GET /api/rate.json?number=44 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"
