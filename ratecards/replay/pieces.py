"""
A file of calls, however long, in pieces of a few megabytes: plain, gzip or xz.
"""

import gzip
import io
import lzma
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from ratecards.replay.columns import CallsError, Columns, need, recognise
from ratecards.replay.lines import choose_delimiter, cut

PIECE = 4 * 2**20
"""Bytes that are read at a time, and about as many are in a piece."""
MAX_LINE = 2**20
MAX_RATIO = 100
"""Times a packed file of somebody else's may grow; a bomb grows a thousand times, call records 5 to 20."""
PIECE_ROWS = 65_536
_XZ_MEMORY = 128 * 2**20
_BINARY = {
    b"PK\x03\x04": "is a workbook or a zip archive: save the calls as CSV",
    b"\xd0\xcf\x11\xe0": "is an old Excel file: save the calls as CSV",
    b"%PDF": "is a PDF",
    b"\x28\xb5\x2f\xfd": "is packed with zstd: only gzip and xz are read",
    b"BZh": "is packed with bzip2: only gzip and xz are read",
    b"\xff\xfe": "is UTF-16: save it as UTF-8",
    b"\xfe\xff": "is UTF-16: save it as UTF-8",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """
    Some rows of a file.

    Attributes:
        form: how ``rows`` are written: lines of text, or a table of texts by field.
        line: number of the first one.
        share: of the file that is read once these rows are, from 0 to 1.
        columns: where the fields stand; of NDJSON each line says so.
        delimiter: between cells of CSV.
        header: of CSV, as it stands.
    """

    form: Literal["csv", "ndjson", "table"]
    rows: bytes | pl.DataFrame
    line: int
    share: float
    columns: Columns
    delimiter: str = ","
    header: str = ""


def read_pieces(path: Path, *, trusted: bool = True) -> Iterator[Piece]:
    """
    Read a file of calls: CSV with a header, one JSON object a line, or Parquet, told apart by what the bytes are.

    Args:
        trusted: False: a packed file that grows more than :data:`MAX_RATIO` times is refused.

    Raises:
        CallsError: it is no such file, or damaged.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        if start.startswith(b"PAR1"):
            yield from _tables(path)
            return
        yield from _texts(file, _unpacked(file, start, trusted=trusted))


def _texts(file: BinaryIO, parts: Iterator[bytes]) -> Iterator[Piece]:
    size = max(os.fstat(file.fileno()).st_size, 1)
    start = next(parts, b"")
    _refuse_binary(start)
    blocks = _blocks(chain([start], parts))
    first = next(blocks, b"")
    text, line = _without_blank_lines(first.removeprefix(b"\xef\xbb\xbf"))
    if not text.strip():
        raise CallsError("is empty")
    if text[:1] == b"{":
        layout, rest = Piece("ndjson", b"", line, 0, Columns({}, 0)), text
    else:
        layout, rest = _with_header(text, line)
        line += 1
    while True:
        share = min(file.tell() / size, 1)
        yield replace(layout, rows=rest, line=line, share=share)
        line += rest.count(b"\n")
        following = next(blocks, None)
        if following is None:
            return
        rest = following


def _with_header(text: bytes, line: int) -> tuple[Piece, bytes]:
    if text[:1] in b"[<":
        raise CallsError("is one document: send CSV with a header, or one JSON object a line")
    head, _, rest = text.partition(b"\n")
    written = head.decode("utf-8", "replace")
    delimiter = choose_delimiter(written)
    header = cut(written, delimiter)
    return Piece("csv", b"", line, 0, need(recognise(header), header), delimiter, written), rest


def _without_blank_lines(text: bytes) -> tuple[bytes, int]:
    kept = text.lstrip(b" \t\r\n")
    return kept, 1 + text[: len(text) - len(kept)].count(b"\n")


def _refuse_binary(text: bytes) -> None:
    for start, why in _BINARY.items():
        if text.startswith(start):
            raise CallsError(why)
    if b"\x00" in text[:4096]:
        raise CallsError("is no text file: it has zero bytes in it")


def _blocks(parts: Iterator[bytes]) -> Iterator[bytes]:
    """
    Whole lines, without the carriage returns of some systems.
    """
    rest = b""
    for part in parts:
        whole, newline, end = part.rpartition(b"\n")
        if newline:
            yield (rest + whole + newline).replace(b"\r\n", b"\n")
            rest = end
        else:
            rest += end
        if len(rest) > MAX_LINE:
            raise CallsError(f"has a line of more than {MAX_LINE >> 20} MiB: that is no call")
    if rest:
        yield rest.rstrip(b"\r") + b"\n"


def _unpacked(file: BinaryIO, start: bytes, *, trusted: bool) -> Iterator[bytes]:
    packed = {b"\x1f\x8b": ("gzip", _gzip), b"\xfd7zXZ\x00": ("xz", _xz)}
    for magic, (kind, parts) in packed.items():
        if start.startswith(magic):
            size = os.fstat(file.fileno()).st_size
            most = None if trusted else max(PIECE, size * MAX_RATIO)
            yield from _sound(parts(file), kind, most)
            return
    while part := file.read(PIECE):
        yield part


def _sound(parts: Iterator[bytes], kind: str, most: int | None) -> Iterator[bytes]:
    count = 0
    try:
        for part in parts:
            count += len(part)
            if most is not None and count > most:
                raise CallsError(f"unpacks to more than {MAX_RATIO} times its size")
            yield part
    except (zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile):
        raise CallsError(f"is a damaged or cut {kind} file") from None


def _gzip(file: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as stream:
        while part := stream.read(PIECE):
            yield part


def _xz(file: BinaryIO) -> Iterator[bytes]:
    """
    Streams one after the other, none with more than so much memory.
    """
    data = file.read(io.DEFAULT_BUFFER_SIZE)
    while data := data.lstrip(b"\x00"):
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
        while not stream.eof:
            if part := stream.decompress(data, PIECE):
                yield part
            data = b"" if not stream.needs_input else file.read(io.DEFAULT_BUFFER_SIZE)
            if stream.needs_input and not data and not stream.eof:
                raise EOFError
        data = stream.unused_data or file.read(io.DEFAULT_BUFFER_SIZE)


def _tables(path: Path) -> Iterator[Piece]:
    """
    Parquet, its columns as texts.
    """
    try:
        source = pl.scan_parquet(path)
        schema = source.collect_schema()
        columns = need(recognise(schema.names()), schema.names())
        count = max(int(source.select(pl.len()).collect().item()), 1)
        names = {field: schema.names()[place] for field, place in columns.at.items()}
        texts = [_text(name, schema[name]).alias(field) for field, name in names.items()]
        line = 1
        for table in source.select(texts).collect_batches(chunk_size=PIECE_ROWS, maintain_order=True):
            yield Piece("table", table, line, (line + table.height) / count, columns)
            line += table.height
    except pl.exceptions.PolarsError:
        raise CallsError("is a damaged or cut Parquet file") from None


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if kind in (pl.Date, pl.Datetime):
        return column.dt.epoch("s").cast(pl.String)
    if kind == pl.Duration:
        return (column.dt.total_microseconds() / 1_000_000).cast(pl.String)
    return column.cast(pl.String, strict=False)
