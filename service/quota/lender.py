"""
The one task of a process that asks Redis, so that no request does.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from service.quota.breaker import Breaker
from service.quota.exchange import read_answer
from service.quota.gcra import NS
from service.quota.meter import Meter, Mode
from service.quota.remote import Store, StoreDown
from service.quota.worker import Worker

PATIENCE_S = 0.25
"""
Of a request for the exchange it waits for, which is over after twice 60 ms whatever Redis does; longer only where this
process itself is held up, and then a wait that ends early would take a working Redis for a lost one.
"""
TICK_S = 0.1
HEARTBEAT_S = 2.0
"""A process that has nothing to ask sees so often whether Redis is there: what it says of itself has to be true."""
AT_ONCE = 500
"""Accounts in one call to Redis."""
_log = logging.getLogger("ratedip.quota")


@dataclass(frozen=True, slots=True)
class State:
    """
    Attributes:
        word: ``off`` (no Redis is configured), ``up``, or ``degraded``: each process goes on by its share.
        reason: why it is degraded.
        since_s: unix time of the last change.
    """

    word: str
    reason: str | None
    since_s: float


OFF = State("off", None, 0.0)
"""Of a process without a lender."""


class Lender:
    """
    Attributes:
        state: for health.
        name: of this process in Redis.
    """

    def __init__(
        self,
        store: Store,
        worker: Worker,
        *,
        patience_s: float = PATIENCE_S,
        breaker: Breaker | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """
        Args:
            store: to ask.
            worker: whose meters are lent to.
            patience_s: how long a request waits at most.
            breaker: when to leave the store alone.
            clock_ns: that of :meth:`Meter.take`.

        """
        self.name = token_hex(8)
        self.state = State("up", None, worker.clock())
        self._store = store
        self._worker = worker
        self._patience_s = patience_s
        self._breaker = breaker or Breaker()
        self._clock_ns = clock_ns
        self._wake = asyncio.Event()
        self._round: asyncio.Future[None] | None = None
        self._heard_ns = clock_ns()
        worker.wake = self._wake.set

    async def run(self) -> None:
        """
        Ask whenever some meter is due, until cancelled.
        """
        while not (self._breaker.is_open or await self._probe()):
            pass
        while True:
            await self._pause()
            await self.exchange()

    async def lend(self, meter: Meter) -> None:
        """
        Wait for the next exchange, a short while at most, after a meter has said ``ASK``. Then take again;
        if it says so once more, that is a refusal.
        """
        if self._worker.up:
            self._worker.enlist(meter)
            self._wake.set()
            if self._round is None:
                self._round = asyncio.get_running_loop().create_future()
            done, _ = await asyncio.wait([self._round], timeout=self._patience_s)
            if not done:
                meter.lease.failed = True

    async def exchange(self) -> None:
        """
        Ask once for all meters that are due, and wake who waits.
        """
        waited, self._round = self._round, None
        now_ns = self._clock_ns()
        if self._breaker.allows(now_ns):
            due = [meter for meter in list(self._worker.active.values()) if meter.is_due(now_ns)]
            if due:
                await self._ask_all(due)
            elif self._breaker.is_open or self._is_quiet(now_ns):
                await self._probe()
        if waited and not waited.done():
            waited.set_result(None)

    async def close(self) -> None:
        """
        Tell what is used and give back what is held; nothing is lent after that.
        """
        for _ in range(2 * self._worker.up):  # the first may be one that was not answered
            left = list(self._worker.active.values())
            for meter in left:
                meter.give_back(self._clock_ns())
            await self._ask_all(left)
        await self._store.close()

    def _is_quiet(self, now_ns: int) -> bool:
        """
        Nothing was asked for so long that nobody knows whether an answer would come.
        """
        return not self._worker.active and now_ns - self._heard_ns >= HEARTBEAT_S * NS

    async def _pause(self) -> None:
        is_due_soon = self._worker.active or self._breaker.is_open or self._breaker.has_failed
        timeout_s = TICK_S if is_due_soon else HEARTBEAT_S
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        self._wake.clear()

    async def _probe(self) -> bool:
        try:
            await self._store.prepare()
        except StoreDown as down:
            self._fail((), down.reason)
            return False
        self._succeed()
        return True

    async def _ask_all(self, meters: Sequence[Meter]) -> None:
        for start in range(0, len(meters), AT_ONCE):
            if self._breaker.allows(self._clock_ns()):
                await self._ask(meters[start : start + AT_ONCE])

    async def _ask(self, meters: Sequence[Meter]) -> None:
        bids = [meter.ask(self.name, self._clock_ns()) for meter in meters]
        sent = [(meter.key, bid.text) for meter, bid in zip(meters, bids, strict=True)]
        try:
            answers = await self._exchange(sent)
        except StoreDown as down:
            self._fail(meters, down.reason)
            return
        said = [read_answer(bid, text) for bid, text in zip(bids, answers, strict=True)]
        if None in said:
            await self._store.forget()
            self._fail(meters, "answers what was not asked")
        else:
            self._take(meters, said)
            self._succeed()

    async def _exchange(self, sent: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """
        Ask, and once more where that is the first time that it fails: a process that was held up itself finds its time
        over before it reads the answer that is there. What is sent again is answered as it was, and changes nothing.
        """
        try:
            return await self._store.exchange(sent)
        except StoreDown:
            if self._breaker.has_failed:
                raise
        return await self._store.exchange(sent)

    def _take(self, meters: Sequence[Meter], said: Sequence[dict[str, Any] | None]) -> None:
        now_ns = self._clock_ns()
        for meter, part in zip(meters, said, strict=True):
            meter.answer(part or {}, now_ns)
            if meter.mode is Mode.REDIS and meter.is_idle(now_ns):
                self._worker.active.pop(meter.key, None)

    def _succeed(self) -> None:
        self._heard_ns = self._clock_ns()
        self._breaker.succeed()
        self._say("up", None)

    def _fail(self, meters: Sequence[Meter], reason: str) -> None:
        for meter in meters:
            meter.lease.failed = True
        self._breaker.fail(self._clock_ns())
        if self._breaker.is_open:
            self._say("degraded", reason)

    def _say(self, word: str, reason: str | None) -> None:
        """
        Log a change of state, once.
        """
        self._worker.up = word == "up"
        if word == self.state.word:
            return
        self.state = State(word, reason, self._worker.clock())
        if reason is None:
            _log.info("Redis answers again; limits are exact")
        else:
            _log.warning("Redis is lost (%s); each process goes on by its share of every limit", reason)
