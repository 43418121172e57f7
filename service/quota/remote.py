"""
What is needed of a store that processes share, whatever it is.
"""

from collections.abc import Sequence
from typing import Protocol


class StoreDown(Exception):  # noqa: N818
    """
    The store did not do what was asked, or did not say so; ask again later.

    Attributes:
        reason: a few words for the operator, without addresses or secrets.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Store(Protocol):
    """
    Each method raises :class:`StoreDown` within a bounded time, and nothing else.
    """

    async def prepare(self) -> None:
        """
        Connect, so that the first request need not wait for that.
        """

    async def forget(self) -> None:
        """
        Start afresh, having been answered what was not asked.
        """

    async def exchange(self, bids: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """
        Send bids, by meter key, all at once; the answers in their order.
        """

    async def acquire(self, slots: Sequence[tuple[str, int]], request: str, ttl_ms: int) -> int:
        """
        Take a slot of each limit, or hold on to it.

        Args:
            slots: keys, all of one meter, and their limits.
            request: running.
            ttl_ms: after which it counts as gone.

        Returns:
            0: taken. Otherwise which of the limits is reached, from 1.

        """

    async def release(self, keys: Sequence[str], request: str) -> None:
        """
        Give slots back.
        """

    async def close(self) -> None:
        """
        Close every connection; what goes wrong with that is nobody's concern.
        """


def key_of(meter: str, what: str) -> str:
    """
    Name of a key; all those of one meter lie in one slot of a cluster, by the part in braces.
    """
    return f"ratedip:{{{meter}}}:{what}"
