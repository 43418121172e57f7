"""
Checkpoints written: what the one before says, and the records since, as a new one.
"""

import logging
from pathlib import Path

from sqlalchemy import Engine

from ratecards.numberset import MERGE_AT, Answers, Base, CheckpointError, Policy
from service.access.account import ENVIRONMENTS
from service.ops.answers_file import (
    Positions,
    building,
    checkpoint_path,
    ends_of,
    open_answers,
    origin_of,
    position_json,
    settle,
)
from service.ops.answers_read import Reader
from service.store.listed import AT_ONCE, forget_listed

_log = logging.getLogger("ratedip.asrplus")


def read_numbers(engine: Engine, folder: Path, policy: Policy) -> Reader:
    """
    What the checkpoints of this node say, ready to be read on from there; where one of them is no good, from the start.
    """
    origin, ends = origin_of(engine, policy), ends_of(engine)
    numbers = {environment: Answers(policy=policy) for environment in ENVIRONMENTS}
    positions: Positions | None = None
    for environment, answers in numbers.items():
        begun = Positions()
        try:
            opened = open_answers(checkpoint_path(folder, environment), origin, ends)
        except CheckpointError as error:
            _log.warning("a checkpoint is not used: %s", error)
            opened = None
        if opened is not None:
            answers.rebase(opened.base)
            begun = opened.positions
        positions = begun if positions is None else positions.earliest(begun)
    return Reader(engine, numbers, positions or Positions())


def build(engine: Engine, folder: Path, policy: Policy, now: int) -> Positions | None:
    """
    Write checkpoints of all that the store has.

    Args:
        now: unix seconds.

    Returns:
        Up to where they go; None: another process of this node is at it.

    Raises:
        SQLAlchemyError: the store does not answer. OSError: the folder cannot be written. What was there is still.
    """
    with building(folder) as free:
        if not free:
            return None
        for half in folder.glob(".*.answers.*"):  # of one that was killed
            half.unlink(missing_ok=True)
        reader, ends = read_numbers(engine, folder, policy), ends_of(engine)
        while not reader.read(ends):
            if max(answers.fresh for answers in reader.numbers.values()) >= MERGE_AT:
                _write(reader, folder, origin_of(engine, policy), now)
        _write(reader, folder, origin_of(engine, policy), now)
    while forget_listed(engine, now - policy.keep_s) == AT_ONCE:
        pass
    return reader.positions


def _write(reader: Reader, folder: Path, origin: str, now: int) -> None:
    """
    Write both, and stand on them.
    """
    for environment in reversed(ENVIRONMENTS):  # the large one last
        answers, path = reader.numbers[environment], checkpoint_path(folder, environment)
        answers.write(path, now, position_json(origin, reader.positions))
        answers.rebase(Base.open(path))
        settle(answers)
