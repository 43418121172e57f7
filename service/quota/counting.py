"""
The count of an account's requests in one process, by what is lent or by share.
"""

from collections.abc import Sequence
from enum import StrEnum

from service.quota.fast import ADMITTED, ASK, REFUSED, Fast
from service.quota.fields import AnyGauge, is_low
from service.quota.gauges import gauges_of, keep
from service.quota.gcra import NEVER_NS, NS
from service.quota.lease import Lease
from service.quota.plan import Plan
from service.quota.total_gauge import TotalGauge
from service.quota.worker import Backing, Worker


class Mode(StrEnum):
    """
    What decides: tokens lent by Redis, this process's share while Redis is lost, its share as there is no Redis.
    """

    REDIS = "redis"
    SHARE = "share"
    PROCESS = "process"


class Counting(Fast):
    """
    Attributes:
        key: ``p:<account>`` for production, ``s:<account>`` for the sandbox.
        lease: what Redis has lent.
        gauges: every limit of the plan, the account's own first.
        wanted_plan: the plan to count by from the next look on.
        admitted: let through, but for what is not settled yet.
        would_refuse: of these, let through by a dry run alone.
        running: requests to slow services, by whose limit counts them.
    """

    __slots__ = (
        "__weakref__",
        "_by_service",
        "_look_ns",
        "_own",
        "admitted",
        "gauges",
        "key",
        "lease",
        "mode",
        "plan",
        "refused",
        "running",
        "wanted_plan",
        "worker",
        "would_refuse",
    )  # fmt: skip

    plan: Plan
    _by_service: dict[str, tuple[AnyGauge, ...]]
    _look_ns: int
    _own: tuple[AnyGauge, ...]
    wanted_plan: Plan

    def __init__(self, key: str, plan: Plan, worker: Worker | None = None) -> None:
        super().__init__()
        self.key = key
        self.worker = worker or Worker()
        self.lease = Lease()
        self.admitted = self.refused = self.would_refuse = 0
        self.running: dict[str, int] = {}
        self.gauges: tuple[AnyGauge, ...] = ()
        self.mode = Mode.PROCESS
        self._set_plan(plan, 0)

    @property
    def unsettled(self) -> int:
        """
        Requests let through that no limit is charged with yet.
        """
        return self._prepaid - self._free

    def catch_up(self, now_ns: int) -> None:
        """
        Settle what was let through, and take up what has changed: the plan, the day, the month.
        """
        self.admitted += self.settle(self._own, now_ns, lent=self.mode is Mode.REDIS)
        if self.wanted_plan is not self.plan:
            self._set_plan(self.wanted_plan, now_ns)
        if now_ns >= self._look_ns:
            now_s = self.worker.clock()
            ends = [gauge.turn(now_s) - now_s for gauge in self.gauges if isinstance(gauge, TotalGauge)]
            self._look_ns = now_ns + max(0, int(min([1.0, *ends]) * NS))

    def refresh(self, now_ns: int) -> None:
        """
        Go by what has been learned of the other processes.
        """
        self.catch_up(now_ns)
        self.pay(now_ns)

    def _set_plan(self, plan: Plan, now_ns: int) -> None:
        before = {gauge.name: gauge for gauge in self.gauges}
        after = gauges_of(self.worker, plan)
        keep(after, before, now_ns)
        self.plan = self.wanted_plan = plan
        self.gauges = tuple(after.values())
        self._own = tuple(gauge for gauge in self.gauges if not gauge.service)
        self._by_service = {name: self._with(name) for name in plan.services}
        if self.worker.backing is not Backing.REDIS or not after:
            self.mode = Mode.PROCESS
        elif self.mode is Mode.PROCESS:
            self.mode = Mode.REDIS
        self._look_ns = -NEVER_NS

    def _with(self, service: str) -> tuple[AnyGauge, ...]:
        return tuple(gauge for gauge in self.gauges if gauge.service in ("", service))

    def limits_for(self, service: str) -> tuple[AnyGauge, ...]:
        """
        Every limit that a request to a service must be within.
        """
        return self._by_service.get(service, self._own)

    def _take_slowly(self, service: str, now_ns: int) -> int:
        self.catch_up(now_ns)
        gauges = self.limits_for(service)
        verdict = self._admit(gauges, now_ns)
        if verdict == REFUSED and self.plan.dry_run:
            verdict = self._admit_anyway(gauges)
        elif verdict != ADMITTED:
            self.lease.waiting += verdict == ASK
            for gauge in gauges:
                gauge.touched = True
                gauge.wanted += gauge.held <= 0  # what another limit refused is not wanted of this one
        self.admitted += verdict == ADMITTED
        self.pay(now_ns)
        return verdict

    def take_many(self, service: str, count: int, now_ns: int) -> int:
        """
        Charge the questions of a bulk request, to the limits a day and a month alone.

        Returns:
            How many were let through. Where that is fewer, the lender may have more: wait for it and take again.

        """
        self.catch_up(now_ns)
        gauges = [gauge for gauge in self.limits_for(service) if isinstance(gauge, TotalGauge)]
        taken = count if not gauges else max(0, min(count, self._room_for_many(gauges, now_ns)))
        if taken < count and self.plan.dry_run:
            self.would_refuse += count - taken
            taken = count
        for gauge in gauges:
            if self.mode is Mode.REDIS and taken <= gauge.held:
                gauge.spend_lent(taken, now_ns)
            else:
                gauge.spend(taken, now_ns)
        if taken < count:
            self.lease.waiting += self.mode is Mode.REDIS
            for gauge in gauges:
                gauge.touched = True
                gauge.wanted += count - taken
        self.admitted += taken
        self.pay(now_ns)
        return taken

    def may_have_more(self, service: str, now_ns: int) -> bool:
        """
        Whether something may be left of the limits a day and a month that nobody has used.
        """
        gauges = [gauge for gauge in self.limits_for(service) if isinstance(gauge, TotalGauge)]
        return all(gauge.left(now_ns, lent=True) > 0 or gauge.lent_out for gauge in gauges)

    def _room_for_many(self, gauges: Sequence[TotalGauge], now_ns: int) -> int:
        if self.mode is Mode.REDIS:
            if now_ns < self.lease.until_ns and all(gauge.held > 0 for gauge in gauges):
                return min(gauge.held for gauge in gauges)
            if self.worker.up and not self.lease.failed:
                return 0
            self._lose()
        return min(gauge.room(now_ns) for gauge in gauges)

    def _admit(self, gauges: Sequence[AnyGauge], now_ns: int) -> int:
        lease = self.lease
        if self.mode is Mode.REDIS:
            if not gauges or (now_ns < lease.until_ns and all(gauge.held > 0 for gauge in gauges)):
                for gauge in gauges:
                    gauge.spend_lent(1, now_ns)
                return ADMITTED
            if self.worker.up and not lease.failed:
                return ASK if lease.may_call(now_ns) else REFUSED
            self._lose()
        if any(gauge.room(now_ns) <= 0 for gauge in gauges):
            return REFUSED
        for gauge in gauges:
            gauge.spend(1, now_ns)
        return ADMITTED

    def _lose(self) -> None:
        """
        Go on by the share; what was lent is dropped.
        """
        self.mode = Mode.SHARE
        self.lease.lose()
        for gauge in self.gauges:
            gauge.held = 0

    def _admit_anyway(self, gauges: Sequence[AnyGauge]) -> int:
        self.would_refuse += 1
        for gauge in gauges:
            if isinstance(gauge, TotalGauge):
                gauge.count(1)
        return ADMITTED

    def enlist(self) -> None:
        """
        There is something to tell.
        """
        raise NotImplementedError

    def pay(self, now_ns: int) -> None:
        """
        Set the fast path up again, after :meth:`catch_up` and whatever came after it.
        """
        lent = self.mode is Mode.REDIS
        if not lent and self.gauges and self.worker.backing is not Backing.NONE:
            self.enlist()
        if self._by_service:
            self.show_low(any(is_low(gauge, now_ns, lent=lent) for gauge in self.gauges))
            return
        until_ns = min(self._look_ns, self.lease.until_ns) if lent and self.gauges else self._look_ns
        self.prepay(self._own, until_ns, now_ns, lent=lent)
