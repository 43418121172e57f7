"""
Answers of slow services in gzip, for clients that take it.
"""

import asyncio
import gzip

from service.http.respond import Response

LEAST = 1024
"""Bytes; a shorter answer gains nothing."""
_ON_LOOP = 64 * 1024
_LEVEL = 5
_PACKED = (b"application/vnd.openxmlformats",)
_VARY = (b"vary", b"Accept, Accept-Encoding")


def takes_gzip(field: str) -> bool:
    """
    Whether an Accept-Encoding field lets gzip be used; RFC 9110, 12.5.3.
    """
    weights: dict[str, float] = {}
    for item in field.lower().split(","):
        name, _, more = item.partition(";")
        text = more.strip().removeprefix("q=")
        try:
            weights[name.strip()] = float(text) if more else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


async def gzipped(response: Response, accepted: str) -> Response:
    """
    The same answer, shorter; a large one is made shorter away from the loop.

    Args:
        accepted: the Accept-Encoding field.
    """
    if len(response.body) <= LEAST or response.content_type.startswith(_PACKED):
        return response
    response.headers += (_VARY,)
    if takes_gzip(accepted):
        if len(response.body) > _ON_LOOP:
            response.body = await asyncio.to_thread(gzip.compress, response.body, _LEVEL, mtime=0)
        else:
            response.body = gzip.compress(response.body, _LEVEL, mtime=0)
        response.headers += ((b"content-encoding", b"gzip"),)
    return response
