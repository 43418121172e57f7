"""
The zip inside XLSX and ODS: unpacked within bounds, measured, and packed anew.

What the workbook's library gets is made of the very bytes that were measured; an archive that reads differently to
two programs gains nothing by it.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from ratecards.deck.errors import DeckError
from ratecards.deck.formats.extent import DAMAGED, check_ods, check_xlsx, errors_in
from ratecards.deck.formats.unpack import Allowance

_MAX_PARTS = 2_000
_CHUNK = 2**20
_KEPT = (".xml", ".rels", "mimetype", "workbook.bin")


@dataclass(frozen=True, slots=True)
class Workbook:
    """
    A workbook's parts, measured.

    Attributes:
        packed: a zip archive of the parts that hold text, not compressed.
        errors: places (row, column, from 0) that hold a spreadsheet's error.
    """

    packed: bytes
    errors: frozenset[tuple[int, int]]


def open_workbook(data: bytes) -> Workbook:
    """
    Take an XLSX or ODS file apart.

    Raises:
        DeckError: no workbook, a damaged one, or one too large.
    """
    parts: dict[str, bytes] = {}
    for name, part in _parts(data):
        parts.setdefault(name, part)
    _check_kind(parts)
    errors: set[tuple[int, int]] = set()
    for name, part in parts.items():
        if name == "content.xml":
            check_ods(part)
        elif name.endswith(".xml") and "xl/workbook.xml" in parts:
            check_xlsx(part)
            errors.update(errors_in(part))
    return Workbook(_packed(parts), frozenset(errors))


def _packed(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return out.getvalue()


def _parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    allowance = Allowance(len(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_PARTS:
                raise DeckError(DAMAGED)
            for entry in entries:
                if entry.filename.endswith(_KEPT):
                    yield entry.filename, _inflated(archive, entry, allowance)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError):
        raise DeckError(DAMAGED) from None


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowance: Allowance) -> bytes:
    chunks = []
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            allowance.spend(len(chunk))
            chunks.append(chunk)
    return b"".join(chunks)


def _check_kind(parts: dict[str, bytes]) -> None:
    if any(name.endswith("workbook.bin") for name in parts):
        raise DeckError("is a binary Excel file (.xlsb): save it as .xlsx")
    if "content.xml" not in parts and "xl/workbook.xml" not in parts:
        raise DeckError("is a zip archive, not a workbook: unpack it first")
