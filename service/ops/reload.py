"""
From what the store says to the snapshot that answers: looked for each second, and at the second of every plan.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.ops.folder import SPARE_S, clean
from service.ops.joined import may_join
from service.ops.open import artifact_path, cool
from service.ops.read import Source, load_access, load_cards, load_snapshot, places_path
from service.quota.meters import Meters
from service.snapshot import Desk, LiveCard, Snapshot
from service.store.catalogue import read_generation

__all__ = ["Follower", "artifact_path", "follow", "load_snapshot", "places_path", "refresh"]

PERIOD_S = 1.0
LEAD_S = 5.0
"""A planned change is opened so long before its time."""
LAST_LOOK_S = 0.3
"""The last look before a planned change, which may have been taken back, is so long before its time."""
RETRY_S = 8.0
"""A file that cannot be opened is tried again less and less often, but as often as this."""
CLEAN_S = 60.0
"""The folder is looked through so long after a change."""
Result = TypeVar("Result")
_log = logging.getLogger("ratedip.reload")


class Follower:
    """
    Keeps the snapshot of one process at what the store says.

    A change that is planned is opened some seconds before, beside everything else, and takes over by one assignment
    when its second comes; a store that hangs holds up neither.
    """

    def __init__(self, desk: Desk, engine: Engine, folder: Path, meters: Meters | None = None) -> None:
        """
        Args:
            desk: whose snapshot it is.
            engine: the store.
            folder: of compiled cards, on this node.
            meters: of this process.
        """
        self._desk = desk
        self._source = Source(engine, folder, meters or Meters(1))
        self._coming: Snapshot | None = None
        self._opened: Snapshot | None = None
        self._ahead: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._retry_s = 0.0
        self._tried = 0.0
        self._clean_at = time.monotonic() + CLEAN_S
        self._trouble: str | None = None

    async def run(self) -> None:
        """
        Look each second, until cancelled. A store that does not answer changes nothing, and neither does an error.
        """
        try:
            while True:
                await asyncio.sleep(self._pause_s())
                self.turn()
                try:
                    await self.look()
                    await self._clean()
                except Exception as error:  # noqa: BLE001 - who stops looking answers with old prices for ever
                    self._say(error)
                else:
                    self._say(None)
        finally:
            self._forget()

    def turn(self) -> None:
        """
        Let what was planned for this second, and is open, answer.
        """
        until = self._desk.snapshot.until
        if self._coming is None or until is None:
            return
        left = until - self._desk.clock()
        if left <= 0:
            self._use(self._coming)
        else:
            self._set_alarm(left)

    async def look(self) -> None:
        """
        Look once, away from the loop that answers.
        """
        before = self._desk.snapshot
        generation = await _aside(read_generation, self._source.engine)
        if before is self._desk.snapshot and (generation != before.generation or self._is_late() or self._may_retry()):
            await self._read(before, generation)
        self._prepare()

    async def prepared(self) -> None:
        """
        Wait until what is being opened ahead of its time is.
        """
        if self._ahead is not None:
            await self._ahead

    async def _read(self, before: Snapshot, generation: int) -> None:
        """
        Who may ask first: a revoked key does not wait for a large card.
        """
        access = await _aside(load_access, self._source, before)
        if self._desk.snapshot is not before:  # what was planned has taken over meanwhile; the next look sees the rest
            return
        self._desk.snapshot = access
        if self._coming is not None:
            self._opened, self._coming = self._coming, None
        at = self._desk.clock()
        after = await _aside(load_cards, self._source, access, generation, at, self._opened)
        if after.broken:
            self._retry_s = min(RETRY_S, self._retry_s * 2 or PERIOD_S) if after.broken == before.broken else PERIOD_S
            self._tried = time.monotonic()
        self._use(after)

    def _use(self, snapshot: Snapshot) -> None:
        self._forget()
        before, self._desk.snapshot = self._desk.snapshot, snapshot
        answering = {id(card.rendered) for card in _cards(snapshot)}
        gone = [card for card in _cards(before) if id(card.rendered) not in answering]
        if gone:
            asyncio.get_running_loop().run_in_executor(_COOLING, cool, gone)
        self._clean_at = time.monotonic() + CLEAN_S

    def _prepare(self) -> None:
        """
        Open what is planned for the seconds to come.
        """
        snapshot = self._desk.snapshot
        if self._ahead is not None:
            return
        if snapshot.until is None or snapshot.until - self._desk.clock() >= LEAD_S:
            self._forget()
        elif self._coming is None or self._coming.broken:
            self._ahead = asyncio.create_task(self._open_ahead(snapshot, snapshot.until), name="open ahead")

    async def _open_ahead(self, before: Snapshot, until: int) -> None:
        try:
            opened = self._coming or self._opened
            coming = await _aside(load_cards, self._source, before, before.generation, until, opened, on=_AHEAD)
        except Exception as error:  # noqa: BLE001 - the next look tries again
            self._say(error)
        else:
            self._opened = coming
            if self._desk.snapshot is before:
                self._coming = coming
        finally:
            self._ahead = None
        self.turn()

    def _set_alarm(self, left_s: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(left_s, self.turn)

    def _forget(self) -> None:
        """
        What was opened ahead is no longer what will answer.
        """
        self._coming = self._opened = None
        if self._alarm is not None:
            self._alarm.cancel()

    def _is_late(self) -> bool:
        """
        A planned second has come, and nobody is opening what it brings.
        """
        until = self._desk.snapshot.until
        return until is not None and self._ahead is None and self._desk.clock() >= until

    def _may_retry(self) -> bool:
        snapshot = self._desk.snapshot
        if snapshot.broken and time.monotonic() - self._tried >= self._retry_s:
            return True
        return may_join(self._source.folder, snapshot.routes.values())

    def _pause_s(self) -> float:
        until = self._desk.snapshot.until
        left = 0.0 if until is None else until - self._desk.clock() - LAST_LOOK_S
        return min(PERIOD_S, left) if left > 0 else PERIOD_S

    async def _clean(self) -> None:
        if time.monotonic() >= self._clean_at:
            self._clean_at += SPARE_S
            await _aside(clean, self._source.engine, self._source.folder)

    def _say(self, error: Exception | None) -> None:
        """
        Log a change of state, once.
        """
        trouble = None if error is None else _first_line(error)
        if error is not None and self._desk.seen is not None:
            self._desk.seen.reload_errors += 1
        if not isinstance(error, SQLAlchemyError):
            self._desk.store_away = None
        elif self._desk.store_away is None:
            self._desk.store_away = int(self._desk.clock())
        if isinstance(error, SQLAlchemyError):
            if self._trouble is None:
                _log.warning("the store does not answer; what is loaded goes on answering: %s", trouble)
        elif error is not None and trouble != self._trouble:
            _log.error("what the store says cannot be read; what is loaded goes on answering", exc_info=error)
        elif error is None and self._trouble is not None:
            _log.warning("the store answers again")
        self._trouble = trouble


async def follow(desk: Desk, engine: Engine, folder: Path, meters: Meters) -> None:
    """
    Keep the snapshot at what the store says, until cancelled.
    """
    await Follower(desk, engine, folder, meters).run()


async def refresh(desk: Desk, engine: Engine, folder: Path, meters: Meters | None = None) -> None:
    """
    Look once.
    """
    follower = Follower(desk, engine, folder, meters)
    await follower.look()
    await follower.prepared()


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


async def _aside(work: Callable[..., Result], *arguments: Any, on: ThreadPoolExecutor | None = None) -> Result:
    return await asyncio.get_running_loop().run_in_executor(on or _ASIDE, work, *arguments)


def _cards(snapshot: Snapshot) -> list[LiveCard]:
    return [*snapshot.cards.values(), *snapshot.sandbox.values()]


_ASIDE = ThreadPoolExecutor(1, "reload")
_COOLING = ThreadPoolExecutor(1, "cool")
_AHEAD = ThreadPoolExecutor(1, "ahead")
