"""
Bodies, read up to their limit.
"""

import asyncio

from starlette.requests import Request

from service.errors import ApiError, standard
from service.http.limits import REQUEST_S

MAX_BODY = 1024 * 1024
_CLOSE = ((b"connection", b"close"),)
"""What is left of the body is not waited for."""


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """
    Read a body, and stop where it is too long.

    Raises:
        ApiError: 413; 408 where it takes too long.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise _too_long(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(REQUEST_S - request.scope.get("state", {}).get("spent_s", 0)):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise _too_long(limit)
    except TimeoutError:
        raise standard(408, f"the request did not come in within {REQUEST_S} seconds", _CLOSE) from None
    return bytes(body)


def _too_long(limit: int) -> ApiError:
    return standard(413, f"the body may have {limit} bytes", _CLOSE)
