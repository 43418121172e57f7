"""
What is worth keeping of what was worked out.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """
    As many values as there is room for; for one more, the one nobody asked for longest goes.

    One at a time, since to let go of thousands at once would hold up whoever asks just then by milliseconds.
    Threads may share it: each step is one of a dictionary, and a value follows from its key.
    """

    __slots__ = ("_kept", "_limit")

    def __init__(self, limit: int) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._limit = limit

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: K) -> V | None:
        """
        The value kept, if there is one.
        """
        kept = self._kept
        value = kept.get(key)
        if value is not None:
            try:
                kept.move_to_end(key)
            except KeyError:  # another thread let go of it meanwhile
                return value
        return value

    def keep(self, key: K, value: V) -> V:
        """
        Keep a value.
        """
        kept = self._kept
        kept[key] = value
        while len(kept) > self._limit:
            kept.popitem(last=False)
        return value
