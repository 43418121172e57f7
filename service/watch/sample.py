"""
The metrics of one process at one moment, and those of several added up.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from service.watch.families import BY_NAME, FAMILIES, Family, Join, Kind
from service.watch.seen import SPANS, Spans

Labels = tuple[str, ...]
Series = dict[Labels, float | Spans]
"""Values by those of the labels; of a histogram its spans."""


@dataclass(slots=True)
class Sample:
    """
    Attributes:
        at: unix seconds.
        series: by name of the family.
    """

    worker: str
    at: float = field(default_factory=time.time)
    series: dict[str, Series] = field(default_factory=dict)

    def put(self, name: str, value: float | Spans, *labels: str) -> None:
        """
        Args:
            name: of a family in the table.
        """
        family = BY_NAME[name]
        assert len(labels) == len(family.labels)  # noqa: S101 - a slip in this program
        self.series.setdefault(name, {})[labels] = list(value) if isinstance(value, list) else value

    def dump(self) -> bytes:
        series = {name: [[labels, value] for labels, value in rows.items()] for name, rows in self.series.items()}
        return orjson.dumps({"worker": self.worker, "at": self.at, "series": series})


class SampleError(ValueError):
    """
    Bytes that are no sample.
    """


def load_sample(data: bytes) -> Sample:
    """
    What :meth:`Sample.dump` wrote; of families that are not in the table nothing.

    Raises:
        SampleError: it is none.
    """
    try:
        said = orjson.loads(data)
        series = {
            name: {tuple(labels): value for labels, value in rows}
            for name, rows in said["series"].items()
            if name in BY_NAME
        }
        return Sample(said["worker"], said["at"], series)
    except (ValueError, KeyError, TypeError) as error:
        raise SampleError("not a sample of metrics") from error


def join_samples(worker: str, samples: Iterable[Sample], ended: Sample | None = None) -> Sample:
    """
    Those of several processes as one.

    Args:
        ended: counters of processes that are no more, so that none goes down when one ends.
    """
    every = list(samples)
    joined = Sample(worker)
    for family in FAMILIES:
        parts = [sample.series[family.name] for sample in every if family.name in sample.series]
        if ended is not None and family.name in ended.series and family.kind is not Kind.GAUGE:
            parts.append(ended.series[family.name])
        if parts:
            joined.series[family.name] = _join(family, parts)
    return joined


def counters_of(sample: Sample) -> Sample:
    """
    What of a process is still true when it has ended.
    """
    kept = {name: rows for name, rows in sample.series.items() if BY_NAME[name].kind is not Kind.GAUGE}
    return Sample(sample.worker, sample.at, kept)


def _join(family: Family, parts: Sequence[Series]) -> Series:
    labels = dict.fromkeys(labels for part in parts for labels in part)
    return {each: _join_values(family, [part[each] for part in parts if each in part]) for each in labels}


def _join_values(family: Family, values: Sequence[float | Spans]) -> float | Spans:
    rows = [value for value in values if isinstance(value, list)]
    if family.kind is Kind.HISTOGRAM:
        return [sum(row[place] for row in rows) for place in range(SPANS + 1)]
    numbers = [value for value in values if not isinstance(value, list)]
    if family.kind is Kind.COUNTER or family.join is Join.SUM:
        return sum(numbers)
    return min(numbers) if family.join is Join.LEAST else max(numbers)
