"""
The latest decisions of one process, in a file that every process of the node can read while it is written.
"""

import os
import struct
from pathlib import Path

from service.watch.decision import RECORD

_HEAD = struct.Struct("<8sQQQ")
"""What it is; how many records there is room for; how many were begun to be written; how many are written."""
_MAGIC = b"rdring1\n"
_COUNT = struct.Struct("<Q")
_BEGUN_AT, _WRITTEN_AT = 16, 24


class RingError(ValueError):
    """
    A file that is no ring, or not a whole one.
    """


class Ring:
    """
    The end of one process that writes.
    """

    def __init__(self, path: Path, room: int) -> None:
        """
        Make the file, for this user alone.

        Args:
            room: decisions it holds.
        """
        self.room = room
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._count = 0
        os.ftruncate(self._file, _HEAD.size + room * RECORD.size)
        os.pwrite(self._file, _HEAD.pack(_MAGIC, room, 0, 0), 0)

    def fileno(self) -> int:
        return self._file

    def add(self, records: bytes) -> None:
        """
        Write whole records over the oldest ones; in a thread, for the disk may hold it up.
        """
        records = records[-self.room * RECORD.size :]
        count = len(records) // RECORD.size
        os.pwrite(self._file, _COUNT.pack(self._count + count), _BEGUN_AT)
        place = self._count % self.room
        first = min(count, self.room - place) * RECORD.size
        self._put(place, records[:first])
        self._put(0, records[first:])
        self._count += count
        os.pwrite(self._file, _COUNT.pack(self._count), _WRITTEN_AT)

    def _put(self, place: int, records: bytes) -> None:
        if records:
            os.pwrite(self._file, records, _HEAD.size + place * RECORD.size)

    def close(self) -> None:
        os.close(self._file)


def read_ring(path: Path) -> bytes:
    """
    All whole records of a ring, the oldest first.

    Those that may have been written over while they were read are left out, so that none is half one and half another.

    Raises:
        RingError: it is none.
        OSError: it is not there.
    """
    with path.open("rb", buffering=0) as file:
        head, size = file.read(_HEAD.size), os.fstat(file.fileno()).st_size
        if len(head) < _HEAD.size:
            raise RingError("too short for a ring")
        magic, room, _, written = _HEAD.unpack(head)
        if magic != _MAGIC or room * RECORD.size != size - _HEAD.size or not room:
            raise RingError("not a ring")
        records = file.readall()
        begun = _COUNT.unpack(os.pread(file.fileno(), _COUNT.size, _BEGUN_AT))[0]
    oldest = max(0, begun - room)
    if written - oldest <= 0:
        return b""
    return _cut(records, oldest % room, written - oldest)


def _cut(records: bytes, first: int, count: int) -> bytes:
    """
    So many records from a place on, where behind the last comes the first.
    """
    start, end = first * RECORD.size, (first + count) * RECORD.size
    return records[start:end] + records[: max(0, end - len(records))]
