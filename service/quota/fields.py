"""
What a client is told of its limits: the header fields and the 429.

Source: draft-ietf-httpapi-ratelimit-headers-10, sections 3 (RateLimit-Policy) and 4 (RateLimit).
"""

from collections.abc import Sequence

from service.errors import ApiError, retry
from service.quota.rate_gauge import RateGauge
from service.quota.total_gauge import TotalGauge

AnyGauge = RateGauge | TotalGauge
Headers = tuple[tuple[bytes, bytes], ...]
LOW = 5
"""A client is told when less than one part in so many remains of a limit."""


def limit_fields(gauges: Sequence[AnyGauge], now_ns: int, now_s: float, *, lent: bool) -> Headers:
    """
    ``RateLimit-Policy`` and ``RateLimit``; without limits no fields.

    Args:
        lent: Redis lends what remains, else it is this process's share.

    """
    if not gauges:
        return ()
    policy = ", ".join(f'"{g.name}";q={g.limit};w={_window_s(g)}' for g in gauges)
    state = ", ".join(_state(gauge, now_ns, now_s, lent) for gauge in gauges)
    return ((b"ratelimit-policy", policy.encode()), (b"ratelimit", state.encode()))


def _window_s(gauge: AnyGauge) -> int:
    return gauge.window_s() if isinstance(gauge, TotalGauge) else 1


def _state(gauge: AnyGauge, now_ns: int, now_s: float, lent: bool) -> str:
    left = min(gauge.limit, gauge.left(now_ns, lent=lent))
    reset_s = gauge.wait_s(now_ns, now_s, lent=lent and isinstance(gauge, RateGauge))
    return f'"{gauge.name}";r={left};t={reset_s}'


def is_low(gauge: AnyGauge, now_ns: int, *, lent: bool) -> bool:
    return gauge.left(now_ns, lent=lent) * LOW < gauge.capacity


def over_plan(gauge: AnyGauge, retry_after_s: int, fields: Headers) -> ApiError:
    """
    The answer to a request over its account's plan.

    Args:
        gauge: the limit it is over.
        retry_after_s: whole seconds after which one is let through, at least 1.
        fields: from :func:`limit_fields`.

    """
    reason = f"Rate Limiting Applied. {gauge.limit} requests per {gauge.per} exceeded."
    return ApiError(429, reason, retry_after=retry_after_s, headers=(*retry(retry_after_s), *fields))


def over_concurrent(limit: int) -> ApiError:
    """
    The answer to a request beyond those that may run at one time.
    """
    reason = f"Rate Limiting Applied. {limit} active requests are already in progress."
    return ApiError(429, reason, retry_after=1, headers=retry(1))
