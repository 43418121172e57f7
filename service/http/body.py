"""
Bodies, read up to their limit.
"""

import asyncio

from starlette.requests import Request

from service.errors import standard

MAX_BODY = 1024 * 1024
BODY_S = 5


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """
    Read a body, and stop where it is too long.

    Raises:
        ApiError: 413; 408 where it takes too long.
    """
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise standard(413, f"the body may have {limit} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise standard(413, f"the body may have {limit} bytes")
    except TimeoutError:
        raise standard(408, f"the body did not come in within {BODY_S} seconds") from None
    return bytes(body)
