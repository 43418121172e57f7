"""
What was answered for numbers, as commands ask it: without a server, from the store and this node's checkpoint.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from sqlalchemy import Engine

from ratecards.numberset import Answers, Policy, Refusals, Row, read_list, write_list
from service.ops.answers_build import read_numbers
from service.ops.answers_file import ends_of
from service.store.listed import AT_ONCE, keep_listed

Step = Callable[[str, int, int], None]
"""Called with the step, what is done of it, and the whole."""


class Loaded(NamedTuple):
    """
    What became of a list.

    Attributes:
        lines: that are answers; ``new``: of them, those that were not there already.
    """

    lines: int
    new: int
    refusals: Refusals

    def as_json(self) -> dict[str, Any]:
        listed = [{"line": one.line, "reason": one.reason} for one in self.refusals.listed]
        return {"lines": self.lines, "new": self.new, "refused": self.refusals.count, "problems": listed}


def load_list(
    engine: Engine, environment: str, file: TextIO, policy: Policy, now: int, step: Step | None = None
) -> Loaded:
    """
    Take in a list, ten thousand lines at a time; to load it again takes what was not taken before, and nothing twice.

    Args:
        file: CSV with the columns ``number``, ``code`` and ``datetime``.
        now: unix seconds.

    Raises:
        ListError: a column is missing; nothing was taken.
    """
    refusals, lines, new = Refusals(), 0, 0
    for batch in _batches(read_list(file, policy, now, refusals)):
        lines, new = lines + len(batch), new + keep_listed(engine, environment, batch, now)
        if step is not None:
            step("lines", lines, lines)
    return Loaded(lines, new, refusals)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def open_numbers(engine: Engine, folder: Path, policy: Policy, environment: str, step: Step | None = None) -> Answers:
    """
    What the network last answered for each number of an environment, up to now.

    Args:
        folder: of checkpoints; what lacks one is read from the records.
    """
    reader, ends = read_numbers(engine, folder, policy), ends_of(engine)
    start, whole = reader.positions.records, ends.records
    while not reader.read(ends):
        if step is not None:
            step("records", reader.positions.records - start, whole - start)
    return reader.numbers[environment]


def export_list(answers: Answers, now: int, file: TextIO) -> None:
    """
    Write all that is known as a list that can be loaded again.

    Args:
        now: unix seconds.
    """
    with suppress(BrokenPipeError):
        write_list(answers.entries(now), file)


def counts_json(answers: Answers, now: int) -> dict[str, Any]:
    """
    How many numbers last answered with which code.

    Args:
        now: unix seconds.
    """
    counts = answers.counts(now)
    return {"numbers": sum(counts.values()), "counts": {str(code): count for code, count in counts.items()}}
