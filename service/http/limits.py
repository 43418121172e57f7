"""
What a request may be: sizes, times, and the one way in which it is understood.

The parser refuses what RFC 9112 does, all but what stands here.
"""

import re

from service.errors import ApiError, standard

MAX_URL = 4096
MAX_HEADERS = 16384
MAX_FIELDS = 64
MAX_HEAD = MAX_URL + MAX_HEADERS
"""Of a head that is not yet whole: an endless line of it is told to nobody before it ends."""
MAX_WRAPPING = 65536
"""Bytes of a chunked body that are none of the body, besides as many as small chunks need."""
WRAPPING_A_BYTE = 16

IDLE_S = 15
"""Between two requests, and before the first."""
HEAD_S = 2
REQUEST_S = 5
"""From the first byte to the last; a body that is taken in as it comes may rest so long."""
HANDLER_S = 0.25
"""For a look-up that must wait for something."""
DRAIN_S = 10
"""From being told to stop to the end."""
DRAIN_IDLE_S = 2
"""While draining: who has not asked anything for so long will not miss the connection."""

Fields = list[tuple[bytes, bytes]]
_HOST = re.compile(rb"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*")
"""RFC 3986 clause 3.2.2, and a port."""


def check_head(version: str, url: bytes, fields: Fields) -> ApiError | None:
    """
    What is wrong with a head that the parser took.

    Args:
        version: ``1.1``; that of a request line without one is 0.9.
        fields: names in lower case.
    """
    if version not in {"1.0", "1.1"}:
        return standard(400, "not HTTP/1.1")
    if b"#" in url:
        return standard(400, "the URL has a fragment, which is not sent")
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        return standard(400, f"{len(hosts)} Host header fields, should be one")
    if hosts and not _HOST.fullmatch(hosts[0]):
        return standard(400, "the Host header field is not a host and port")
    codings = [value for name, value in fields if name == b"transfer-encoding"]
    if codings and (version == "1.0" or [value.lower() for value in codings] != [b"chunked"]):
        return standard(400, "Transfer-Encoding can only be chunked, and in HTTP/1.1")
    return None


def too_long_url() -> ApiError:
    return standard(414, f"the URL is longer than {MAX_URL} bytes")


def too_large_head() -> ApiError:
    return standard(431, f"more than {MAX_FIELDS} header fields or {MAX_HEADERS} bytes of them")


def is_wrapping(raw: int, body: int) -> bool:
    """
    Whether what came of a chunked body is mostly something else than the body.

    Args:
        raw: bytes that came.
        body: bytes of the body among them.
    """
    return raw > MAX_WRAPPING + WRAPPING_A_BYTE * body
