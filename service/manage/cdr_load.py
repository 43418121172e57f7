"""
Call records of a file, into the store; to do it again, after whatever went wrong, is right.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from service.manage.cdr_intake import Intake
from service.manage.cdr_stack import Load, Stack
from service.manage.cdr_tally import Tally
from service.store.records_keep import Kept, keep

PIECE = 512 * 1024
Step = Callable[[str, int, int], None]


class Keeping:
    """
    Keeps records in a thread of its own, while the next ones are read; at most one load at a time.
    """

    def __init__(self, engine: Engine, tally: Tally, thread: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._tally = tally
        self._thread = thread
        self._running: tuple[Load, Future[Kept]] | None = None

    def begin(self, load: Load | None) -> None:
        self.end()
        if load is not None:
            self._running = load, self._thread.submit(keep, self._engine, load.rows)

    def end(self) -> None:
        """
        Wait for what was begun.

        Raises:
            SQLAlchemyError: it was not kept.
        """
        if self._running is not None:
            (load, done), self._running = self._running, None
            self._tally.add(load.places, done.result())


def load_file(engine: Engine, intake: Intake, path: Path, progress: Step = lambda *_: None) -> Tally:
    """
    Load a file.

    Args:
        progress: called with the step, bytes done, and all bytes.

    Raises:
        IntakeError: it cannot be read as records; what was kept before stands.
    """
    stack, size, done = Stack(), path.stat().st_size, 0
    with path.open("rb") as file, ThreadPoolExecutor(1, "keep") as thread:
        keeping = Keeping(engine, stack.tally, thread)
        for piece, is_last in _pieces(file):
            for batch in intake.feed(piece, is_last=is_last):
                stack.put(batch)
                if stack.is_full:
                    keeping.begin(stack.take())
            done += len(piece)
            progress("records", min(done, size), size)
        keeping.begin(stack.take())
        keeping.end()
    return stack.tally


def _pieces(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """
    The pieces of a file, each with whether it is the last.
    """
    piece = file.read(PIECE)
    while following := file.read(PIECE):
        yield piece, False
        piece = following
    yield piece, True
