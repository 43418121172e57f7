"""
The task that follows the records, and has a checkpoint written when one is due.
"""

import asyncio
import logging
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.ops.answers import AnswersFollower
from service.ops.answers_file import is_building
from service.ops.child import SlowError, run_child
from service.snapshot import Desk

PERIOD_S = 1.0
RETRY_S = 300.0
"""A checkpoint that could not be written is tried again so much later."""
TAKEN_UP_S = 5.0
"""A new one is stood on by then."""
APART_S = 3.0
"""The processes of a node find within so long of each other that one is due; the first writes it."""
LIMIT_S = 3_600.0
"""A hundred million records are read in some twenty minutes."""
_COMMAND = (sys.executable, "-P", "-m", "service.manage.asrplus_process")
_log = logging.getLogger("ratedip.asrplus")
_THREADS = ThreadPoolExecutor(1, "answers")
_WAITING = ThreadPoolExecutor(1, "checkpoint")


async def keep_answers(desk: Desk, engine: Engine, folder: Path) -> None:
    """
    Look each second, until cancelled. A store that does not answer changes nothing of what is known.
    """
    follower = AnswersFollower(desk, engine, folder)
    builder: asyncio.Task[None] | None = None
    trouble = ""
    try:
        while True:
            at_end = True
            try:
                at_end = await asyncio.get_running_loop().run_in_executor(_THREADS, follower.look)
                trouble = ""
            except Exception as error:  # noqa: BLE001 - who stops looking knows less and less
                trouble = _say(error, trouble)
            if follower.is_due and (builder is None or builder.done()):
                builder = asyncio.create_task(_build(follower, folder), name="checkpoint")
            await asyncio.sleep(PERIOD_S if at_end else 0)
    finally:
        if builder is not None:
            builder.cancel()


async def _build(follower: AnswersFollower, folder: Path) -> None:
    """
    Have a checkpoint written, unless another process of this node is at it; then rest, whatever came of it.
    """
    await asyncio.sleep(random.uniform(0, APART_S))  # noqa: S311 - no secret
    if follower.is_due and not is_building(folder):
        try:
            ended = await run_child(_COMMAND, str(folder).encode(), limit_s=LIMIT_S, threads=_WAITING)
        except SlowError as error:
            _log.warning("no checkpoint of numbers' answers was written: %s", error)
        else:
            if ended.status == 0:
                await asyncio.sleep(TAKEN_UP_S)
                return
            _log.warning("no checkpoint of numbers' answers was written: %s", ended.told.strip()[-1000:])
        await asyncio.sleep(RETRY_S)


def _say(error: Exception, before: str) -> str:
    """
    Log a change of state, once.
    """
    now = str(error).partition("\n")[0]
    if isinstance(error, SQLAlchemyError):
        if not before:
            _log.warning("the store does not answer; what is known of numbers goes on being told: %s", now)
    elif now != before:
        _log.error("call records cannot be read; what is known of numbers goes on being told", exc_info=error)
    return now
