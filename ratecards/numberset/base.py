"""
Numbers and their last answers as they were at a checkpoint: eight bytes each, mapped from its file.

Numbers stand in ascending order, in blocks of those that agree in all but their low 32 bits. A block is those low bits,
then as many stamps less the one of the checkpoint's earliest second, all as 32-bit words.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ratecards.numberset.answer import CODES, NONE
from ratecards.numberset.checkpoint import Kind, open_checkpoint
from ratecards.numberset.keys import LOW, LOW_BITS
from ratecards.numberset.tally import Tally

KIND = Kind("answers", 1)
_EMPTY = {
    "blocks": b"",
    "first": b"",
    "at": bytes(4),
    "meta": orjson.dumps({"epoch": 0, "numbers": 0, "tally": [], "position": None}),
}


class Block(NamedTuple):
    """
    Numbers in ascending order that agree in their high bits, and their stamps less that of an epoch.
    """

    high: int
    lows: Any
    stamps: Any


class Base:
    """
    An immutable table of answers.

    Attributes:
        numbers: how many there are.
        firsts: keys of the first numbers of the blocks.
        epoch: unix second before which there is none.
        zero: the least stamp of that second.
        position: up to where the records are in it that it was made of; whatever the writer handed in.

    """

    def __init__(self, sections: Mapping[str, bytes | memoryview] = _EMPTY) -> None:
        """
        Open sections as :func:`ratecards.numberset.write.write_merged` lays them out; none at all for an empty table.
        """
        meta = orjson.loads(sections["meta"])
        self.numbers: int = meta["numbers"]
        self.epoch: int = meta["epoch"]
        self.position: Any = meta["position"]
        self._tally: list[tuple[int, int]] = meta["tally"]
        self.zero: int = self.epoch * CODES
        self._words = memoryview(sections["blocks"]).cast("I")
        self.firsts = memoryview(sections["first"]).cast("Q")
        self._at = memoryview(sections["at"]).cast("I")

    @classmethod
    def open(cls, path: Path, pause: Callable[[], None] | None = None) -> "Base":
        """
        Verify a checkpoint and map it.

        Raises:
            CheckpointError: the file is not whole, or something else. Build it anew from the records.
            OSError: it cannot be read.

        """
        return cls(open_checkpoint(path, KIND, pause))

    def tally(self) -> Tally:
        """
        A count of the answers, for the caller to carry on.
        """
        return Tally((stamp, count) for stamp, count in self._tally)

    def stamp(self, key: int) -> int:
        """
        The stamp of a number; 0 where there is none.
        """
        block = bisect_right(self.firsts, key) - 1
        if block < 0 or self.firsts[block] >> LOW_BITS != key >> LOW_BITS:
            return NONE
        start, stop = self._at[block], self._at[block + 1]
        low = key & LOW
        place = bisect_left(self._words, low, 2 * start, start + stop)
        if place == start + stop or self._words[place] != low:
            return NONE
        return self.zero + int(self._words[place + stop - start])

    def blocks(self) -> Iterator[Block]:
        """
        Everything, in ascending order of the numbers.
        """
        for block, first in enumerate(self.firsts):
            start, stop = self._at[block], self._at[block + 1]
            words = self._words[2 * start : 2 * stop]
            yield Block(first >> LOW_BITS, words[: stop - start], words[stop - start :])
