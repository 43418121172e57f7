"""
Who asks.
"""

from dataclasses import dataclass

from service.quota.gcra import Gcra


@dataclass(frozen=True, slots=True)
class Account:
    """
    Attributes:
        card: name of the card asked when a request names none.
        limit: look-ups a second, for this process.
        per_second: look-ups a second the whole account may make.

    """

    name: str
    card: str
    limit: Gcra
    per_second: int
