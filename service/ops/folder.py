"""
The folder of compiled cards of one node: what nobody needs any more goes.
"""

import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from service.ops.joined import open_joints
from service.ops.open import mapped_digests
from service.store.needed import spare_files

SPARE_S = 3600.0
"""Younger files stay: whoever wrote them may not have said yet what for."""
_KINDS = ("card", "npa-nxx.csv", "joint", "set")
_log = logging.getLogger("ratedip.reload")


def clean(engine: Engine, folder: Path, now: float | None = None) -> list[str]:
    """
    Remove files of cards and sets that neither answer nor will, and what processes that were killed left half written.

    What only this node has stays, and so does what this process has open.

    Args:
        now: unix seconds, as the files' times are; None: now.

    Returns:
        Names of the files removed.
    """
    instant = time.time() if now is None else now
    old = {path: path.name.partition(".")[0] for path in _old(folder, instant)}
    half = {path for path, digest in old.items() if not digest}  # a hidden name is one that is being written
    cards = {digest for path, digest in old.items() if digest and path.suffix != ".joint"}
    idle = spare_files(engine, cards) - mapped_digests()
    idle |= {name for path, name in old.items() if path.suffix == ".joint"} - open_joints()
    gone = sorted(half | {path for path, digest in old.items() if digest in idle})
    for path in gone:
        _remove(path)
    if gone:
        _log.info("removed %d files that no card needs from %s", len(gone), folder.name)
    return [path.name for path in gone]


def _remove(path: Path) -> None:
    """
    A file, or a folder that somebody worked in who was killed.
    """
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _old(folder: Path, now: float) -> Iterator[Path]:
    for path in (path for kind in _KINDS for pattern in (f"*.{kind}", f".*.{kind}.*") for path in folder.glob(pattern)):
        try:
            if now - path.stat().st_mtime > SPARE_S:
                yield path
        except FileNotFoundError:  # another process of this node was first
            continue
