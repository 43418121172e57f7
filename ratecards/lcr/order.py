"""
Strategies: in what order the routes that cost no more than they may are tried.
"""

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal

from ratecards.lcr.model import Provider, Quality, Strategy

Rank = tuple[Decimal, ...]
_UNKNOWN: Rank = (Decimal("Infinity"),)


def rank_by(strategy: Strategy, quality: Mapping[str, Quality]) -> Callable[[Provider], Rank] | None:
    """
    What a strategy orders by before cost; routes it finds equal stay in the order of their cost.

    - ``cost``: nothing.
    - ``margin``: nothing: all routes of one question sell for the same, so the cheapest earns most, in money and in
      percent.
    - ``quality``: the answer-seizure ratio in whole percent, the highest first, so that a tenth of a percent does not
      outweigh cost; then the average duration, the longest first. A carrier of unknown quality comes last.
    - ``priority``: the manual order.
    """
    if strategy is Strategy.PRIORITY:
        return lambda provider: (Decimal(provider.priority),)
    if strategy is Strategy.QUALITY:
        return lambda provider: _rank_of(quality.get(provider.card))
    return None


def _rank_of(quality: Quality | None) -> Rank:
    if quality is None:
        return _UNKNOWN
    return -quality.asr_percent.to_integral_value(ROUND_FLOOR), -quality.acd_s
