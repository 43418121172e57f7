"""
Limits as they are typed.
"""

from collections.abc import Mapping
from dataclasses import replace

from service.quota.plan import UNLIMITED, Limits

WORDS = {"rps": "per_second", "burst": "burst", "daily": "per_day", "monthly": "per_month", "concurrent": "concurrent"}
"""What a limit is typed as, and what it is."""


def parse_limits(typed: Mapping[str, str | None], before: Limits) -> Limits:
    """
    Put the limits that were typed in place of what was there. A burst not typed is at least that of a second.

    Args:
        typed: by word; None: not typed, ``none``: lifted.

    Raises:
        ValueError: one is no whole number.
    """
    values = {WORDS[word]: _number(word, text) for word, text in typed.items() if text is not None}
    limits = replace(before, **values)
    if typed.get("rps") is not None and typed.get("burst") is None:
        limits = replace(limits, burst=_burst(limits))
    return limits


def parse_services(typed: list[str], before: Mapping[str, Limits]) -> dict[str, Limits]:
    """
    Put the limits of services in place: ``rate:rps=10,daily=1000``; one without limits has none any more.

    Raises:
        ValueError: one cannot be read.
    """
    services = dict(before)
    for text in typed:
        service, _, limits = text.partition(":")
        if not service or not service.replace("/", "").isalnum():
            raise ValueError(f"'{text}' is not SERVICE:rps=N,burst=N,daily=N,monthly=N")
        services.pop(service, None)
        if limits.strip():
            services[service] = parse_limits(_pairs(text, limits), UNLIMITED)
    return services


def _burst(limits: Limits) -> int | None:
    if limits.per_second is None:
        return None
    return max(limits.per_second, limits.burst or 0)


def _pairs(text: str, limits: str) -> dict[str, str | None]:
    pairs: dict[str, str | None] = {}
    for pair in limits.split(","):
        word, _, number = pair.strip().partition("=")
        if word not in WORDS or word == "concurrent" or word in pairs:
            raise ValueError(f"'{text}': '{pair}' is none of rps=N, burst=N, daily=N, monthly=N")
        pairs[word] = number
    return pairs


def _number(word: str, text: str) -> int | None:
    if text == "none":
        return None
    plain = text.replace("_", "").replace(",", "")
    if not plain.isascii() or not plain.isdigit():
        raise ValueError(f"{word} is '{text}', should be a whole number or 'none'")
    return int(plain)
