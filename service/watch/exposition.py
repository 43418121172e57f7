"""
Metrics as Prometheus reads them.

Source: Prometheus text exposition format 0.0.4.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.watch.families import BY_NAME, Family, Kind
from service.watch.sample import Sample, Series
from service.watch.seen import SPANS, Spans, count_of

_S = 1_000_000_000


def write_metrics(sample: Sample) -> bytes:
    """
    The text of a sample.
    """
    registry = CollectorRegistry()
    registry.register(_Collector(sample))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, sample: Sample) -> None:
        self._sample = sample

    def collect(self) -> Iterable[Metric]:
        for name, rows in self._sample.series.items():
            yield _metric(BY_NAME[name], rows)


def _metric(family: Family, rows: Series) -> Metric:
    name, text, labels = family.name, family.text, family.labels
    if family.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(name, text, labels=labels)
        for values, spans in _spans(rows):
            histogram.add_metric(values, list(_buckets(family.bits, spans)), spans[SPANS] / _S)
        return histogram
    kind = CounterMetricFamily if family.kind is Kind.COUNTER else GaugeMetricFamily
    metric = kind(name, text, labels=labels)
    for values, value in rows.items():
        if not isinstance(value, list):
            metric.add_metric(values, value)
    return metric


def _spans(rows: Series) -> Iterator[tuple[tuple[str, ...], Spans]]:
    for labels, value in rows.items():
        if isinstance(value, list):
            yield labels, value


def _buckets(bits: range, spans: Spans) -> Iterator[tuple[str, float]]:
    """
    Bound in seconds and how many were no longer; a span of so many bits is shorter than that power of two.
    """
    for each in bits:
        yield repr(2**each / _S), float(sum(spans[: each + 1]))
    yield "+Inf", float(count_of(spans))
