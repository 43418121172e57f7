"""
What routes earn at prices met before: a deck has few prices for its many prefixes.
"""

from ratecards.lcr.judge import Sold
from ratecards.lcr.routes import Earned

MAX_EARNED = 32_768
"""Kept by one customer's card, about 500 bytes each and what renderers keep with it; full, begun anew."""
Bought = tuple[int, int, int]
"""Seat, its terms in the joint index, and what the call costs in pieces."""


class EarnedBefore:
    """
    Earnings by what was sold, then by what was bought.

    Threads may share it: each read and each write is one step of a dictionary, and a value follows from its keys.
    """

    def __init__(self, limit: int = MAX_EARNED) -> None:
        self._limit = limit
        self._count = 0
        self._by_sold: dict[Sold, dict[Bought, Earned]] = {}

    def under(self, sold: Sold) -> dict[Bought, Earned]:
        """
        What is known of one sale.
        """
        known = self._by_sold.get(sold)
        if known is None:
            self._count_one()
            known = self._by_sold[sold] = {}
        return known

    def keep(self, known: dict[Bought, Earned], key: Bought, earned: Earned) -> Earned:
        """
        Remember what was worked out.
        """
        self._count_one()
        known[key] = earned
        return earned

    def _count_one(self) -> None:
        if self._count >= self._limit:
            self._by_sold.clear()
            self._count = 0
        self._count += 1
