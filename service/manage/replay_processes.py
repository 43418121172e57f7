"""
A replay spread over processes: one reads the file, the others rate.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from ratecards.replay import Piece, Reading, Replay, Tally, read_calls
from service.manage.replay import Work
from service.store.catalogue import CatalogueError

_THREADS = "POLARS_MAX_THREADS"
AHEAD = 2
"""Pieces that wait for each process, so that none waits for the reader; the memory they take is bounded."""

Done_co = TypeVar("Done_co", covariant=True)


class Pending(Protocol[Done_co]):
    """
    What will be done, here or elsewhere.
    """

    def result(self) -> Done_co: ...


def spread(processes: int) -> Work:
    """
    Tally pieces in so many processes, each with one thread.
    """

    def work(sides: Replay, reading: Reading, pieces: Iterator[Piece]) -> Iterator[tuple[Tally, float]]:
        with pool(processes, _begin, (sides, reading)) as workers:
            yield from in_turn(lambda piece: workers.submit(_tally, piece), pieces, processes + AHEAD)

    return work


@contextmanager
def pool(processes: int, begin: Callable[..., None], about: tuple[Any, ...]) -> Iterator[ProcessPoolExecutor]:
    """
    Processes with one thread each.

    Args:
        begin: called in each with ``about`` when it starts.
    """
    context = multiprocessing.get_context("spawn")
    with _one_thread(), ProcessPoolExecutor(processes, context, initializer=begin, initargs=about) as workers:
        yield workers


def in_turn(
    submit: Callable[[Piece], Pending[Done_co]], pieces: Iterator[Piece], most: int
) -> Iterator[tuple[Done_co, float]]:
    """
    What becomes of pieces, in their order, each with the share of the file that is read with it.

    Args:
        most: pieces that are handed out and not done, at one time.
    """
    waiting: deque[tuple[Pending[Done_co], float]] = deque()
    try:
        for piece in pieces:
            waiting.append((submit(piece), piece.share))
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
