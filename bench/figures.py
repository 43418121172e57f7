"""
One measured figure and the target it is held against, and how a short call is timed.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

BATCHES: Final = 40
TIMES: Final = ("µs", "ms", "s")


@dataclass(frozen=True, slots=True)
class Figure:
    """
    A named value in a unit, good when at most the target; a target of None is a value for information.

    Attributes:
        slower: how many times as long this machine takes as the one that the targets come from, while this was
            measured; 1: not known. Only times are held against their target divided by it.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    slower: float = 1.0

    @property
    def there(self) -> float:
        """
        The value as it would be on the machine that the targets come from.
        """
        return self.value / self.slower if self.unit in TIMES else self.value

    @property
    def meets(self) -> bool | None:
        """
        True if the value, on the machine that the target comes from, is at most the target; None without a target.
        """
        return None if self.target is None else self.there <= self.target

    @property
    def target_words(self) -> str:
        """
        The target as it is written in a table.
        """
        return "-" if self.target is None else f"≤ {self.target:,g} {self.unit}"

    @property
    def verdict(self) -> str:
        """
        The word that stands in the table for met, missed or not judged.
        """
        return {True: "met", False: "**missed**", None: "-"}[self.meets]


def median_us(call: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    """
    Time a call over all arguments, in batches, with garbage collection off.

    Returns:
        Microseconds of one call, the loop around it included: the median of the batches.

    """
    size = max(1, len(arguments) // BATCHES)
    batches = [arguments[start : start + size] for start in range(0, len(arguments), size)]
    gc.collect()
    gc.disable()
    try:
        return statistics.median(_batch_ns(call, batch) / len(batch) for batch in batches) / 1000
    finally:
        gc.enable()


def seconds(action: Callable[[], object]) -> float:
    """
    Time one call of the action, in seconds.
    """
    start_ns = time.perf_counter_ns()
    action()
    return (time.perf_counter_ns() - start_ns) / 1e9


def _batch_ns(call: Callable[[Any], object], batch: Sequence[Any]) -> int:
    start_ns = time.perf_counter_ns()
    for argument in batch:
        call(argument)
    return time.perf_counter_ns() - start_ns
