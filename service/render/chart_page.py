"""
The page of a replay: totals, the chart of what changes most, destinations, calls that lose.
"""

from datetime import UTC, datetime
from typing import Any

from service.render.chart import cost_chart
from service.render.html import to_page


def to_replay_page(report: dict[str, Any]) -> bytes:
    """
    Show the report of a replay.
    """
    sides = ("before", "after", "against")
    when = {side: _when(report[side]) for side in sides if report[side] is not None}
    return to_page("replay.html", report=report, when=when, chart=cost_chart(report["destinations"]))


def _when(side: dict[str, Any]) -> str:
    """
    As of when calls are rated.
    """
    if side["at"] is not None:
        return f"all calls as if made {_instant(side['at'])}"
    if side["not_before"] is None:
        return "each call as it was made"
    return f"calls made before as if made {_instant(side['not_before'])}, when the last of its rules starts"


def _instant(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"at {seconds}"
