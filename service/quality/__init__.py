"""
ASR, ACD and PDD of late.
"""

from service.quality.counts import Counts, Key, Wanted, add_up, counts_of
from service.quality.quality import MAX_KEYS, OTHER, Quality
from service.quality.spans import WindowsError, read_windows, window_name
from service.quality.window import SLOTS, Window

__all__ = [
    "MAX_KEYS",
    "OTHER",
    "SLOTS",
    "Counts",
    "Key",
    "Quality",
    "Wanted",
    "Window",
    "WindowsError",
    "add_up",
    "counts_of",
    "read_windows",
    "window_name",
]
