"""
The limits of a plan, as gauges.
"""

from collections.abc import Iterator

from service.quota.fields import AnyGauge
from service.quota.plan import Limits, Plan
from service.quota.rate_gauge import RateGauge
from service.quota.total_gauge import TotalGauge
from service.quota.windows import DAY, MONTH
from service.quota.worker import Worker


def gauges_of(worker: Worker, plan: Plan) -> dict[str, AnyGauge]:
    """
    By name: the account's own first, then those of services.
    """
    own = list(_gauges(worker, "", plan.own))
    more = [gauge for service, limits in plan.services.items() for gauge in _gauges(worker, service, limits)]
    return {gauge.name: gauge for gauge in own + more}


def _gauges(worker: Worker, service: str, limits: Limits) -> Iterator[AnyGauge]:
    if limits.per_second is not None:
        yield RateGauge(worker, service, limits.per_second, limits.burst or limits.per_second)
    if limits.per_day is not None:
        yield TotalGauge(worker, service, DAY, limits.per_day)
    if limits.per_month is not None:
        yield TotalGauge(worker, service, MONTH, limits.per_month)


def keep(gauges: dict[str, AnyGauge], before: dict[str, AnyGauge], now_ns: int) -> None:
    """
    What was used of limits goes on being used when they are replaced by others.
    """
    for name, gauge in gauges.items():
        old = before.get(name)
        if isinstance(gauge, RateGauge) and isinstance(old, RateGauge):
            gauge.keep(old, now_ns)
        elif isinstance(gauge, TotalGauge) and isinstance(old, TotalGauge):
            gauge.keep(old)
