"""
What Redis has lent an account in this process, and when to ask it again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from service.quota.exchange import LENT_NS, Bid, apply_answer, make_bid
from service.quota.fields import AnyGauge
from service.quota.gcra import NEVER_NS, NS, Gcra
from service.quota.rate_gauge import RateGauge

CALLS_PER_SECOND, CALLS_AT_ONCE = 2, 3
"""Exchanges with Redis, for one account and process: in the long run, and where requests wait."""
RENEW_NS, PAUSE_NS = LENT_NS // 2, NS // 2


class Lease:
    """
    Attributes:
        bid: sent and not answered.
        waiting: requests that were told to wait since the last exchange.
        until_ns: what is held may be used before this.
        failed: the last exchange was not answered.
    """

    __slots__ = (
        "_calls",
        "_made_ns",
        "_rejoined",
        "_sequence",
        "_stale",
        "asked_ns",
        "bid",
        "failed",
        "until_ns",
        "waiting",
    )

    def __init__(self) -> None:
        self.bid: Bid | None = None
        self.waiting = 0
        self.failed = self._rejoined = self._stale = False
        self.asked_ns = self.until_ns = self._made_ns = -NEVER_NS
        self._sequence = 0
        self._calls = Gcra(CALLS_PER_SECOND, CALLS_AT_ONCE)
        self._calls.due_ns = -NEVER_NS

    def may_call(self, now_ns: int) -> bool:
        return self._calls.room(now_ns) > 0

    def rests(self, now_ns: int) -> bool:
        """
        It is too early to ask again, whatever has been used.
        """
        return (now_ns - self.asked_ns < PAUSE_NS and not self.waiting) or not self.may_call(now_ns)

    def is_due(self, gauges: Sequence[AnyGauge], now_ns: int, *, shared: bool) -> bool:
        """
        Redis should be asked now: requests wait, what is lent runs out, or there is something to tell.

        Args:
            shared: the share has decided since Redis was lost.

        """
        if self.rests(now_ns):
            return False
        if self.bid or self.waiting or shared or now_ns - self.asked_ns >= RENEW_NS:
            return True
        return any(gauge.held * 2 < gauge.wanted for gauge in gauges)

    def ask(self, worker: str, gauges: Sequence[AnyGauge], now_ns: int, *, shared: bool) -> Bid:
        """
        The exchange to send now: the last one again, if it was not answered.

        The first after a time without Redis only tells: the others have something to tell as well.
        """
        self._calls.charge(1, now_ns)
        if self.bid is None:
            self._sequence += 1
            _prepare(gauges, now_ns, lapsed=now_ns >= self.until_ns, shared=shared)
            asks = self._rejoined or not shared
            self.bid = make_bid(worker, self._sequence, gauges, self.waiting, self._made_ns, now_ns, asks=asks)
            self._made_ns = now_ns
        self.asked_ns = now_ns
        self.waiting = 0
        return self.bid

    def answer(self, said: dict[str, Any], gauges: Sequence[AnyGauge], now_ns: int) -> bool:
        """
        Take the answer to the bid.

        Returns:
            It grants, and came in time for that to be used.

        """
        bid, self.bid = self.bid, None
        if bid is None:
            return False
        apply_answer(bid, said, gauges, now_ns)
        self.failed = False
        self._rejoined = not bid.asks and not self._stale
        self._stale = False
        self.until_ns = bid.sent_ns + LENT_NS
        return bid.asks and now_ns < self.until_ns

    def lose(self) -> None:
        """
        The share decides from now on; what the bid under way may grant is not used.
        """
        if self.bid is not None:
            self.bid = replace(self.bid, asks=False)
            self._stale = True


def _prepare(gauges: Sequence[AnyGauge], now_ns: int, *, lapsed: bool, shared: bool) -> None:
    for gauge in gauges:
        if lapsed:
            gauge.held = 0
        if shared and isinstance(gauge, RateGauge):
            gauge.settle_share(now_ns)
