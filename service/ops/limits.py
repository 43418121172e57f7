"""
Keeping limits together with the other processes: through Redis, or through the store.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

from sqlalchemy import Engine

from service.quota.ledger import Bookkeeper
from service.quota.lender import Lender
from service.quota.meters import Meters
from service.quota.slots import Slots
from service.snapshot import Desk
from service.store.usage import Usage

AGAIN_S = 0.1


@asynccontextmanager
async def lent(desk: Desk, meters: Meters, url: str) -> AsyncIterator[None]:
    """
    Lend from Redis while the block runs; what is held at its end is given back.
    """
    from service.quota.redis_store import RedisStore  # noqa: PLC0415 - a service without Redis starts without it

    store = RedisStore(url)
    lender, slots = Lender(store, meters.worker), Slots(store)
    meters.worker.slots = slots
    desk.lend = lender.lend
    desk.limits = lambda: lender.state
    tasks = [asyncio.create_task(lender.run(), name="lender"), asyncio.create_task(slots.run(), name="slots")]
    yield
    await stop(tasks)
    await lender.close()


@asynccontextmanager
async def booked(meters: Meters, engine: Engine) -> AsyncIterator[None]:
    """
    Keep totals in the store while the block runs.
    """
    bookkeeper = Bookkeeper(Usage(engine), meters)
    await bookkeeper.balance(everything=True)
    task = asyncio.create_task(bookkeeper.run(), name="bookkeeper")
    yield
    await stop([task])
    await bookkeeper.balance()


async def stop(tasks: Iterable[asyncio.Task[None]]) -> None:
    """
    Cancel tasks and wait for their end.

    A cancellation that comes just as something awaited is done may be lost on its way: before Python 3.12
    ``asyncio.wait_for``, by which redis-py writes, returns instead. It is then repeated.
    """
    for task in tasks:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=AGAIN_S)
        with suppress(asyncio.CancelledError):
            await task
