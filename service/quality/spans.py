"""
Windows as they are typed: ``5m,1h,24h``.
"""

import re

MOST_S = 86_400
MAX_WINDOWS = 6
_UNITS_S = {"s": 1, "m": 60, "h": 3_600}
_WINDOW = re.compile(r"([0-9]{1,5})([smh])", re.ASCII)


class WindowsError(ValueError):
    """
    A list of windows that is none; the message says what is wrong with it.
    """


def read_windows(text: str) -> tuple[int, ...]:
    """
    Lengths of windows in seconds, ascending, of a text such as ``5m,1h,24h``.

    Raises:
        WindowsError: it is none.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    found = [_WINDOW.fullmatch(word) for word in words]
    lengths_s = {int(one[1]) * _UNITS_S[one[2]] for one in found if one is not None}
    if None in found or not 1 <= len(words) <= MAX_WINDOWS or not all(60 <= s <= MOST_S for s in lengths_s):
        raise WindowsError(f"{text!r} is not 1 to {MAX_WINDOWS} spans of 1m to 24h, such as 5m,1h,24h")
    return tuple(sorted(lengths_s))


def window_name(length_s: int) -> str:
    """
    A window as it is asked for: in the largest unit that fits.
    """
    unit = next(unit for unit in ("h", "m", "s") if length_s % _UNITS_S[unit] == 0)
    return f"{length_s // _UNITS_S[unit]}{unit}"
