"""
Answers that go out as they are made: never whole in memory, and holding the account's slot until their end.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, suppress

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from service.errors import ApiError
from service.http.gzipped import takes_gzip
from service.http.respond import Headers

STREAM_S = 600.0
"""How long an answer may take, however slowly it is read."""
_LEVEL = 5
_GZIP = 31
"""zlib's number for gzip with a window of 32 KiB."""


class CutError(Exception):
    """
    What is left of an answer cannot be made; that it is not whole shows in its missing end.
    """


class Stream:
    """
    An answer in pieces, each made in a thread once the one before has gone out.
    """

    def __init__(self, content_type: bytes, pieces: Iterator[bytes], headers: Headers, *, packed: bool) -> None:
        """
        Args:
            pieces: of the body; the first may raise an ApiError.
            packed: they are compressed already.
        """
        self.headers = ((b"content-type", content_type), *headers)
        self._pieces = pieces
        self._packed = packed
        self._first: bytes | None = None
        self._held = AsyncExitStack()

    async def begin(self, accepted: str, held: AsyncExitStack) -> None:
        """
        Make the first piece, so that what can go wrong at once goes wrong before the status is sent.

        Args:
            accepted: the Accept-Encoding field.
            held: until the end.
        """
        if not self._packed:
            self.headers += ((b"vary", b"Accept, Accept-Encoding"),)
            if takes_gzip(accepted):
                self._pieces = _gzip(self._pieces)
                self.headers += ((b"content-encoding", b"gzip"),)
        self._first = await self._next()
        self._held = held.pop_all()

    async def body(self) -> AsyncGenerator[bytes, None]:
        """
        Raises:
            CutError: it goes no further.
        """
        piece = self._first
        try:
            while piece is not None:
                yield piece
                piece = await self._next()
        except ApiError as error:
            raise CutError(error.reason) from error

    async def close(self) -> None:
        """
        Let go of what was held.
        """
        await self._held.aclose()

    def sent(self) -> Response:
        """
        It, on its way out.
        """
        return Streamed(self)

    async def _next(self) -> bytes | None:
        return await asyncio.to_thread(next, self._pieces, None)


class Streamed(StreamingResponse):
    """
    A stream on its way out.
    """

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream.body())
        self.raw_headers = list(stream.headers)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Send it. The connection is closed where it does not come to its end.
        """
        try:
            with suppress(CutError, TimeoutError):
                async with asyncio.timeout(STREAM_S):
                    await super().__call__(scope, receive, send)
        finally:
            await self._stream.close()


def _gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
