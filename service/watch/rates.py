"""
What happened between two looks at the metrics of a node: rates, percentiles, and how it is now.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import inf
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

PERCENTILES = (0.5, 0.9, 0.99)
_NOW = (
    "workers", "ready", "draining", "generation", "store_up", "redis_up", "memory_bytes", "loop_lag_worst_seconds",
    "broken", "leases", "asrplus_behind_seconds",
)  # fmt: skip
Key = tuple[str, tuple[tuple[str, str], ...]]
Increase = dict[tuple[str, ...], float]
"""A second, by labels."""


class ScrapeError(ValueError):
    """
    A text that is not the metrics of a node.
    """


@dataclass(frozen=True, slots=True)
class Scrape:
    """
    Attributes:
        at_s: by a clock that never goes back.
        values: by name and labels.
    """

    at_s: float
    values: dict[Key, float]

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """
        Values of a metric, added up by some of its labels.
        """
        found: dict[tuple[str, ...], float] = defaultdict(float)
        for (each, said), value in self.values.items():
            if each == name:
                told = dict(said)
                found[tuple(told[label] for label in labels)] += value
        return dict(found)


def read_scrape(text: str, at_s: float) -> Scrape:
    """
    Raises:
        ScrapeError: it is no such text.
    """
    try:
        rows = [row for family in text_string_to_metric_families(text) for row in family.samples]
    except ValueError as error:
        raise ScrapeError(f"these are no metrics: {error}") from None
    scrape = Scrape(at_s, {(row.name, tuple(sorted(row.labels.items()))): row.value for row in rows})
    if ("ratedip_workers", ()) not in scrape.values:
        raise ScrapeError("these are the metrics of something else")
    return scrape


@dataclass(frozen=True, slots=True)
class Pace:
    """
    Of a look-up: how many a second, and the microseconds within which that share of them was answered; None: there
    were none, or it took longer than is told apart.
    """

    per_second: float
    p50_us: float | None
    p90_us: float | None
    p99_us: float | None


@dataclass(frozen=True, slots=True)
class Rates:
    """
    Attributes:
        seconds: between the two looks.
        verdicts: by service and verdict, each a second; ``services``: answers of slow ones by status.
        accounts: requests a second, by account and environment and outcome.
        now: how the node is.
    """

    seconds: float
    lookups: dict[str, Pace] = field(default_factory=dict)
    verdicts: dict[str, dict[str, float]] = field(default_factory=dict)
    services: dict[str, dict[str, float]] = field(default_factory=dict)
    accounts: dict[str, dict[str, float]] = field(default_factory=dict)
    records_per_second: float = 0.0
    cpu: float = 0.0
    connections: dict[str, float] = field(default_factory=dict)
    now: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def rates_between(before: Scrape, after: Scrape) -> Rates:
    """
    A counter that went down began anew, and counts from zero.
    """
    seconds = max(after.at_s - before.at_s, 1e-9)

    def each(name: str, *labels: str) -> Increase:
        old, new = before.by(name, *labels), after.by(name, *labels)
        return {key: _increase(old.get(key, 0.0), value) / seconds for key, value in new.items()}

    verdicts, services = _split(each("ratedip_answers_total", "service", "status", "verdict"))
    accounts = each("ratedip_account_requests_total", "account", "environment", "outcome")
    buckets = each("ratedip_lookup_seconds_bucket", "service", "le")
    return Rates(
        seconds=seconds,
        lookups=_paces(each("ratedip_lookup_seconds_count", "service"), buckets),
        verdicts=verdicts,
        services=services,
        accounts=_nested(
            (f"{name}/{environment}", what, value) for (name, environment, what), value in accounts.items()
        ),
        records_per_second=sum(each("ratedip_call_records_total").values()),
        cpu=sum(each("ratedip_cpu_seconds_total").values()),
        connections={state: value for (state,), value in after.by("ratedip_connections", "state").items()},
        now={name: after.values[f"ratedip_{name}", ()] for name in _NOW if (f"ratedip_{name}", ()) in after.values},
    )


def _increase(old: float, new: float) -> float:
    return new - old if new >= old else new


def _split(answers: Increase) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """
    Answers of look-ups by verdict, and of slow services, which have none, by status.
    """
    verdicts = _nested((service, verdict, value) for (service, _, verdict), value in answers.items() if verdict)
    services = _nested((service, status, value) for (service, status, verdict), value in answers.items() if not verdict)
    return verdicts, services


def _nested(rows: Iterable[tuple[str, str, float]]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for outer, inner, value in rows:
        row = found.setdefault(outer, {})
        row[inner] = row.get(inner, 0.0) + value
    return found


def _paces(counts: Increase, buckets: Increase) -> dict[str, Pace]:
    paces = {}
    for (service,), count in counts.items():
        row = sorted((float(le), value) for (name, le), value in buckets.items() if name == service)
        paces[service] = Pace(count, *(_percentile(row, share) for share in PERCENTILES))
    return paces


def _percentile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """
    Microseconds, between the bounds of a bucket in proportion, as Prometheus does it.

    Args:
        buckets: bound in seconds and how many were no longer, in ascending order.
    """
    wanted = share * buckets[-1][1] if buckets else 0.0
    if not wanted:
        return None
    for (low, under), (high, reached) in pairwise([(0.0, 0.0), *buckets]):
        if reached >= wanted:
            return None if high == inf else (low + (high - low) * (wanted - under) / (reached - under)) * 1e6
    return None
