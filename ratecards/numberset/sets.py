"""
A very large set of numbers: who must not be called, who must not appear as a caller.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Self

import orjson
from pyroaring import BitMap64

from ratecards.numbers import MAX_DIGITS
from ratecards.numberset.checkpoint import CheckpointError, Kind, open_checkpoint, writing
from ratecards.numberset.keys import key_of, number_of

KIND = Kind("numbers", 2)
PIECE = 524_288
"""Numbers of a piece of the file: a millisecond of work to open, after which others may have the processor."""
_AT_ONCE = 65_536


class NumberSet:
    """
    Numbers as a compressed bitmap: 2 bytes each where they are dense, as real ranges are. Not to be changed.
    """

    __slots__ = ("_keys",)

    def __init__(self, numbers: Iterable[str] = (), keys: BitMap64 | None = None) -> None:
        """
        Take E.164 digits in any order; doubles count once.

        Args:
            numbers: what is in the set.
            keys: a bitmap of their keys, for the set to have for itself; nothing may be said besides.

        Raises:
            NumberError: one of the numbers is something else.

        """
        if keys is None:
            rest, keys = map(key_of, numbers), BitMap64()
            while some := list(islice(rest, _AT_ONCE)):
                keys.update(some)
            _tighten(keys)
        self._keys = keys

    @classmethod
    def of_keys(cls, batches: Iterable[Iterable[int]]) -> Self:
        """
        Take batches of what :func:`ratecards.numberset.keys.key_of` makes of numbers, unchecked.
        """
        keys = BitMap64()
        for batch in batches:
            keys.update(batch)
        return cls(keys=_tighten(keys))

    @classmethod
    def open(cls, path: Path, pause: Callable[[], None] | None = None) -> Self:
        """
        Verify a file that :meth:`save` wrote, and read it.

        Args:
            path: of the file.
            pause: called after every MiB checked and every half million numbers read.

        Raises:
            CheckpointError: the file is not whole, or something else. Load the list again.
            OSError: it cannot be read.

        """
        sections = open_checkpoint(path, KIND, pause)
        keys, start = BitMap64(), 0
        for end in sections["ends"].cast("Q"):
            keys |= BitMap64.deserialize(sections["bitmaps"][start:end])  # type: ignore[arg-type]  # any buffer
            start = end
            if pause is not None:
                pause()
        if len(keys) != orjson.loads(sections["meta"])["numbers"]:
            raise CheckpointError(f"{path.name}: holds {len(keys)} numbers, not as many as it says")
        return cls(keys=keys)

    def save(self, path: Path) -> None:
        """
        Put the set on disk whole or not at all.
        """
        with writing(path, KIND) as file:
            file.section("meta")
            file.write(orjson.dumps({"numbers": len(self)}))
            file.section("bitmaps")
            ends = array("Q")
            for piece in self._pieces():
                file.write(piece)
                ends.append(len(piece) + (ends[-1] if ends else 0))
            file.section("ends")
            file.write(ends)

    def _pieces(self) -> Iterator[bytes]:
        """
        The set as bitmaps of some of its numbers each, in ascending order.
        """
        keys = iter(self._keys)
        while some := array("Q", islice(keys, PIECE)):
            yield _tighten(BitMap64(some)).serialize()

    def __contains__(self, number: object) -> bool:
        """
        Whether the number is listed; what is no number is not.
        """
        return (
            isinstance(number, str)
            and number.isascii()  # as in is_number, whose call would take a fifth of the time
            and number.isdigit()
            and number[0] != "0"
            and len(number) <= MAX_DIGITS
            and int(number) in self._keys
        )

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        """
        Every number, short ones first, then by their digits.
        """
        return map(number_of, self._keys)

    def __or__(self, other: "NumberSet") -> "NumberSet":
        return NumberSet(keys=_tighten(self._keys | other._keys))

    def __and__(self, other: "NumberSet") -> "NumberSet":
        return NumberSet(keys=_tighten(self._keys & other._keys))

    def __sub__(self, other: "NumberSet") -> "NumberSet":
        return NumberSet(keys=_tighten(self._keys - other._keys))

    def __eq__(self, other: object) -> bool:
        return self._keys == other._keys if isinstance(other, NumberSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


def _tighten(keys: BitMap64) -> BitMap64:
    """
    The same bitmap in as little memory as there is for it.
    """
    keys.run_optimize()
    keys.shrink_to_fit()
    return keys
