"""
What an account has used of its plan, as all processes together have told.
"""

import asyncio
import time
from typing import Any

from sqlalchemy import Engine

from service.quota.exchange import read_answer
from service.quota.ledger import Bookkeeper
from service.quota.meter import Meter
from service.quota.meters import Meters
from service.quota.remote import StoreDown
from service.quota.worker import Backing
from service.store.accounts import Record
from service.store.usage import Usage

PATIENCE_S = 2.0
_ASKER = "show"


def used_by(account: Record, engine: Engine, redis_url: str) -> dict[str, Any]:
    """
    Ask Redis, or the store where there is none.

    Returns:
        ``source`` (``redis``, ``store``), ``limits`` as :meth:`Meter.usage` has them, and ``error`` where the source
        does not answer.
    """
    backing = Backing.REDIS if redis_url else Backing.LEDGER
    meters = Meters(1, backing=backing)
    meter = meters.of(f"p:{account.id}", account.plan)
    asked = _ask_redis(meter, redis_url) if redis_url else _ask_store(meters, engine)
    error = asyncio.run(asked)
    known = {"source": "redis" if redis_url else "store", "limits": meter.usage(time.time())["limits"]}
    return known if error is None else {"source": known["source"], "limits": [], "error": error}


async def _ask_redis(meter: Meter, url: str) -> str | None:
    """
    Ask for nothing: the answer says what is used and lent.
    """
    from service.quota.redis_store import RedisStore  # noqa: PLC0415 - only where there is a Redis

    if not meter.gauges:
        return None
    store = RedisStore(url, PATIENCE_S)
    try:
        bid = meter.ask(f"{_ASKER}:{time.time_ns()}", time.monotonic_ns())
        (text,) = await store.exchange([(meter.key, bid.text)])
        meter.answer(read_answer(bid, text) or {"l": {}}, time.monotonic_ns())
    except StoreDown as down:
        return f"Redis: {down.reason}"
    finally:
        await store.close()
    return None


async def _ask_store(meters: Meters, engine: Engine) -> str | None:
    await Bookkeeper(Usage(engine), meters).balance(everything=True)
    return None
