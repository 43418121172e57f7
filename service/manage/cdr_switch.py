"""
What the shapes of switches have in common.
"""

from collections.abc import Mapping
from typing import Any

# Source: RFC 3398 clause 7.2.4.1: causes of Q.850 and the SIP answers they become.
SIP_OF_CAUSE = {
    1: 404, 2: 404, 3: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 403, 22: 410, 23: 410, 26: 404, 27: 502, 28: 484,
    29: 501, 31: 480, 34: 503, 38: 503, 41: 503, 42: 503, 47: 503, 55: 403, 57: 403, 58: 503, 65: 488, 70: 488, 79: 501,
    87: 403, 88: 503, 102: 504, 111: 500, 127: 500,
}  # fmt: skip


def first(event: Mapping[str, Any], *names: str) -> Any:
    """
    The first of some values that is there and not empty; the empty text: none is.
    """
    for name in names:
        value = event.get(name)
        if value is not None and value != "":
            return value
    return ""


def millis(text: str) -> str:
    """
    Whole milliseconds as seconds with a point; what is no such number goes on as it is, to be refused.
    """
    digits = text.isascii() and text.isdigit()
    return f"{text[:-3] or '0'}.{text[-3:]:0>3}" if digits else text
