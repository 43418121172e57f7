"""
Once a second: what this process has counted goes into its sample, and what it has decided into its ring.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.http.overload import Load
from service.ops.limits import stop
from service.ops.metrics import take_sample
from service.settings import Settings
from service.snapshot import Desk
from service.store.catalogue import active_revisions
from service.watch.decision import RECORD, latest
from service.watch.run import Place
from service.watch.seen import KEPT, Seen

PERIOD_S = 1.0
LAG_S = 0.2
"""Between two looks at how late the loop is."""
AT_ONCE = 128
"""Decisions packed before the loop turns again: some 0.5 ms."""
_log = logging.getLogger("ratedip.watch")


@dataclass(slots=True)
class Publisher:
    """
    Speaks for one serving process.

    Attributes:
        place: in the folder where all processes of the node do so.
        load: what the application has in hand.
        engine: the store, for when cards were loaded.
        one_in: of so many decisions one goes into the log; 0: none does.
    """

    desk: Desk
    seen: Seen
    place: Place
    load: Load
    engine: Engine
    one_in: int = 1
    _told: int = 0
    _noted: int = 0
    _generation: int = -1
    _created: dict[str, int] = field(default_factory=dict)
    _trouble: bool = False

    async def run(self) -> None:
        """
        Publish each second, until cancelled. A disk that is full changes nothing for those who ask.
        """
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                await self.publish()
            except OSError as error:
                if not self._trouble:
                    _log.warning("metrics cannot be written: %s", error.strerror)
                self._trouble = True
            else:
                self._trouble = False

    async def publish(self) -> None:
        records = await self._pack_decisions()
        await self._look_up_ages()
        sample = take_sample(self.desk, self.seen, self.place.worker, self.load, self._created)
        await asyncio.to_thread(self._write, records, sample.dump())

    def _write(self, records: bytes, sample: bytes) -> None:
        self.place.ring.add(records)
        self.place.publish(sample)

    async def watch_lag(self) -> None:
        """
        Note how late the loop is, until cancelled.
        """
        while True:
            due_ns = time.monotonic_ns() + int(LAG_S * 1e9)
            await asyncio.sleep(LAG_S)
            self.seen.note_lag(max(0, time.monotonic_ns() - due_ns))

    async def _pack_decisions(self) -> bytes:
        """
        What was decided since the last time and belongs in the log, a little at a time.
        """
        decided, noted = self.seen.decided, self.seen.noted
        fresh, self._told = decided - self._told, decided
        kept = min(noted - self._noted, len(self.seen.decisions)) if self.one_in else 0
        self._noted, parts = noted, list[bytes]()
        self.seen.adapt(fresh)
        # Counted from the start, so that it does not matter how many come at a time.
        step = self.one_in or 1
        chosen = islice(latest(self.seen, kept), (step - 1 - (noted - kept)) % step, None, step)
        while part := b"".join(islice(chosen, AT_ONCE)):
            parts.append(part)
            await asyncio.sleep(0)
        records = b"".join(parts)
        self.seen.unlogged += fresh - len(records) // RECORD.size
        return records

    async def _look_up_ages(self) -> None:
        """
        When the revisions that answer were loaded, as often as something changes.
        """
        generation = self.desk.snapshot.generation
        if generation == self._generation or self.desk.store_away is not None:
            return
        try:
            revisions = await asyncio.to_thread(active_revisions, self.engine)
        except SQLAlchemyError:
            return  # the reload says so
        self._created = {revision.card: revision.created for revision in revisions}
        self._generation = generation


@asynccontextmanager
async def watched(desk: Desk, engine: Engine, settings: Settings, load: Load) -> AsyncIterator[None]:
    """
    Tell how this process is while the block runs, where somebody wants to know.
    """
    place = await asyncio.to_thread(_take_place, settings)
    if place is None:
        yield
        return
    one_in = settings.logged_one_in
    desk.seen = Seen(KEPT if one_in else 0)
    desk.run, desk.logs = settings.run, bool(one_in)
    desk.admin_port = settings.admin_port if settings.metrics else 0
    publisher = Publisher(desk, desk.seen, place, load, engine, one_in)
    await publisher.publish()
    tasks = [
        asyncio.create_task(publisher.run(), name="publish"),
        asyncio.create_task(publisher.watch_lag(), name="lag"),
    ]
    yield
    await stop(tasks)
    with suppress(OSError):
        await publisher.publish()
    place.leave()


def _take_place(settings: Settings) -> Place | None:
    """
    A place among the processes of this node; None: none is wanted, or there can be none.
    """
    if not settings.metrics and not settings.logged_one_in:
        return None
    try:
        return Place(settings.run, settings.log_room)
    except OSError as error:
        _log.warning("neither metrics nor decisions are told: %s", error.strerror)
        return None
