"""
Whether this process can answer.
"""

import time
from typing import Any

from service.errors import unavailable
from service.snapshot import Desk


def readiness(desk: Desk) -> dict[str, Any]:
    """
    The state of each part, in counts: names of cards are not for whoever asks.

    Raises:
        ApiError: 503 where no look-up can be answered, or none is wanted any more.

    """
    snapshot = desk.snapshot
    if desk.draining:
        raise unavailable("Draining", 1)
    if not snapshot.cards:
        raise unavailable("Starting", 1, "no card is loaded")
    parts: dict[str, Any] = {
        "generation": snapshot.generation,
        "cards": len(snapshot.cards),
        "broken": len(snapshot.broken),
    }
    redis = desk.limits()
    degraded = bool(snapshot.broken) or (redis is not None and redis.word == "degraded")
    if redis is not None:
        parts["redis"] = {"state": redis.word, "reason": redis.reason, "since": int(redis.since_s)}
    parts["asrplus"] = heard_part(desk)
    degraded = degraded or not desk.heard.is_ready or desk.store_away is not None
    parts["store"] = {"state": "ready"} if desk.store_away is None else {"state": "away", "since": desk.store_away}
    parts["connections"] = {"open": desk.crowd.open, "slow": desk.crowd.slow}
    parts["maintenance"] = desk.maintenance()
    return {"status": "degraded" if degraded else "ready", **parts}


def heard_part(desk: Desk) -> dict[str, Any]:
    """
    Whether what was answered for numbers is known, and how long ago all there was had been read.
    """
    heard = desk.heard
    if not heard.is_ready:
        return {"state": "starting"}
    return {"state": "ready", "behind": int(time.monotonic() - heard.read_s)}
