"""
Days and months of the calendar, UTC, as numbers that only grow.
"""

import time
from calendar import timegm

DAY_S = 86_400
DAY, MONTH = "day", "month"


def window_of(per: str, now_s: float) -> int:
    """
    Number of the day or month an instant lies in.

    Args:
        per: ``day`` or ``month``.
        now_s: unix time.

    """
    if per == DAY:
        return int(now_s // DAY_S)
    then = time.gmtime(now_s)
    return then.tm_year * 12 + then.tm_mon - 1


def starts_s(per: str, window: int) -> int:
    """
    First second of a window, unix time.
    """
    if per == DAY:
        return window * DAY_S
    year, month = divmod(window, 12)
    return timegm((year, month + 1, 1, 0, 0, 0))


def ends_s(per: str, window: int) -> int:
    """
    First second after a window, unix time.
    """
    return starts_s(per, window + 1)


def length_s(per: str, window: int) -> int:
    return ends_s(per, window) - starts_s(per, window)
