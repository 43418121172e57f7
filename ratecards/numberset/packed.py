"""
A list as a stream of bytes: plain, or unpacked from gzip or xz while it is read.
"""

import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ratecards.numberset.refusals import ListError

MAX_BYTES = 16 * 2**30
"""Bytes of a list once unpacked: five hundred million numbers with much beside them."""
_GZIP, _XZ = b"\x1f\x8b", b"\xfd7zXZ\x00"
_OTHERS = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}
_XZ_MEMORY = 128 * 2**20
_PIECE = 2**18
SIGNATURES = (_GZIP, _XZ, *_OTHERS)
"""How files begin that are packed, whether it is read or not."""
_DAMAGED = (zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile)


class Stream(Protocol):
    """
    What is read a piece at a time.
    """

    def read(self, size: int, /) -> bytes: ...


class Bounded:
    """
    A stream of no more than so many bytes.
    """

    def __init__(self, stream: Stream, name: str, most: int) -> None:
        self._stream = stream
        self._name = name
        self._left = most

    def read(self, size: int, /) -> bytes:
        """
        Read on.

        Raises:
            ListError: there are more bytes than there may be, or the packing is damaged.
        """
        try:
            block = self._stream.read(size)
        except _DAMAGED:
            raise ListError(f"{self._name} is damaged or cut: it cannot be unpacked") from None
        self._left -= len(block)
        if self._left < 0:
            raise ListError(f"{self._name} holds more than a list may, unpacked")
        return block


@contextmanager
def opened(path: Path, most: int = MAX_BYTES) -> Iterator[Stream]:
    """
    Open a list, whatever of gzip and xz it is packed with.

    Args:
        path: of the file; its content says how it is packed, not its name.
        most: bytes it may have once unpacked.

    Raises:
        ListError: it is packed with something else.
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        for magic, kind in _OTHERS.items():
            if start.startswith(magic):
                raise ListError(f"{path.name} is packed with {kind}: only gzip and xz are read")
        yield Bounded(_unpacked(file, start), path.name, most)


def _unpacked(file: BinaryIO, start: bytes) -> Stream:
    if start.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file)
    return _Xz(file) if start.startswith(_XZ) else file


class _Xz:
    """
    An xz file of any number of streams, whose dictionary may not be larger than memory allows; ``lzma.open`` has no
    such limit.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)

    def read(self, size: int, /) -> bytes:
        block = b""
        while not block:
            if self._stream.eof:
                rest = self._stream.unused_data.lstrip(b"\0") or self._file.read(_PIECE).lstrip(b"\0")
                if not rest:
                    return b""
                self._stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
            else:
                rest = self._file.read(_PIECE) if self._stream.needs_input else b""
                if self._stream.needs_input and not rest:
                    raise EOFError
            block = self._stream.decompress(rest, size)
        return block
