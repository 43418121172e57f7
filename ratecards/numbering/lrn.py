"""
Which switch serves a number, after it was ported: a number to its location routing number and what is known of that.

Four to six bytes a number, mapped from a file. Numbers stand in ascending order, in blocks of ten thousand that agree
in all but their last four digits: by block its first entry, by entry those digits in 16 bits and the place of its
record in 16 or 32. There are few records beside numbers: each is kept once, as JSON.
"""

from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from ratecards.numbering.prefixes import check_digest
from ratecards.numberset.checkpoint import Kind, open_checkpoint

KIND = Kind("lrn", 1)
BLOCK = 10_000
"""Numbers that a block has room for."""


class Ported(NamedTuple):
    """
    What is known of a number; empty: not said.

    Attributes:
        lrn: location routing number, E.164 digits; the number itself where it was not ported.
        ocn: operating company number of the carrier that serves it; ``lec``: its name.
        lata: local access and transport area.
        city, state: rate centre, and the postal code of its state.
        jurisdiction, local: as the table has them.
    """

    lrn: str
    ocn: str = ""
    lata: str = ""
    city: str = ""
    state: str = ""
    jurisdiction: str = ""
    lec: str = ""
    local: str = ""


class LrnTable:
    """
    An immutable table.

    Attributes:
        rows: numbers in it.
    """

    __slots__ = ("_at", "_blocks", "_ends", "_lows", "_places", "_records", "rows")

    def __init__(self, sections: Mapping[str, bytes | memoryview]) -> None:
        """
        Open sections as :func:`ratecards.numbering.lrn_build.build` lays them out.
        """
        meta = orjson.loads(sections["meta"])
        self.rows: int = meta["rows"]
        self._blocks = memoryview(sections["blocks"]).cast("Q")
        self._at = memoryview(sections["at"]).cast("I")
        self._lows = memoryview(sections["lows"]).cast("H")
        self._places = memoryview(sections["places"]).cast(meta["places"])
        self._ends = memoryview(sections["ends"]).cast("Q")
        self._records = memoryview(sections["records"])

    def find(self, number: str) -> Ported | None:
        """
        What is known of a number; None: it is not in the table.

        Args:
            number: E.164 digits.
        """
        block, low = divmod(int(number), BLOCK)
        at = bisect_left(self._blocks, block)
        if at == len(self._blocks) or self._blocks[at] != block:
            return None
        stop = self._at[at + 1]
        place = bisect_left(self._lows, low, self._at[at], stop)
        if place == stop or self._lows[place] != low:
            return None
        at = self._places[place]
        lrn, *rest = orjson.loads(self._records[self._ends[at] : self._ends[at + 1]])
        return Ported(lrn or number, *rest)


def open_lrn(path: Path, digest: str = "") -> LrnTable:
    """
    Verify a file that :func:`ratecards.numbering.lrn_build.build` made, and map it.

    Raises:
        CheckpointError: the file is not whole, not the one expected, or something else. Build it again.
        OSError: it cannot be read.
    """
    check_digest(path, digest)
    return LrnTable(open_checkpoint(path, KIND))
