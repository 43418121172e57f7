"""
What a meter tells Redis and what it makes of the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.quota.gauge import Gauge
from service.quota.gcra import NS

LENT_NS = 2 * NS
"""How long a worker uses what it was lent, counted from when it asked."""
LENT_MS = 5_000
"""How long Redis holds it for lent: longer than any worker uses it."""


@dataclass(frozen=True, slots=True)
class Bid:
    """
    One exchange, until it is answered: sent again as it is if it was not.

    Attributes:
        sent_ns: when it was made.
        text: what is sent.
        asks: for tokens; otherwise it only tells.
        told: by limit: the window, and the use in it that is told.
    """

    sequence: int
    sent_ns: int
    asks: bool
    text: bytes
    told: dict[str, tuple[int, int]]


def make_bid(
    worker: str, sequence: int, gauges: Sequence[Gauge], waiting: int, since_ns: int, now_ns: int, *, asks: bool
) -> Bid:
    """
    Tell what was used, give back what is not needed, ask for what will be.

    Args:
        worker: name of this process in Redis.
        waiting: requests that wait for it.
        since_ns: when the bid before was made.
        asks: for tokens; otherwise all that is held is given back.

    """
    told: dict[str, tuple[int, int]] = {}
    limits: dict[str, Any] = {}
    for gauge in gauges:
        target = gauge.target(now_ns - since_ns) if asks else 0
        gauge.held = min(gauge.held, target)
        waits = 0 if gauge.held or not asks else min(waiting, gauge.wanted)
        common = {"u": gauge.unreported, "k": gauge.held, "w": target, "e": waits}
        limits[gauge.name] = common | gauge.ask(now_ns)
        told[gauge.name] = (gauge.window, gauge.unreported)
        gauge.wanted, gauge.touched = 0, False
    text = orjson.dumps({"w": worker, "s": sequence, "ttl": LENT_MS, "l": limits})
    return Bid(sequence, now_ns, asks, text, told)


def read_answer(bid: Bid, text: bytes) -> dict[str, Any] | None:
    """
    Returns:
        By limit what was said; None: it is no answer to this.
    """
    try:
        answer = orjson.loads(text)
        return dict(answer["l"]) if answer["s"] == bid.sequence else None
    except (ValueError, TypeError, KeyError):
        return None


def apply_answer(bid: Bid, said: dict[str, Any], gauges: Sequence[Gauge], now_ns: int) -> None:
    """
    What was told is told. What was granted and heard counts, unless it came so late that Redis may have lent it to
    others: then, as when nothing was asked for, the share goes on as it was.
    """
    fresh = bid.asks and now_ns < bid.sent_ns + LENT_NS
    for gauge in gauges:
        part = said.get(gauge.name)
        if part is None or gauge.name not in bid.told:
            continue
        window, told = bid.told[gauge.name]
        if gauge.window == window:
            gauge.unreported -= told
        if fresh:
            gauge.learn(part, bid.sent_ns)
        if fresh and part.get("d", 0) == gauge.window:
            gauge.held += int(part["g"])
