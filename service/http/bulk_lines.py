"""
A body of lines, however long, in blocks of whole lines: as it comes, never whole in memory.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import ApiError, standard

BLOCK = 64 * 1024
"""Bytes of a block, about: some five thousand numbers."""
MAX_LINE = 8 * 1024
"""Bytes of a line; what is longer is cut one byte behind, so that whoever reads it sees that it is too long."""
MAX_RATIO = 100
"""Times a packed body may grow; a bomb grows a thousand times, numbers two to ten."""
_FREE = 1024 * 1024
"""Bytes that any packed body may grow to."""
_GZIP = 31
"""zlib's number for gzip with a window of 32 KiB."""


@dataclass(frozen=True, slots=True)
class Block:
    """
    Whole lines, each with a line feed behind it and no carriage return.

    Attributes:
        line: number of the first one in the body, from 1.
        count: of lines, blank ones too.
    """

    text: bytes
    line: int
    count: int

    def split(self, lines: int) -> tuple["Block", "Block"]:
        """
        The first so many lines, and the others.
        """
        at = 0
        for _ in range(lines):
            at = self.text.index(b"\n", at) + 1
        first = Block(self.text[:at], self.line, lines)
        return first, Block(self.text[at:], self.line + lines, self.count - lines)


class Cutter:
    """
    Cuts what comes into blocks.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._line = 1
        self._skips = False

    def feed(self, part: bytes) -> Iterator[Block]:
        """
        Take bytes of the body; the blocks that are whole with them.
        """
        if self._skips:  # the rest of a line that is too long, up to where it ends
            _, newline, end = part.partition(b"\n")
            if not newline:
                return
            part, self._skips = b"\n" + end, False
        whole, newline, rest = part.rpartition(b"\n")
        if newline:
            whole, self._rest = self._rest + whole + newline, b""
            yield from self._blocks(whole.replace(b"\r\n", b"\n"))
        self._rest += rest
        if len(self._rest) > MAX_LINE:
            self._rest, self._skips = self._rest[: MAX_LINE + 1], True

    def end(self) -> Iterator[Block]:
        """
        What is left: a last line that no line feed ends.
        """
        if self._rest:
            yield from self._blocks(self._rest.removesuffix(b"\r") + b"\n")
            self._rest = b""

    def _blocks(self, text: bytes) -> Iterator[Block]:
        start = 0
        while start < len(text):
            end = text.find(b"\n", min(start + BLOCK, len(text) - 1)) + 1
            piece = text[start:end]
            count = piece.count(b"\n")
            yield Block(piece, self._line, count)
            self._line += count
            start = end


class Unpacker:
    """
    Unpacks gzip a little at a time, one member after the other.
    """

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)
        self._in = self._out = 0

    def feed(self, part: bytes) -> Iterator[bytes]:
        """
        Raises:
            ApiError: 400 for what is no gzip, 413 for what grows more than :data:`MAX_RATIO` times.
        """
        self._in += len(part)
        while part:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_GZIP)
            try:
                text = self._stream.decompress(part, BLOCK)
            except zlib.error:
                raise ApiError(400, "Body is no sound gzip") from None
            self._out += len(text)
            if self._out > max(_FREE, self._in * MAX_RATIO):
                raise standard(413, f"the body unpacks to more than {MAX_RATIO} times its size")
            if text:
                yield text
            part = self._stream.unconsumed_tail or self._stream.unused_data

    def end(self) -> None:
        """
        Raises:
            ApiError: 400, something is missing at the end.
        """
        if self._in and not self._stream.eof:
            raise ApiError(400, "Body is no sound gzip", detail="its end is missing")
