"""
A deck as it comes in: a form with a file, or the file alone; onto the disk as it comes, never whole in memory.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from service.errors import ApiError, invalid, missing, standard
from service.http.query import Parameters, merge, shown

MAX_DECK = 64 * 1024 * 1024
"""Bytes of a deck."""
MAX_FRAME = 64 * 1024
"""Bytes of a form besides its file."""
BODY_S = 600.0
FORM = "multipart/form-data"
FILE = "file"
_PIECE = 1024 * 1024
_LEFT_S = 3600
_MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class Bound:
    """
    What a file may be that comes in.

    Attributes:
        what: it is called.
        most: bytes it may have.
        limit_s: seconds it may take to come in.
    """

    what: str
    most: int
    limit_s: float


DECK = Bound("deck", MAX_DECK, BODY_S)


@asynccontextmanager
async def received(
    request: Request, parameters: Parameters, folder: Path, bound: Bound = DECK
) -> AsyncIterator[tuple[Path, Parameters]]:
    """
    Take in the deck of a request; it lies on the disk as long as the block runs.

    Args:
        parameters: of the query.
        folder: on whose disk.

    Returns:
        The file under the name it came with, and all parameters.

    Raises:
        ApiError: 400 for what is no such form or has no file, 408 for what takes too long, 413.
    """
    place = await asyncio.to_thread(_new_place, folder)
    try:
        yield await _in_time(request, parameters, place, bound)
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


async def _in_time(request: Request, parameters: Parameters, place: Path, bound: Bound) -> tuple[Path, Parameters]:
    try:
        async with asyncio.timeout(bound.limit_s):
            return await _receive(request, parameters, place, bound)
    except TimeoutError:
        raise standard(408, f"the {bound.what} did not come in within {bound.limit_s:g} seconds") from None


async def _receive(request: Request, parameters: Parameters, place: Path, bound: Bound) -> tuple[Path, Parameters]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length", "")
    frame = MAX_FRAME if kind == FORM else 0
    if length.isdigit() and int(length) > bound.most + frame:
        raise _too_long(bound)
    return await (_form if kind == FORM else _alone)(request, parameters, place, bound)


async def _alone(request: Request, parameters: Parameters, place: Path, bound: Bound) -> tuple[Path, Parameters]:
    """
    The body is the deck.
    """
    path = place / _file_name(parameters.get("filename", ""))
    with path.open("wb") as file:
        piece = bytearray()
        async for part in _bounded(request, bound):
            piece += part
            if len(piece) >= _PIECE:
                await asyncio.to_thread(file.write, bytes(piece))
                piece.clear()
        await asyncio.to_thread(file.write, bytes(piece))
    if not path.stat().st_size:
        raise missing(FILE)
    return path, parameters


async def _form(request: Request, parameters: Parameters, place: Path, bound: Bound) -> tuple[Path, Parameters]:
    """
    The body is a form with the deck in it, and perhaps further parameters.
    """
    parser = MultiPartParser(request.headers, _bounded(request, bound, MAX_FRAME), max_files=1, max_fields=32)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise ApiError(400, f"Invalid form: {error.message}") from None
    deck, more = None, dict(parameters)
    try:
        for name, value in form.multi_items():
            if isinstance(value, str):
                merge(more, {name: value})
            elif name == FILE:
                deck = value
            else:
                raise invalid(shown(name), f"is a file; the {bound.what} is sent as '{FILE}'")
        if deck is None:
            raise missing(FILE)
        path = place / _file_name(more.get("filename") or deck.filename or "")
        await asyncio.to_thread(_copy, deck, path)
    finally:
        await form.close()
    return path, more


def _copy(deck: UploadFile, path: Path) -> None:
    with path.open("wb") as file:
        source: BinaryIO = deck.file
        shutil.copyfileobj(source, file, _PIECE)


async def _bounded(request: Request, bound: Bound, frame: int = 0) -> AsyncGenerator[bytes, None]:
    count = 0
    async for part in request.stream():
        count += len(part)
        if count > bound.most + frame:
            raise _too_long(bound)
        yield part


def _too_long(bound: Bound) -> ApiError:
    return standard(413, f"a {bound.what} may have {bound.most} bytes")


def _file_name(name: str) -> str:
    """
    The last part of a name, as a file here may be called.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isprintable() else "_" for c in last)[-_MAX_NAME:]
    fits = kept.encode(errors="replace")[-255:].decode(errors="ignore")
    return fits if fits.strip(". ") else "deck"


def _new_place(folder: Path) -> Path:
    """
    A folder for one deck; those that a process which was killed left behind go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        if time.time() - left.stat().st_mtime > _LEFT_S:
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=folder, prefix="deck-"))
