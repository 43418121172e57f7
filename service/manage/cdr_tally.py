"""
What became of the records that were sent.
"""

from collections.abc import Sequence
from typing import Any

from service.manage.cdr_columns import Batch, Refusal
from service.store.records_keep import Kept

SHOWN = 100
"""Problems that are told one by one; the others are counted."""
_CONFLICT = "differs from the record that is kept under its call_id and carrier; that one stays"


class Tally:
    """
    Attributes:
        taken: new and on disk.
        repeated: were there already, the same in everything.
        conflicts: another record has their key, and stays.
        refused: cannot be taken as they are.
        ignored: events that tell nothing of a call's set-up.
        problems: the first of those that were refused or conflict.
    """

    def __init__(self) -> None:
        self.taken = self.repeated = self.conflicts = self.refused = self.ignored = 0
        self.problems: list[Refusal] = []

    @property
    def seen(self) -> int:
        return self.taken + self.repeated + self.conflicts + self.refused + self.ignored

    def note(self, batch: Batch) -> None:
        """
        Count what of a batch is not to be kept.
        """
        self.refused += len(batch.refusals)
        self.ignored += batch.ignored
        self._show(batch.refusals)

    def add(self, places: Sequence[int], kept: Kept) -> None:
        """
        Count what was kept.

        Args:
            places: of the records that were given to be kept, in what was sent.
        """
        self.taken += kept.taken
        self.repeated += len(kept.repeated)
        self.conflicts += len(kept.conflicting)
        self._show([Refusal(places[index], "", _CONFLICT) for index in kept.conflicting[:SHOWN]])

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("taken", "repeated", "conflicts", "refused", "ignored")}

    def as_json(self) -> dict[str, Any]:
        return {**self.counts, "problems": [problem.as_json() for problem in self.problems]}

    def _show(self, more: Sequence[Refusal]) -> None:
        self.problems = sorted([*self.problems, *more[:SHOWN]], key=lambda problem: problem.place)[:SHOWN]
