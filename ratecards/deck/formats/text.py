r"""
Bytes of a text file as UTF-8 with ``\n`` at the end of each line, whatever they were.
"""

import codecs
import re

from ratecards.deck.errors import DeckError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4096
_REPLACEMENT = "\ufffd"


def as_utf8(data: bytes) -> bytes:
    r"""
    Recode text as UTF-8 without a byte order mark, lines ending in ``\n``.

    UTF-8, UTF-16 and UTF-32 by their mark; UTF-16 without one by its zero bytes; else UTF-8, and where more of its
    letters are damaged than are not, Windows-1252, of which ISO-8859-1 is a part as far as letters go.

    Raises:
        DeckError: bytes that are no text.
    """
    data = _decoded(data)
    if b"\x00" in data:
        raise DeckError("is no text file: it has zero bytes in it")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _decoded(data: bytes) -> bytes:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _recoded(data[len(mark) :], encoding)
    if b"\x00" in data[:_SAMPLE]:
        return _recoded(data, _by_zero_bytes(data[:_SAMPLE]))
    if data.isascii():
        return data
    text = data.decode("utf-8", errors="replace")
    damaged = text.count(_REPLACEMENT) - data.count(_REPLACEMENT.encode())
    if not damaged:
        return data
    letters = len(re.findall(r"[^\x00-\x7f]", text)) - damaged
    return (text if letters > damaged else data.decode("cp1252", errors="replace")).encode()


def _recoded(data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode()
    except UnicodeError:
        raise DeckError(f"is no text file: it starts as {encoding.upper()} and does not go on as such") from None


def _by_zero_bytes(sample: bytes) -> str:
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    return "utf-16-be" if even > odd else "utf-16-le"
