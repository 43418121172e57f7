"""
Makes derived cards again by itself, where they are to be.
"""

import asyncio
import logging
import random

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.manage.build_process import BusyError, ask, give
from service.manage.build_stale import stale

PERIOD_S = 30.0
"""Each process looks at its own moment; of two at once, the later finds nothing left to do."""
_log = logging.getLogger("ratedip.builds")


async def keep_made() -> None:
    """
    Look twice a minute, until cancelled; the work is done by a process of its own.
    """
    while True:
        await asyncio.sleep(PERIOD_S * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        try:
            await look()
        except SQLAlchemyError:
            continue  # who follows the store says so
        except BusyError as error:
            _log.warning("cards are not made again now: %s", error)


async def look() -> bool:
    """
    Make again what is stale and automatic.

    Returns:
        There was something.
    """
    due = await ask(_is_due)
    if due:
        ended = await give(["rebuild", "--automatic", "--json"])
        if ended.status:
            _log.warning("some cards could not be made again; ratedip audit says why")
    return due


def _is_due(engine: Engine) -> bool:
    return any(card.automatic for card in stale(engine))
