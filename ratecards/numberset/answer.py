"""
What the network last answered for a number, and the one integer it is kept as.
"""

from typing import Final, NamedTuple

from ratecards.numberset.policy import DAY_S

CODES: Final = 600
"""SIP codes an integer tells apart: 100 to 699."""
_FIRST_CODE: Final = 100
NONE: Final = 0
"""Stands for no answer; no real one is that old."""


class Answer(NamedTuple):
    """
    An answer for a number.

    Attributes:
        code: SIP code.
        answered_at: unix second.

    """

    code: int
    answered_at: int

    def age_s(self, now: int) -> int:
        """
        Whole seconds since; 0 for one that a clock slightly ahead has dated.
        """
        return max(0, now - self.answered_at)

    def age_days(self, now: int) -> int:
        """
        Whole days since.
        """
        return self.age_s(now) // DAY_S


def stamp_of(code: int, answered_at: int) -> int:
    """
    An answer as an integer: of two, the greater is the one that is kept.

    That is the later one; of two in the same second the one with the greater code, so that a failure stands against a
    200 and the order in which they arrive does not matter.
    """
    return answered_at * CODES + code - _FIRST_CODE


def answer_of(stamp: int) -> Answer:
    """
    The answer an integer stands for.
    """
    answered_at, code = divmod(stamp, CODES)
    return Answer(code + _FIRST_CODE, answered_at)
