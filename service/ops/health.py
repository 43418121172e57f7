"""
Whether this process can answer.
"""

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
    return {"status": "degraded" if degraded else "ready", **parts}
