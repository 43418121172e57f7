"""
What one process has heard of the network, followed from a store; and records of calls that are a moment old.
"""

import time
from pathlib import Path

from sqlalchemy import Engine

from ratecards.numberset import Answer
from service.heard import Heard
from service.ops.answers import AnswersFollower
from service.snapshot import Desk
from service.store.records import Record
from service.store.records_keep import keep
from support.records import batch, record


def attempt(nth: int, number: str, sip_code: int, age_s: int = 0, **changes: object) -> Record:
    """
    A call that began so long ago.
    """
    start_ms = (int(time.time()) - age_s) * 1000
    return record(nth, number=number, sip_code=sip_code, start_ms=start_ms, **{"q850": None, **changes})


def put(engine: Engine, *records: Record) -> None:
    assert keep(engine, batch(*records)).taken == len(records)


def follower(engine: Engine, folder: Path, heard: Heard | None = None) -> tuple[AnswersFollower, Heard]:
    """
    A process that has read all there is.
    """
    desk = Desk(heard=heard or Heard())
    made = AnswersFollower(desk, engine, folder)
    catch_up(made)
    return made, desk.heard


def catch_up(made: AnswersFollower) -> None:
    while not made.look():
        pass


def known(heard: Heard, environment: str = "live") -> dict[str, Answer]:
    return dict(heard.numbers[environment].entries(int(time.time())))
