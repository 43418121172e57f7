"""
A limit as people and programs read it.
"""

from typing import Any

from service.quota.fields import AnyGauge
from service.quota.gcra import NS
from service.quota.total_gauge import TotalGauge
from service.quota.windows import ends_s


def usage_of(gauge: AnyGauge, now_ns: int, now_s: float, *, lent: bool) -> dict[str, Any]:
    """
    Args:
        gauge: the limit.
        now_ns: of the clock that never goes back.
        now_s: unix time.
        lent: Redis lends what remains, else it is this process's share.

    Returns:
        ``per``, ``service`` (None: the account's own), ``limit``, ``used``, ``left``, ``resets`` (unix seconds); for a
        limit a second also ``burst``: what is used and left is of that, and resets when all of it is there again.

    """
    left = gauge.left(now_ns, lent=lent)
    common = {"per": gauge.per, "service": gauge.service or None, "limit": gauge.limit}
    if isinstance(gauge, TotalGauge):
        return {**common, "used": gauge.used, "left": left, "resets": ends_s(gauge.per, gauge.window)}
    used = gauge.capacity - left
    full_ns = used * NS // gauge.limit
    return {**common, "burst": gauge.capacity, "used": used, "left": left, "resets": -int(-(now_s + full_ns / NS) // 1)}
