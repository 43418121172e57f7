"""
At which durations a route loses: where what is bought and what is sold are billed in different increments.

What a call earns is the fees' difference plus ``sell rate x seconds sold - buy rate x seconds bought``. Those two
numbers of seconds depend on the increments alone, so the few pairs of them that can be the worst at any prices are
found once for each pair of increments (the corners of their hull) and then tried.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import lcm

from ratecards.charge import SECONDS_PER_RATE, billed_seconds
from ratecards.lcr.charge import Charge

LONGEST_S = 3600
"""Durations looked at: every whole second from 1 to this."""
_PAIRS = 4096
_CROSSED = 65_536


@dataclass(frozen=True, slots=True)
class Crossing:
    """
    How a route that loses at some duration from 1 to 3600 s does so.

    Attributes:
        break_even_s: the shortest duration from which on it never loses; None: it still loses at 3600 s.
        loses_from_s: the shortest duration at which it loses.
        worst_loss: the largest loss, in the unit of the charges given times 60.
        worst_loss_s: the shortest duration at which it is that large.

    """

    break_even_s: int | None
    loses_from_s: int
    worst_loss: int
    worst_loss_s: int


def cross(sell: Charge, buy: Charge) -> Crossing | None:
    """
    Find where a route loses.

    Args:
        sell: what the customer pays.
        buy: what the carrier is paid, in the same unit of the same currency.

    Returns:
        None if it never does.

    """
    sell_rate, sell_fee, sell_mcd_s, sell_pulse_s = sell
    buy_rate, buy_fee, buy_mcd_s, buy_pulse_s = buy
    points, sells_more = corners(sell_mcd_s, sell_pulse_s, buy_mcd_s, buy_pulse_s)
    if sells_more and sell_rate >= buy_rate and sell_fee >= buy_fee:
        return None
    fees = (sell_fee - buy_fee) * SECONDS_PER_RATE
    worst, worst_at = 0, 0
    for sold_s, bought_s, duration_s in points:
        earned = fees + sell_rate * sold_s - buy_rate * bought_s
        if earned < worst:
            worst, worst_at = earned, duration_s
    if not buy_rate:
        worst_at = 1  # what is sold only adds up
    return _crossed(sell, buy, -worst, worst_at) if worst else None


@lru_cache(maxsize=_PAIRS)
def corners(
    sell_mcd_s: int, sell_pulse_s: int, buy_mcd_s: int, buy_pulse_s: int
) -> tuple[tuple[tuple[int, int, int], ...], bool]:
    """
    Find the pairs of seconds sold and bought that can be the worst at some prices.

    Returns:
        Seconds sold, seconds bought and the shortest such duration, all rising; and whether never less is sold.

    """
    pairs = set()
    for duration_s in _marks(sell_mcd_s, sell_pulse_s, buy_mcd_s, buy_pulse_s):
        sold_s = billed_seconds(duration_s, sell_mcd_s, sell_pulse_s)
        bought_s = billed_seconds(duration_s, buy_mcd_s, buy_pulse_s)
        since_s = max(_begun(sold_s, sell_mcd_s, sell_pulse_s), _begun(bought_s, buy_mcd_s, buy_pulse_s))
        pairs.add((sold_s, -bought_s, since_s))
    hull: list[tuple[int, int, int]] = []
    for sold_s, bought_s, since_s in sorted(pairs):
        point = (sold_s, -bought_s, since_s)
        if hull and point[1] <= hull[-1][1]:
            continue
        while len(hull) > 1 and not _turns(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return tuple(hull), all(sold_s >= bought_s for sold_s, bought_s, _ in hull)


def _turns(a: tuple[int, int, int], b: tuple[int, int, int], c: tuple[int, int, int]) -> bool:
    """
    Whether the middle point is a corner: more is bought for a second sold on the way to it than behind it.
    """
    return (b[1] - a[1]) * (c[0] - b[0]) > (c[1] - b[1]) * (b[0] - a[0])


def _begun(billed_s: int, mcd_s: int, pulse_s: int) -> int:
    """
    The shortest duration billed so.
    """
    return 1 if billed_s <= mcd_s else max(1, billed_s - pulse_s + 1)


def _marks(sell_mcd_s: int, sell_pulse_s: int, buy_mcd_s: int, buy_pulse_s: int) -> set[int]:
    """
    Durations among which the corners are.

    Up to the longer of the first increments one side moves at most. From there on both repeat, and what lies between
    the first and the last repetition is a corner of nothing.
    """
    start, period = max(sell_mcd_s, buy_mcd_s), lcm(sell_pulse_s, buy_pulse_s)
    marks = {1, start, start + 1, LONGEST_S}
    for low, high in ((start, start + period), (LONGEST_S - period, LONGEST_S)):
        ends = _worst_of_blocks(sell_mcd_s, sell_pulse_s, buy_mcd_s, buy_pulse_s, max(low, start))
        marks.update(range(ends.start, min(high, LONGEST_S) + 1, ends.step))
    return {mark for mark in marks if 1 <= mark <= LONGEST_S}


def _worst_of_blocks(sell_mcd_s: int, sell_pulse_s: int, buy_mcd_s: int, buy_pulse_s: int, after_s: int) -> range:
    """
    The worst duration of each block of the longer pulse: the last second of one sold, the first of one bought.
    """
    if sell_pulse_s >= buy_pulse_s:
        first, step = sell_mcd_s, sell_pulse_s
    else:
        first, step = buy_mcd_s + 1, buy_pulse_s
    start = first + max(0, -(-(after_s + 1 - first) // step)) * step
    return range(start, LONGEST_S + 1, step)


@lru_cache(maxsize=_CROSSED)
def _crossed(sell: Charge, buy: Charge, worst_loss: int, worst_loss_s: int) -> Crossing:
    pair = _Pair(sell, buy)
    last = pair.last_loss_s()
    return Crossing(None if last == LONGEST_S else last + 1, pair.first_loss_s(), worst_loss, worst_loss_s)


class _Pair:
    """
    Sold and bought, as runs of durations along each of which what is earned only rises or only falls.
    """

    def __init__(self, sell: Charge, buy: Charge) -> None:
        self.sell, self.buy = sell, buy
        self.fees = (sell.connect_fee_units - buy.connect_fee_units) * SECONDS_PER_RATE
        self.start = min(LONGEST_S, max(sell.mcd_s, buy.mcd_s))
        self.worst = _worst_of_blocks(sell.mcd_s, sell.pulse_s, buy.mcd_s, buy.pulse_s, self.start)
        self.sold_in_blocks = sell.pulse_s >= buy.pulse_s

    def loses(self, duration_s: int) -> bool:
        sell, buy = self.sell, self.buy
        sold = sell.rate_units * billed_seconds(duration_s, sell.mcd_s, sell.pulse_s)
        return self.fees + sold < buy.rate_units * billed_seconds(duration_s, buy.mcd_s, buy.pulse_s)

    def first_loss_s(self) -> int:
        """
        The shortest duration that loses, where one does.
        """
        first = min(found for run in self._runs() if (found := self._first_of(run)))
        if first not in self.worst or not self.sold_in_blocks:
            return first
        block = range(max(self.start, first - self.sell.pulse_s) + 1, first + 1)
        return block[bisect_left(block, True, key=self.loses)]

    def last_loss_s(self) -> int:
        """
        The longest duration up to 3600 s that loses, where one does.
        """
        last = max(self._last_of(run) for run in self._runs())
        if last not in self.worst or self.sold_in_blocks:
            return last
        block = range(last, min(last + self.buy.pulse_s - 1, LONGEST_S) + 1)
        return block[bisect_left(block, True, key=lambda duration_s: not self.loses(duration_s)) - 1]

    def _runs(self) -> Iterable[range]:
        """
        Second by second before the blocks and behind the last whole one; then the blocks that lie a period apart.
        """
        within = max(1, min(self.sell.mcd_s, self.buy.mcd_s, self.start))
        yield range(within, self.start + 1)
        if not self.worst:
            yield range(self.start + 1, LONGEST_S + 1)
            return
        yield range(self.start + 1, self.worst[0])
        yield range(self.worst[-1] + 1, LONGEST_S + 1)
        apart = lcm(self.sell.pulse_s, self.buy.pulse_s) // self.worst.step
        for place in range(min(apart, len(self.worst))):
            yield self.worst[place::apart]

    def _first_of(self, run: range) -> int:
        if not run:
            return 0
        if self.loses(run[0]):
            return 1 if run[0] <= min(self.sell.mcd_s, self.buy.mcd_s) else run[0]
        return run[bisect_left(run, True, key=self.loses)] if self.loses(run[-1]) else 0

    def _last_of(self, run: range) -> int:
        if not run:
            return 0
        if self.loses(run[-1]):
            return run[-1]
        if not self.loses(run[0]):
            return 0
        return run[bisect_left(run, True, key=lambda duration_s: not self.loses(duration_s)) - 1]
