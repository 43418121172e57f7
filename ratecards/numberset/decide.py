"""
Whether a call to a number is let through for what is known of it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from ratecards.numberset.answer import Answer
from ratecards.numberset.policy import Policy


class Mode(StrEnum):
    """
    How strictly dead numbers are kept from being dialled.
    """

    OFF = "off"
    LOW = "low"
    ON = "on"
    STRICT = "strict"


class Action(StrEnum):
    """
    What to do with a call.
    """

    BLOCK = "block"
    PASS = "pass"  # noqa: S105 - no password


SHARES: Final = {Mode.LOW: 0.30, Mode.ON: 0.90}
"""Of the calls to dead numbers, those that are blocked; the others keep the data fresh."""


def decide(answer: Answer | None, mode: Mode, policy: Policy, draw: Callable[[], float]) -> Action | None:
    """
    Decide on one call.

    Args:
        answer: kept for the number; None: nothing is known of it.
        mode: of the account.
        policy: says which codes are failures, and which are good.
        draw: gives a number in [0, 1); asked only where a share of the calls is blocked, once a call.

    Returns:
        None where the mode is off.

    """
    if mode is Mode.OFF:
        return None
    if mode is Mode.STRICT:
        return Action.PASS if answer is not None and answer.code in policy.good else Action.BLOCK
    if answer is None or answer.code not in policy.failed:
        return Action.PASS
    return Action.BLOCK if draw() < SHARES[mode] else Action.PASS


class EvenDraw:
    """
    Numbers in [0, 1) that fill it evenly: of any n in a row the share below s differs from s by less than 3/n or so.

    Multiples of the golden ratio, less their whole part: of all such sequences the most even.

    Source: Knuth, The Art of Computer Programming, volume 3, section 6.4, theorem S.
    """

    __slots__ = ("_place",)

    _STEP: Final = 0x9E37_79B9_7F4A_7C15
    _WHOLE: Final = 2**64

    def __init__(self, seed: int = 0) -> None:
        """
        Begin anywhere; each worker elsewhere.
        """
        self._place = seed % self._WHOLE

    def __call__(self) -> float:
        """
        Draw the next.
        """
        self._place = (self._place + self._STEP) % self._WHOLE
        return (self._place >> 11) / 2**53
