"""
Totals kept over restarts, where there is no Redis.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from service.quota.meter import Meter
from service.quota.meters import Meters
from service.quota.remote import StoreDown
from service.quota.total_gauge import TotalGauge

PERIOD_S = 2.0
X = TypeVar("X")
Y = TypeVar("Y")
_log = logging.getLogger("ratedip.quota")


class Entry(NamedTuple):
    """
    What is used of one limit in one window.

    Attributes:
        key: the meter's, such as ``p:17``.
        limit: ``day``, ``month``, or with a service ``day.rate``.
        window: days since 1970-01-01, or year * 12 + month - 1.
    """

    key: str
    limit: str
    window: int
    used: int


class Ledger(Protocol):
    """
    Where all processes of a service write down what they used; called in a thread of its own.
    """

    def load(self, keys: Collection[str]) -> Iterable[Entry]:
        """
        All that is used so far, by meter key; entries of windows that are over may be left out.

        Raises:
            StoreDown: try again later.

        """

    def add(self, entries: Sequence[Entry]) -> None:
        """
        Add use to what is there: all of it, or none.

        Raises:
            StoreDown: nothing was added; try again later.

        """


class Bookkeeper:
    """
    Takes what the meters of a process used to the ledger, and learns from it what all processes used.
    """

    def __init__(self, ledger: Ledger, meters: Meters, clock_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._ledger = ledger
        self._meters = meters
        self._clock_ns = clock_ns
        self._lost = False

    async def run(self) -> None:
        """
        Every two seconds, until cancelled.
        """
        while True:
            await asyncio.sleep(PERIOD_S)
            await self.balance()

    async def balance(self, *, everything: bool = False) -> None:
        """
        Write down and learn.

        Args:
            everything: of every meter, as at the start; otherwise of those used since.

        """
        worker = self._meters.worker
        meters = {meter.key: meter for meter in (self._meters.all() if everything else worker.active.values())}
        try:
            await self._tell(meters)
            await self._learn(meters)
        except StoreDown as down:
            for meter in meters.values():
                worker.enlist(meter)
            self._say(down.reason)
        else:
            self._say(None)

    async def _tell(self, meters: Mapping[str, Meter]) -> None:
        told = [(gauge, entry) for meter in meters.values() for gauge, entry in _unreported(meter, self._clock_ns())]
        if told:
            await _aside(self._ledger.add, [entry for _, entry in told])
        for gauge, entry in told:
            if gauge.window == entry.window:
                gauge.unreported -= entry.used
                gauge.hear(gauge.known + entry.used)

    async def _learn(self, meters: Mapping[str, Meter]) -> None:
        known = await _aside(self._ledger.load, list(meters)) if meters else ()
        for entry in known:
            for gauge in _totals(meters[entry.key]) if entry.key in meters else ():
                if gauge.name == entry.limit and gauge.window == entry.window:
                    gauge.hear(entry.used)
        for meter in meters.values():
            meter.refresh(self._clock_ns())
            if not any(gauge.unreported for gauge in _totals(meter)):
                self._meters.worker.active.pop(meter.key, None)

    def _say(self, reason: str | None) -> None:
        """
        Log a change of state, once.
        """
        if reason and not self._lost:
            _log.warning("totals cannot be written down (%s); they are counted in this process meanwhile", reason)
        elif self._lost and not reason:
            _log.info("totals are written down again")
        self._lost = reason is not None


async def _aside(work: Callable[[X], Y], argument: X) -> Y:
    return await asyncio.get_running_loop().run_in_executor(None, work, argument)


def _unreported(meter: Meter, now_ns: int) -> Iterator[tuple[TotalGauge, Entry]]:
    meter.catch_up(now_ns)
    for gauge in _totals(meter):
        if gauge.unreported:
            yield gauge, Entry(meter.key, gauge.name, gauge.window, gauge.unreported)


def _totals(meter: Meter) -> Iterator[TotalGauge]:
    return (gauge for gauge in meter.gauges if isinstance(gauge, TotalGauge))
