"""
A replay spread over processes: one reads the file, the others rate.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from ratecards.replay import Piece, Reading, Replay, Tally, read_calls
from service.manage.replay import Work
from service.store.catalogue import CatalogueError

_THREADS = "POLARS_MAX_THREADS"
_AHEAD = 2
"""Pieces that wait for each process, so that none waits for the reader; the memory they take is bounded."""


def spread(processes: int) -> Work:
    """
    Tally pieces in so many processes, each with one thread.
    """

    def work(sides: Replay, reading: Reading, pieces: Iterator[Piece]) -> Iterator[tuple[Tally, float]]:
        context = multiprocessing.get_context("spawn")
        with (
            _one_thread(),
            ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(sides, reading)) as pool,
        ):
            yield from _in_turn(pool, pieces, processes + _AHEAD)

    return work


def _in_turn(pool: ProcessPoolExecutor, pieces: Iterator[Piece], most: int) -> Iterator[tuple[Tally, float]]:
    waiting: deque[tuple[Future[Tally], float]] = deque()
    try:
        for piece in pieces:
            waiting.append((pool.submit(_tally, piece), piece.share))
            if len(waiting) >= most:
                done, share = waiting.popleft()
                yield done.result(), share
        for done, share in waiting:
            yield done.result(), share
    except BrokenProcessPool:
        raise CatalogueError("a process that rated calls ended; try again with fewer of them") from None


@contextmanager
def _one_thread() -> Iterator[None]:
    """
    Polars asks the environment once, when a process begins.
    """
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


_here: list[tuple[Replay, Reading]] = []


def _begin(sides: Replay, reading: Reading) -> None:
    _here[:] = [(sides, reading)]


def _tally(piece: Piece) -> Tally:
    sides, reading = _here[0]
    return sides.tally(read_calls(piece, reading))
