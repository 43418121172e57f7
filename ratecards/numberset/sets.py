"""
A very large set of numbers: who must not be called, who must not appear as a caller.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Self

import orjson
from pyroaring import BitMap64

from ratecards.numbers import MAX_DIGITS
from ratecards.numberset.checkpoint import CheckpointError, Kind, open_checkpoint, writing
from ratecards.numberset.keys import key_of, number_of

KIND = Kind("numbers", 1)
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
            keys: a bitmap of their keys, for the set to have for itself.

        Raises:
            NumberError: one of the numbers is something else.

        """
        self._keys = BitMap64() if keys is None else keys
        rest = map(key_of, numbers)
        while some := list(islice(rest, _AT_ONCE)):
            self._keys.update(some)
        self._keys.run_optimize()
        self._keys.shrink_to_fit()

    @classmethod
    def of_keys(cls, batches: Iterable[Iterable[int]]) -> Self:
        """
        Take batches of what :func:`ratecards.numberset.keys.key_of` makes of numbers, unchecked.
        """
        keys = BitMap64()
        for batch in batches:
            keys.update(batch)
        return cls(keys=keys)

    @classmethod
    def open(cls, path: Path, pause: Callable[[], None] | None = None) -> Self:
        """
        Verify a file that :meth:`save` wrote, and read it.

        Raises:
            CheckpointError: the file is not whole, or something else. Load the list again.
            OSError: it cannot be read.

        """
        sections = open_checkpoint(path, KIND, pause)
        keys = BitMap64.deserialize(sections["bitmap"])  # type: ignore[arg-type]  # any buffer will do
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
            file.section("bitmap")
            file.write(self._keys.serialize())

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
        return NumberSet(keys=self._keys | other._keys)

    def __and__(self, other: "NumberSet") -> "NumberSet":
        return NumberSet(keys=self._keys & other._keys)

    def __sub__(self, other: "NumberSet") -> "NumberSet":
        return NumberSet(keys=self._keys - other._keys)

    def __eq__(self, other: object) -> bool:
        return self._keys == other._keys if isinstance(other, NumberSet) else NotImplemented

    __hash__ = None  # type: ignore[assignment]
