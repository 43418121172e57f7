"""
A table of answers and what was learnt since, as one: block after block, memory flat.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from ratecards.numberset.answer import CODES, NONE
from ratecards.numberset.base import Base, Block
from ratecards.numberset.keys import LOW, LOW_BITS


class Merge:
    """
    One pass over a table with newer stamps put in and those before an epoch left out.

    Attributes:
        epoch: unix second that stamps are counted from, at which an hour begins.
        zero: the least stamp of that second.
        tally: counts what the table holds, once it has been passed.

    """

    def __init__(self, base: Base, fresh: Mapping[int, int], epoch: int) -> None:
        """
        Take a table, and the stamps of numbers' keys; they must stay as they are for the pass.
        """
        self.epoch = epoch
        self.zero = epoch * CODES
        self.tally = base.tally()
        self._base = base
        self._fresh = fresh
        self._keys = sorted(key for key, stamp in fresh.items() if stamp >= self.zero)

    def blocks(self) -> Iterator[Block]:
        """
        Pass over everything in ascending order of the numbers; stamps are less ``zero``.

        Raises:
            OverflowError: an answer lies too long after the epoch to be kept.

        """
        keys, done = self._keys, 0
        for block, end in _with_ends(self._base):
            begin = bisect_left(keys, block.high << LOW_BITS | block.lows[0], done)
            yield from self._loose(keys[done:begin])
            done = bisect_left(keys, end, begin)
            yield self._merged(block, keys[begin:done])
        yield from self._loose(keys[done:])

    def _loose(self, keys: Sequence[int]) -> Iterator[Block]:
        """
        Numbers that lie between blocks.
        """
        for high, group in groupby(keys, lambda key: key >> LOW_BITS):
            yield self._merged(Block(high, array("I"), array("I")), list(group))

    def _merged(self, block: Block, keys: Sequence[int]) -> Block:
        """
        A block with numbers put in that lie within it.
        """
        old = self._in_time(block)
        lows, stamps, done = array("I"), array("I"), 0
        for key in keys:
            low, stamp = key & LOW, self._fresh[key] - self.zero
            place = bisect_left(old.lows, low, done)
            lows += old.lows[done:place]
            stamps += old.stamps[done:place]
            known = place < len(old.lows) and old.lows[place] == low
            done = place + known
            lows.append(low)
            stamps.append(self._newer(old.stamps[place] if known else None, stamp))
        lows += old.lows[done:]
        stamps += old.stamps[done:]
        return Block(block.high, lows, stamps)

    def _in_time(self, block: Block) -> Block:
        shift = self.zero - self._base.zero
        lows = array("I", [low for low, stamp in zip(block.lows, block.stamps, strict=True) if stamp >= shift])
        return Block(block.high, lows, array("I", [stamp - shift for stamp in block.stamps if stamp >= shift]))

    def _newer(self, known: int | None, stamp: int) -> int:
        """
        The one of two stamps that is kept, counted instead of the other.
        """
        if known is not None and known >= stamp:
            return known
        self.tally.move(NONE if known is None else known + self.zero, stamp + self.zero)
        return stamp


def _with_ends(base: Base) -> Iterator[tuple[Block, int]]:
    """
    Each block with the first key that no longer lies within it.
    """
    for place, block in enumerate(base.blocks(), 1):
        end = block.high + 1 << LOW_BITS
        yield block, min(end, base.firsts[place]) if place < len(base.firsts) else end
