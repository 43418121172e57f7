"""
How many examples tests try: all of them, or as large a part as RATEDIP_TEST_EXAMPLES says.

``make test`` tries some; ``make faults`` and ``make long`` try all, of what is marked ``many``.
"""

import os

from hypothesis import HealthCheck, settings

PART = float(os.environ.get("RATEDIP_TEST_EXAMPLES", "1"))


def some(count: int) -> int:
    """
    How many of so many to try here.
    """
    return max(1, round(count * PART))


def examples(count: int) -> settings:
    """
    Hypothesis tries so many, or some of them, for as long as they take.
    """
    slow = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return settings(deadline=None, max_examples=some(count), suppress_health_check=slow)
