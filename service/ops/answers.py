"""
Keeps what one process has heard of the network at what the store says: a checkpoint, then the tail of the records.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from ratecards.numberset import MERGE_AT, CheckpointError
from service.access.account import ENVIRONMENTS
from service.lookups.quality import destination_of
from service.ops.answers_file import (
    Mark,
    Positions,
    checkpoint_path,
    ends_of,
    mark_of,
    open_answers,
    origin_of,
    settle,
)
from service.ops.answers_read import Reader
from service.ops.open import breathe
from service.snapshot import Desk
from service.store.attempts import AT_ONCE, Attempt, attempts_after, position_at
from service.store.records import START, Position

LOOK_S = 1.0
"""A look ends after so long, though there be more to read."""
DUE_RECORDS = 1_000_000
"""Records since the checkpoint at which a new one is due: reading them again takes some ten seconds."""
DUE_S = 86_400.0
"""What is too old leaves the table with a new one."""
MOST_FRESH = 4 * MERGE_AT
"""Numbers held above the checkpoint at which nothing more is read until there is a new one."""
_log = logging.getLogger("ratedip.asrplus")


class AnswersFollower:
    """
    Follows the records for one process, in one thread that leaves the interpreter to the loop after every hundred.
    """

    def __init__(self, desk: Desk, engine: Engine, folder: Path) -> None:
        """
        Args:
            folder: of checkpoints, on this node.
        """
        self._desk = desk
        self._heard = desk.heard
        self._engine = engine
        self._folder = folder
        self._origin = ""
        self._reader = Reader(engine, desk.heard.numbers, Positions(), breathe)
        self._refused: set[str] = set()
        self._marks: dict[str, Mark | None] = {}
        self._made_from: dict[str, Positions] = {environment: Positions() for environment in ENVIRONMENTS}
        self._since_s = time.monotonic()
        self._counted_after: Position | None = None
        self._history: list[tuple[Position, Position]] = []
        self._complaint = ""

    @property
    def stands_on(self) -> Positions:
        """
        Up to where the checkpoints go.
        """
        first, *others = self._made_from.values()
        for other in others:
            first = first.earliest(other)
        return first

    @property
    def is_due(self) -> bool:
        """
        A new checkpoint should be written.
        """
        behind = self._reader.positions.records - self.stands_on.records
        is_old = time.monotonic() - self._since_s > DUE_S and behind > 0
        return bool(self._refused) or self._fresh >= MERGE_AT or behind >= DUE_RECORDS or is_old

    def look(self) -> bool:
        """
        Read on for a second, or to the end; whether that was reached.
        """
        until_s = time.monotonic() + LOOK_S
        self._heard.quality.roll(int(self._desk.clock()))
        self._take_up()
        if self._counted_after is None:
            self._plan_history()
        while self._fresh < MOST_FRESH:
            if self._reader.read(seen=self._count):
                self._heard.is_ready, self._heard.read_s = True, time.monotonic()
                return self._read_history(until_s)
            if time.monotonic() > until_s:
                return False
        self._complain("no more call records are read before there is a new checkpoint of the numbers' answers")
        return True

    @property
    def _fresh(self) -> int:
        return max(answers.fresh for answers in self._heard.numbers.values())

    def _take_up(self) -> None:
        """
        Stand on checkpoints that have come since the last look.
        """
        self._origin = self._origin or origin_of(self._engine, self._heard.policy)
        for environment, answers in self._heard.numbers.items():
            path = checkpoint_path(self._folder, environment)
            mark = mark_of(path)
            if mark == self._marks.get(environment):
                continue
            self._marks[environment] = mark
            try:
                opened = open_answers(path, self._origin, ends_of(self._engine), breathe)
            except CheckpointError as error:
                self._refused.add(environment)
                self._complain(f"what is known of numbers is read anew from the records: {error}")
                continue
            self._refused.discard(environment)
            if opened is not None:
                answers.rebase(opened.base)
                settle(answers, breathe)
                self._made_from[environment], self._since_s = opened.positions, time.monotonic()
        self._go_on_from(self.stands_on)

    def _go_on_from(self, positions: Positions) -> None:
        before = self._reader.positions
        self._reader.positions = before.latest(positions)
        if self._counted_after is not None and positions.records > max(before.records, self._counted_after):
            self._history.append((max(before.records, self._counted_after), positions.records))

    def _plan_history(self) -> None:
        """
        Of the longest window, what lies before the checkpoint is counted once all else is read.
        """
        ends = ends_of(self._engine)
        oldest = int(self._desk.clock()) - self._heard.quality.windows_s[-1]
        first = position_at(self._engine, oldest, ends.records)
        start = self._reader.positions.records
        self._counted_after = max(first, START)
        if first < start:
            self._history.append((first, start))

    def _read_history(self, until_s: float) -> bool:
        while self._history:
            start, end = self._history[-1]
            attempts = attempts_after(self._engine, start, AT_ONCE, end)
            self._history.pop()
            if len(attempts) == AT_ONCE:
                self._history.append((attempts[-1].position, end))
            self._count_slowly(attempts)
            if time.monotonic() > until_s and self._history:
                return False
        self._heard.quality.is_whole = True
        return True

    def _count_slowly(self, attempts: Sequence[Attempt], at_once: int = 100) -> None:
        for start in range(0, len(attempts), at_once):
            self._count(attempts[start : start + at_once])
            breathe()

    def _count(self, attempts: Sequence[Attempt]) -> None:
        snapshot, quality, after = self._desk.snapshot, self._heard.quality, self._counted_after or START
        for attempt in attempts:
            if attempt.position > after:
                quality.add(attempt, destination_of(snapshot, attempt))

    def _complain(self, words: str) -> None:
        """
        Log once.
        """
        if words != self._complaint:
            _log.error(words)
            self._complaint = words
