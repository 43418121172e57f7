"""
Compressed bytes out, never more than a deck can need.
"""

import gzip
import io
import lzma
import zlib
from collections.abc import Iterator

from ratecards.deck.errors import DeckError

MAX_BYTES = 512 * 2**20
"""Bytes a file may hold once unpacked."""

MAX_RATIO = 100
"""Times a file may grow; a price list grows 5 to 40 times, a bomb a thousand."""

RATIO_FREE = 2**20
"""Bytes that may come out whatever the ratio: a short file of equal rows is no bomb."""

_CHUNK = 2**18
_XZ_MEMORY = 128 * 2**20
_MAX_STREAMS = 1_000


class Allowance:
    """
    How many bytes may still come out of one file.
    """

    def __init__(self, packed: int) -> None:
        self._left = min(MAX_BYTES, max(RATIO_FREE, packed * MAX_RATIO))

    def spend(self, count: int) -> None:
        """
        Count bytes that came out.

        Raises:
            DeckError: more than the file may hold.
        """
        self._left -= count
        if self._left < 0:
            raise DeckError(f"unpacks to more than {MAX_RATIO} times its size or more than {MAX_BYTES >> 20} MiB")


def unpack(data: bytes) -> bytes:
    """
    Undo gzip and xz, once or one inside the other.

    Raises:
        DeckError: a damaged stream, or one that unpacks to more than :data:`MAX_BYTES` or :data:`MAX_RATIO`.
    """
    allowance = Allowance(len(data))
    for _ in range(2):
        if data.startswith(b"\x1f\x8b"):
            data = _joined(_gzip(data), "gzip", allowance)
        elif data.startswith(b"\xfd7zXZ\x00"):
            data = _joined(_xz(data), "xz", allowance)
    if len(data) > MAX_BYTES:
        raise DeckError(f"is larger than {MAX_BYTES >> 20} MiB")
    return data


def _joined(chunks: Iterator[bytes], kind: str, allowance: Allowance) -> bytes:
    parts = []
    try:
        for chunk in chunks:
            allowance.spend(len(chunk))
            parts.append(chunk)
    except (zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile):
        raise DeckError(f"is a damaged or cut {kind} file") from None
    return b"".join(parts)


def _gzip(data: bytes) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _xz(data: bytes) -> Iterator[bytes]:
    for _ in range(_MAX_STREAMS):
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
        chunk = stream.decompress(data, _CHUNK)
        while chunk or not (stream.eof or stream.needs_input):
            yield chunk
            chunk = b"" if stream.eof else stream.decompress(b"", _CHUNK)
        if not stream.eof:
            raise EOFError
        data = stream.unused_data.lstrip(b"\x00")
        if not data:
            return
    raise EOFError
