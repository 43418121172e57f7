"""
Call records and the store, away from the loop that answers.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

import polars as pl
from sqlalchemy import Engine

from service.settings import Settings
from service.store.database import connect
from service.store.records_keep import BATCH, Kept, keep

_THREADS = ThreadPoolExecutor(2, "cdr")
_WRITER = ThreadPoolExecutor(1, "cdr-writer")
Result = TypeVar("Result")


async def aside(work: Callable[..., Result], *arguments: Any) -> Result:
    """
    Work in a thread.
    """
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)


async def ask(work: Callable[..., Result], *arguments: Any) -> Result:
    """
    Ask the store, which is the first argument of the work.
    """
    return await aside(lambda: work(engine(), *arguments))


def engine() -> Engine:
    return _engine(Settings().store_url)


@lru_cache(1)
def _engine(url: str) -> Engine:
    return connect(url)


class Writer:
    """
    Keeps the records of all requests that come at one time in one transaction, for a disk is slow once, not often.
    """

    def __init__(self, find: Callable[[], Engine] = engine) -> None:
        """
        Args:
            find: opens the store; called where records are kept.
        """
        self._find = find
        self._waiting: list[tuple[pl.DataFrame, asyncio.Future[Kept]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, rows: pl.DataFrame) -> Kept:
        """
        Keep records; on return they are on disk.

        Raises:
            SQLAlchemyError: the store does not answer; none of them is kept.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Kept] = loop.create_future()
        self._waiting.append((rows, done))
        if self._task is None:
            self._task = loop.create_task(self._run(), name="call records")
        return await done

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._flush(self._next())
        finally:
            self._task = None

    def _next(self) -> list[tuple[pl.DataFrame, asyncio.Future[Kept]]]:
        """
        Those who have waited longest, as many as go into one transaction.
        """
        height = count = 0
        for rows, _ in self._waiting:
            if count and height + rows.height > BATCH:
                break
            height, count = height + rows.height, count + 1
        some, self._waiting = self._waiting[:count], self._waiting[count:]
        return some

    async def _flush(self, some: list[tuple[pl.DataFrame, asyncio.Future[Kept]]]) -> None:
        together = pl.concat([rows for rows, _ in some])
        try:
            kept = await asyncio.get_running_loop().run_in_executor(_WRITER, lambda: keep(self._find(), together))
        except BaseException as error:
            _give_up([done for _, done in some], error)
            if not isinstance(error, Exception):
                raise
            return
        start = 0
        for rows, done in some:
            if not done.done():  # whoever waited may be gone
                done.set_result(_share(kept, start, rows.height))
            start += rows.height


def _give_up(waiting: list["asyncio.Future[Kept]"], error: BaseException) -> None:
    for done in waiting:
        if not done.done():
            done.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())


def _share(kept: Kept, start: int, height: int) -> Kept:
    """
    What became of one request's records.
    """
    repeated = [place - start for place in kept.repeated if start <= place < start + height]
    conflicting = [place - start for place in kept.conflicting if start <= place < start + height]
    return Kept(height - len(repeated) - len(conflicting), repeated, conflicting)


WRITER = Writer()
"""Of this process."""
