"""
Requests to slow services running at one time, over all processes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex

from service.quota.fields import over_concurrent
from service.quota.meter import Meter
from service.quota.remote import Store, StoreDown, key_of

TTL_S = 60
"""The slots of a process that is gone are free again after this."""
HOLD_S = 10
"""How often a running request says that it still runs."""
Limits = list[tuple[str, int]]
"""Scope (empty: the account's own) or key, and how many may run."""


class Slots:
    """
    The slots of one process, in a store that all processes share.
    """

    def __init__(self, store: Store, ttl_s: float = TTL_S) -> None:
        self._store = store
        self._ttl_ms = int(ttl_s * 1000)
        self._running: dict[str, Limits] = {}
        self._lost: dict[str, Limits] = {}
        self._name = token_hex(8)
        self._count = 0

    async def take(self, limits: Limits) -> tuple[str, int]:
        """
        Take a slot of each limit.

        Args:
            limits: keys, all of one meter, and how many may run.

        Returns:
            Name of the request, and 0; or which of the limits is reached, from 1.

        Raises:
            StoreDown: the share must decide.

        """
        self._count += 1
        request = f"{self._name}:{self._count}"
        self._lost[request] = limits  # until the store says so, it may or may not have been taken
        reached = await self._store.acquire(limits, request, self._ttl_ms)
        del self._lost[request]
        if not reached:
            self._running[request] = limits
        return request, reached

    async def give(self, request: str) -> None:
        """
        Give them back; if that fails, try again later.
        """
        limits = self._lost[request] = self._running.pop(request)
        with suppress(StoreDown):
            await self._release(request, limits)

    async def run(self) -> None:
        """
        Hold on to the slots of requests that run for long, until cancelled.
        """
        while True:
            await asyncio.sleep(HOLD_S)
            await self.hold()

    async def hold(self) -> None:
        """
        Say of each running request that it still runs, and of the others that they do not.
        """
        with suppress(StoreDown):
            for request, limits in list(self._running.items()):
                await self._store.acquire(limits, request, self._ttl_ms)
            for request, limits in list(self._lost.items()):
                await self._release(request, limits)

    async def _release(self, request: str, limits: Limits) -> None:
        await self._store.release([key for key, _ in limits], request)
        self._lost.pop(request, None)


@asynccontextmanager
async def slot(meter: Meter, service: str = "") -> AsyncIterator[None]:
    """
    Run one request to a slow service within the account's limits.

    Args:
        meter: the account's.
        service: whose own limit holds as well.

    Raises:
        ApiError: 429, as many are running as may.

    """
    limits = _limits(meter, service)
    request = await _enter(meter, limits) if limits else None
    for scope, _ in limits:
        meter.running[scope] = meter.running.get(scope, 0) + 1
    try:
        yield
    finally:
        for scope, _ in limits:
            meter.running[scope] -= 1
        if request is not None and meter.worker.slots is not None:
            await asyncio.shield(meter.worker.slots.give(request))


def _limits(meter: Meter, service: str) -> Limits:
    plans = {"": meter.plan.own} | ({service: meter.plan.services[service]} if service in meter.plan.services else {})
    return [(scope, plan.concurrent) for scope, plan in plans.items() if plan.concurrent is not None]


async def _enter(meter: Meter, limits: Limits) -> str | None:
    """
    Returns:
        The request's name in the store; None: it runs by the share.
    """
    slots = meter.worker.slots
    if slots is not None and meter.worker.up:
        keys = [(key_of(meter.key, f"slots.{scope}" if scope else "slots"), limit) for scope, limit in limits]
        with suppress(StoreDown):
            request, reached = await slots.take(keys)
            if reached:
                _refuse(meter, limits[reached - 1][1])
            return None if reached else request
    for scope, limit in limits:
        if meter.running.get(scope, 0) >= max(1, limit // meter.worker.count):
            _refuse(meter, limit)
    return None


def _refuse(meter: Meter, limit: int) -> None:
    if not meter.plan.dry_run:
        meter.refused += 1
        raise over_concurrent(limit)
    meter.would_refuse += 1
