"""
Forgets call records once they are as old as the setting says.
"""

import asyncio
import logging
import random
import time

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.manage.cdr_store import ask
from service.settings import Settings
from service.store.records_expire import SOME, expire

PERIOD_S = 600.0
"""Each process looks at its own moment; of two at once, the later finds that it is being done."""
PAUSE_S = 0.1
"""Between two batches: who writes and who asks comes first."""
DAY_MS = 86_400_000
_log = logging.getLogger("ratedip.cdr")


async def keep_days() -> None:
    """
    Look every ten minutes, until cancelled.
    """
    days = Settings().cdr_days
    while days:
        await asyncio.sleep(PERIOD_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        try:
            await forget(days, time.time())
        except SQLAlchemyError:
            continue  # who follows the store says so


async def forget(days: int, now: float, pause_s: float = PAUSE_S) -> int:
    """
    Forget the records of calls that started so many days ago or earlier, some at a time.

    Args:
        now: unix seconds.

    Returns:
        How many this process forgot.
    """
    count = 0
    while True:
        some = await ask(_some, days, now)
        count += some or 0
        if some is None or some < SOME:
            break
        await asyncio.sleep(pause_s)
    if count:
        _log.info("forgot %d call records older than %d days", count, days)
    return count


def _some(engine: Engine, days: int, now: float) -> int | None:
    return expire(engine, int(now * 1000) - days * DAY_MS)
