"""
What an account uses of its plan, in one process.
"""

import time
from typing import Any

from service.errors import ApiError
from service.quota.counting import Counting, Mode
from service.quota.exchange import Bid
from service.quota.fast import ADMITTED, ASK, REFUSED
from service.quota.fields import Headers, is_low, limit_fields, over_plan
from service.quota.gcra import NEVER_NS
from service.quota.plan import Plan
from service.quota.usage import usage_of

__all__ = ["ADMITTED", "ASK", "REFUSED", "Meter", "Mode"]


class Meter(Counting):
    """
    One for each account and environment in each process; a new snapshot goes on with it.

    It counts (:mod:`service.quota.counting`), tells clients of it, and deals with the lender.
    """

    __slots__ = ()

    def change(self, plan: Plan) -> None:
        """
        Count by another plan, from the next second at the latest; what is used stays used. From any thread.
        """
        if plan != self.wanted_plan:
            self.wanted_plan = plan
            self._until_ns = -NEVER_NS

    def refusal(self, service: str, now_ns: int, now_s: float) -> ApiError:
        """
        The 429 for the request just refused, with the longest of its waits.

        Args:
            service: such as ``rate``.
            now_ns: as in :meth:`take`.
            now_s: unix time.

        """
        self.catch_up(now_ns)
        self.refused += 1
        gauges, lent = self.limits_for(service), self.mode is Mode.REDIS
        spent = [gauge for gauge in gauges if (gauge.held if lent else gauge.room(now_ns)) <= 0]
        waits = [(gauge.wait_s(now_ns, now_s, lent=lent), gauge) for gauge in spent or gauges]
        wait_s, gauge = max(waits, key=lambda wait: wait[0])
        error = over_plan(gauge, wait_s, limit_fields(gauges, now_ns, now_s, lent=lent))
        self.pay(now_ns)
        return error

    def headers(self, service: str, now_ns: int, now_s: float) -> Headers:
        """
        Fields for a request let through: none unless less than a fifth of some limit remains.
        """
        self.catch_up(now_ns)
        gauges, lent = self.limits_for(service), self.mode is Mode.REDIS
        low = any(is_low(gauge, now_ns, lent=lent) for gauge in gauges)
        fields = limit_fields(gauges, now_ns, now_s, lent=lent) if low else ()
        self.pay(now_ns)
        return fields

    def usage(self, now_s: float, now_ns: int | None = None) -> dict[str, Any]:
        """
        What is used and left, as far as this process knows; JSON types only.

        Args:
            now_s: unix time.
            now_ns: as in :meth:`take`; None: now.

        """
        now_ns = time.monotonic_ns() if now_ns is None else now_ns
        self.catch_up(now_ns)
        lent = self.mode is Mode.REDIS
        limits = [usage_of(gauge, now_ns, now_s, lent=lent) for gauge in self.gauges]
        self.pay(now_ns)
        counts = {"admitted": self.admitted, "refused": self.refused, "would_refuse": self.would_refuse}
        return {"mode": self.mode.value, "dry_run": self.plan.dry_run, "limits": limits, **counts}

    def enlist(self) -> None:
        """
        Have the lender, or the ledger, come.
        """
        self.worker.enlist(self)

    def is_due(self, now_ns: int) -> bool:
        """
        Redis should be asked now.
        """
        if self.lease.rests(now_ns):
            return False
        self.refresh(now_ns)
        return self.lease.is_due(self.gauges, now_ns, shared=self.mode is Mode.SHARE)

    def is_idle(self, now_ns: int) -> bool:
        """
        Nothing to tell and nothing to give back.
        """
        self.catch_up(now_ns)
        busy = any(gauge.held or gauge.unreported or gauge.wanted for gauge in self.gauges)
        self.pay(now_ns)
        return not (busy or self.lease.waiting or self.lease.bid)

    def ask(self, worker: str, now_ns: int) -> Bid:
        """
        What to send to Redis now.

        Args:
            worker: name of this process there.

        """
        self.catch_up(now_ns)
        bid = self.lease.ask(worker, self.gauges, now_ns, shared=self.mode is Mode.SHARE)
        self.pay(now_ns)
        return bid

    def answer(self, said: dict[str, Any], now_ns: int) -> None:
        """
        Take what Redis answered.
        """
        self.catch_up(now_ns)
        if self.lease.answer(said, self.gauges, now_ns) and self.mode is Mode.SHARE:
            self.mode = Mode.REDIS
        self.pay(now_ns)

    def give_back(self, now_ns: int) -> None:
        """
        Need nothing more: the next exchange gives back all that is held.
        """
        self.catch_up(now_ns)
        for gauge in self.gauges:
            gauge.wanted, gauge.touched = 0, False
