"""
Files that are there whole or not at all, also after the power went.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, content: bytes) -> None:
    """
    Put a file in place, on disk before this returns.

    Raises:
        OSError: it cannot be written; what was at the path is still there.

    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path, buffering: int = -1) -> Iterator[BinaryIO]:
    """
    A file to write that is put in place, on disk, when the block ends well.

    Raises:
        OSError: it cannot be written; what was at the path is still there.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb", buffering) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """
    Put names on disk: a rename is durable only once its folder is.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
