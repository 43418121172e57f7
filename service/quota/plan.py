"""
What an account may ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Each None: not limited.

    Attributes:
        per_second: look-ups a second in the long run.
        burst: look-ups at one instant after a pause; at least ``per_second``, and set where that is.
        per_day: look-ups a day, UTC.
        per_month: look-ups a calendar month, UTC.
        concurrent: requests to the slow services at one time.
    """

    per_second: int | None = None
    burst: int | None = None
    per_day: int | None = None
    per_month: int | None = None
    concurrent: int | None = None


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Attributes:
        own: limits of the account, over all services.
        services: further limits by service, such as ``rate``; a request must be within both.
        dry_run: everything is counted and nothing refused.
    """

    own: Limits = UNLIMITED
    services: Mapping[str, Limits] = field(default_factory=dict)
    dry_run: bool = False
