"""
The folder in which the serving processes of a node tell each other how they are.

Each has a ring of decisions, which it holds locked for as long as it lives, and a sample of its metrics beside it,
replaced whole. Whoever finds a ring that nobody holds removes both, and keeps the counters for all to come.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from service.watch.ring import Ring, RingError, read_ring
from service.watch.sample import Sample, SampleError, counters_of, join_samples, load_sample

_RING, _SAMPLE = ".ring", ".json"
_ENDED, _LOCK = "ended.counters", "lock"
_log = logging.getLogger("ratedip.watch")


class Place:
    """
    One process's place in the folder.

    Attributes:
        worker: its name there.
    """

    def __init__(self, folder: Path, room: int) -> None:
        """
        Take a place; the first of a service begins to count from zero.

        Args:
            room: decisions the ring holds.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.worker = f"{os.getpid()}-{token_hex(3)}"
        hidden = folder / f".{self.worker}{_RING}"
        with _locked(folder):
            if not _settle(folder):
                (folder / _ENDED).unlink(missing_ok=True)
            self.ring = Ring(hidden, room)
            fcntl.flock(self.ring.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(folder / f"{self.worker}{_RING}")

    def publish(self, sample: bytes) -> None:
        """
        Replace this process's sample.
        """
        _replace(self.folder / f"{self.worker}{_SAMPLE}", sample)

    def leave(self) -> None:
        """
        Let go; what was published last stays until somebody adds it up.
        """
        self.ring.close()


def read_samples(folder: Path) -> tuple[list[Sample], Sample | None]:
    """
    Those of the processes that live, and the counters of those that no longer do.
    """
    with _locked(folder):
        live = _settle(folder)
        ended = _read(folder / _ENDED)
        samples = [_read(folder / f"{worker}{_SAMPLE}") for worker in live]
    return [sample for sample in samples if sample is not None], ended


def read_rings(folder: Path) -> dict[str, bytes]:
    """
    Records of the latest decisions of each process that lives.
    """
    found = {}
    with _locked(folder):
        live = _settle(folder)
    for worker in live:
        with suppress(OSError, RingError):  # it has ended meanwhile
            found[worker] = read_ring(folder / f"{worker}{_RING}")
    return found


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """
    One process at a time looks after the folder; whoever holds it does so for milliseconds.
    """
    file = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _settle(folder: Path) -> list[str]:
    """
    Names of the processes that live; of the others, what counts is kept and the rest removed.
    """
    names = sorted(path.name.removesuffix(_RING) for path in folder.glob(f"*{_RING}"))
    live = [name for name in names if _is_held(folder / f"{name}{_RING}")]
    over = [name for name in names if name not in live]
    if over:
        _keep_counters(folder, over)
        for name in over:
            for path in (*folder.glob(f".{name}{_SAMPLE}.*"), folder / f"{name}{_SAMPLE}", folder / f"{name}{_RING}"):
                path.unlink(missing_ok=True)
    return live


def _keep_counters(folder: Path, over: list[str]) -> None:
    """
    Add the counters of processes that ended to those that did before, each once: the ring goes last.
    """
    ended = _read(folder / _ENDED)
    added = ended.worker.split() if ended is not None else []
    samples = [_read(folder / f"{name}{_SAMPLE}") for name in over if name not in added]
    found = [counters_of(sample) for sample in samples if sample is not None]
    joined = join_samples(" ".join(over), found, ended)
    _replace(folder / _ENDED, joined.dump())


def _is_held(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _read(path: Path) -> Sample | None:
    try:
        return load_sample(path.read_bytes())
    except FileNotFoundError:
        return None
    except SampleError:
        _log.warning("%s is no sample of metrics and is passed over", path.name)
        return None


def _replace(path: Path, data: bytes) -> None:
    hidden = path.with_name(f".{path.name}.{os.getpid()}")
    file = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "wb") as half:
        half.write(data)
    hidden.replace(path)
