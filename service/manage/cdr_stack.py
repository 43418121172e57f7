"""
Records that were read, put together until there are enough of them for a transaction.
"""

from typing import NamedTuple

import polars as pl

from service.manage.cdr_columns import Batch
from service.manage.cdr_tally import Tally
from service.store.records_keep import BATCH


class Load(NamedTuple):
    """
    Attributes:
        rows: to be kept.
        places: of each in what was sent.
    """

    rows: pl.DataFrame
    places: list[int]


class Stack:
    """
    Attributes:
        tally: of all that went through it; of what is taken from it, once it is told what became of that.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._batches: list[Batch] = []
        self._height = 0

    @property
    def is_full(self) -> bool:
        return self._height >= BATCH

    def put(self, batch: Batch) -> None:
        self.tally.note(batch)
        if batch.places:
            self._batches.append(batch)
            self._height += batch.rows.height

    def take(self) -> Load | None:
        """
        All there are; None: there are none.
        """
        batches, self._batches, self._height = self._batches, [], 0
        if not batches:
            return None
        places = [place for batch in batches for place in batch.places]
        return Load(pl.concat([batch.rows for batch in batches]), places)
