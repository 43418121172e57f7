"""
A file of any kind decks come in, told by what its bytes are and not by what its name says.
"""

from ratecards.deck.errors import DeckError
from ratecards.deck.formats.book import read_book
from ratecards.deck.formats.delimited import read_delimited
from ratecards.deck.formats.openratecard import read_document
from ratecards.deck.formats.text import as_utf8
from ratecards.deck.formats.unpack import unpack
from ratecards.deck.grid import Sheet

_UNREADABLE = {
    b"\xd0\xcf\x11\xe0": "is an old or an encrypted Excel file: save it as .xlsx without a password",
    b"%PDF": "is a PDF: ask for the table as CSV or XLSX",
    b"7z\xbc\xaf": "is a 7-Zip archive: unpack it first",
    b"Rar!": "is a RAR archive: unpack it first",
    b"\x28\xb5\x2f\xfd": "is packed with zstd: only gzip and xz are read",
    b"BZh": "is packed with bzip2: only gzip and xz are read",
}


def open_sheets(data: bytes, wanted: str | None = None) -> list[Sheet]:
    """
    Read the sheets of a file.

    Args:
        data: the file's bytes.
        wanted: the one sheet or card to read; None: all that are shown.

    Raises:
        DeckError: bytes that are no deck, with what they are instead.
    """
    data = unpack(data)
    for start, why in _UNREADABLE.items():
        if data.startswith(start):
            raise DeckError(why)
    if data.startswith(b"PK\x03\x04"):
        return read_book(data, wanted)
    text = as_utf8(data)
    start = text[:4096].lstrip()[:1]
    if not start and not text.strip():
        raise DeckError("is empty")
    if start in (b"{", b"["):
        return _wanted(read_document(text), wanted)
    if start == b"<":
        raise DeckError("is a page of HTML or XML: ask for the table as CSV or XLSX")
    return [read_delimited(text)]


def _wanted(sheets: list[Sheet], wanted: str | None) -> list[Sheet]:
    if wanted is None:
        return sheets
    found = [sheet for sheet in sheets if sheet.name == wanted]
    if not found:
        raise DeckError(f"has no card '{wanted}', only {', '.join(str(sheet.name) for sheet in sheets[:64])}")
    return found
