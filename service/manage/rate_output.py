"""
A file that grows piece by piece, and after any end goes on where it stood: beside it lies a journal of its pieces.

A piece is in the journal only once it is on the disk, so that what the journal does not know of is cut off, and made
again, byte for byte the same. When the last one is there, the file takes its name.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ratecards.durable import sync_folder
from service.manage.ratecards import BadValueError

FORMAT = 1
SYNC_S = 1.0
"""How much work, at the most, is done again."""
PART, JOURNAL = ".part", ".journal"


class Output:
    """
    Attributes:
        about: what is made of what, as it was when the file was begun.
        entries: what was said of each piece that is there.
    """

    def __init__(self, path: Path, journal: BinaryIO, about: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        self.about = about
        self.entries = entries
        self._path = path
        self._journal = journal
        self._said: list[dict[str, Any]] = []
        self._part = _beside(path, PART).open("r+b" if entries else "w+b")
        self._size = entries[-1]["end"] if entries else 0
        self._part.truncate(self._size)
        self._part.seek(self._size)
        self._synced_s = time.monotonic()

    def add(self, text: bytes, said: dict[str, Any]) -> None:
        """
        Add a piece, and what is to be remembered of it.
        """
        self._part.write(text)
        self._size += len(text)
        self._said.append({**said, "end": self._size})
        if time.monotonic() - self._synced_s >= SYNC_S:
            self._sync()

    def finish(self) -> None:
        """
        All is there.
        """
        self._sync()
        _beside(self._path, PART).replace(self._path)
        sync_folder(self._path.parent)
        _beside(self._path, JOURNAL).unlink()

    def forget(self) -> None:
        """
        Nothing was made: leave nothing.
        """
        for ending in (PART, JOURNAL):
            _beside(self._path, ending).unlink(missing_ok=True)

    def close(self) -> None:
        """
        Keep what was made so far, whatever ended it.
        """
        try:
            if self._said:
                self._sync()
        finally:
            self._part.close()

    def _sync(self) -> None:
        self._part.flush()
        os.fsync(self._part.fileno())
        _write(self._journal, self._said)
        self.entries += self._said
        self._said = []
        self._synced_s = time.monotonic()


@contextmanager
def output(path: Path, about: dict[str, Any], *, resume: bool) -> Iterator[Output]:
    """
    Begin a file, or go on with it.

    Args:
        about: what it is made of; a file is gone on with only where its ``same`` is as it was.

    Raises:
        BadValueError: the file is there already, was begun before, is being written, or is made of something else.
    """
    journal_path = _beside(path, JOURNAL)
    if path.exists():
        raise BadValueError("out", f"is there already: {path.name}")
    if journal_path.exists() and not resume:
        raise BadValueError("out", f"was begun before: --resume goes on with it; else remove {journal_path.name}")
    with journal_path.open("a+b") as journal:
        try:
            fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadValueError("out", "is being written by another process") from None
        known, entries = _read(journal, _beside(path, PART))
        if known is None:
            known = {"format": FORMAT, **about}
            journal.truncate(0)
            _write(journal, [known])
        elif known["format"] != FORMAT or known["same"] != about["same"]:
            raise BadValueError("out", f"was begun from something else; remove {journal_path.name} to begin anew")
        made = Output(path, journal, known, entries)
        try:
            yield made
        finally:
            made.close()
            if not made.entries:
                made.forget()


def _read(journal: BinaryIO, part: Path) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """
    What a journal knows, and is on the disk; a line that is not whole is cut off.
    """
    size = part.stat().st_size if part.exists() else 0
    journal.seek(0)
    good: list[dict[str, Any]] = []
    end = 0
    for line in journal.read().splitlines(keepends=True):
        said = _parsed(line)
        if said is None or said.get("end", 0) > size:
            break
        good.append(said)
        end += len(line)
    journal.truncate(end)
    return (good[0], good[1:]) if good else (None, [])


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        said: dict[str, Any] = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return said


def _write(journal: BinaryIO, lines: list[dict[str, Any]]) -> None:
    journal.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    journal.flush()
    os.fsync(journal.fileno())


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
