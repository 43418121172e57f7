"""
A body read while its answer goes out: neither is ever whole in memory, and neither runs ahead of the other.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import ApiError, standard
from service.http.gzipped import takes_gzip
from service.http.respond import Headers
from service.http.stream import CutError, Stream

BULK_S = 3600.0
"""How long a bulk request may take."""
QUIET_S = 30.0
"""How long a client may neither send nor read."""
AHEAD = 1024 * 1024
"""Bytes up to which a body of known length is read whole first, for clients that read only when all is sent."""
_LEVEL = 1
_GZIP = 31


class Incoming:
    """
    The body of a request, and whether its client is still there.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        # ASGI tells of a client that went only behind all that it sent; uvicorn's side of the request knows at once.
        self._cycle = getattr(request.receive, "__self__", None)

    async def parts(self) -> AsyncIterator[bytes]:
        """
        Raises:
            ApiError: 408, nothing came for too long.
            ClientDisconnect: the client is gone.
        """
        length = self._request.headers.get("content-length", "")
        if length.isdigit() and int(length) <= AHEAD:
            yield b"".join([part async for part in self._received()])
        else:
            async for part in self._received():
                yield part

    def check(self) -> None:
        """
        Raises:
            ClientDisconnect: the client is gone.
        """
        if getattr(self._cycle, "disconnected", False):
            raise ClientDisconnect

    async def _received(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            try:
                async with asyncio.timeout(QUIET_S):
                    message = await self._request.receive()
            except TimeoutError:
                raise standard(408, f"nothing came within {QUIET_S:g} seconds") from None
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = bool(message.get("more_body"))
            if message.get("body"):
                yield message["body"]


class Flow(Stream):
    """
    An answer made piece by piece on the loop, beside the body it answers.
    """

    def __init__(self, content_type: bytes, pieces: AsyncGenerator[bytes, None], headers: Headers) -> None:
        super().__init__(content_type, iter(()), headers, packed=False)
        self._made = pieces

    async def begin(self, accepted: str, held: AsyncExitStack) -> None:
        held.push_async_callback(self._made.aclose)
        self.headers += ((b"vary", b"Accept, Accept-Encoding"),)
        if takes_gzip(accepted):
            self._made = _packed(self._made)
            held.push_async_callback(self._made.aclose)
            self.headers += ((b"content-encoding", b"gzip"),)
        self._first = await anext(self._made, None)
        self._held = held.pop_all()

    async def body(self) -> AsyncGenerator[bytes, None]:
        if self._first is not None:
            yield self._first
            async for piece in self._made:
                yield piece

    def sent(self) -> Response:
        return Sent(self)


class Sent(Response):
    """
    A flow on its way out.
    """

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.raw_headers = list(flow.headers)
        self._flow = flow

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """
        Send it. The connection is closed where it does not come to its end.
        """
        try:
            with suppress(CutError, TimeoutError, ClientDisconnect):
                async with asyncio.timeout(BULK_S):
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                    async for piece in self._flow.body():
                        async with asyncio.timeout(QUIET_S):
                            await send({"type": "http.response.body", "body": piece, "more_body": True})
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._flow.close()


async def _packed(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """
    In gzip, what is there so far with each piece.
    """
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    async for piece in pieces:
        yield await asyncio.to_thread(_pack, packer, piece)
    yield packer.flush()


def _pack(packer: "zlib._Compress", piece: bytes) -> bytes:
    return packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)


async def told(pieces: AsyncGenerator[bytes, None], last: Callable[[ApiError], bytes]) -> AsyncGenerator[bytes, None]:
    """
    The same pieces; an error behind the first of them, when the status has been sent, is told in a line of its own.

    Args:
        last: writes that line.

    Raises:
        CutError: it goes no further.
    """
    begun = False
    try:
        async for piece in pieces:
            begun = True
            yield piece
    except ApiError as error:
        if not begun:
            raise
        yield last(error)
        raise CutError(error.reason) from error
    finally:
        await pieces.aclose()
