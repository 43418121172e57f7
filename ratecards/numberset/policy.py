"""
Which answers of the network say something about a number, for how long, and what they say.
"""

from dataclasses import dataclass
from typing import Final

LEAST_CODE, MOST_CODE = 200, 699
"""
Final SIP answers.

Source: RFC 3261 section 7.2.
"""
CAUSE_CODES: Final = {1: 404, 2: 404, 3: 404, 22: 410, 26: 404, 28: 484}
"""
Q.850 causes that say something about a number, and the SIP code each stands for.

Source: RFC 3398 section 7.2.4.1.
"""
DAY_S: Final = 86_400
MAX_KEEP_S: Final = 80 * DAY_S
"""What fits in 32 bits beside a code."""


class PolicyError(ValueError):
    """
    Settings that contradict each other; the message names the one to correct.
    """


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What is kept of the network's answers.

    Attributes:
        failed: SIP codes that say the number is dead.
        failed_causes: Q.850 causes that do, whatever SIP code came with them short of a good one.
        good: SIP codes that say it lives; one of them clears a failure.
        also_kept: SIP codes that are kept without being either. They replace what was known, a failure too.
        keep_s: seconds after which an answer is no longer one.
        ahead_s: seconds an answer may be dated after its record was received; a clock that is further ahead is wrong.

    """

    failed: frozenset[int] = frozenset({404, 410, 484, 604})
    failed_causes: frozenset[int] = frozenset({1})
    good: frozenset[int] = frozenset({200})
    also_kept: frozenset[int] = frozenset()
    keep_s: int = 30 * DAY_S
    ahead_s: int = 60

    def __post_init__(self) -> None:
        """
        Refuse what contradicts itself.
        """
        for code in sorted(self.failed | self.good | self.also_kept):
            if not LEAST_CODE <= code <= MOST_CODE:
                raise PolicyError(f"{code} is no final SIP answer, {LEAST_CODE} to {MOST_CODE}")
            if (code in self.failed) + (code in self.good) + (code in self.also_kept) > 1:
                raise PolicyError(f"{code} is said to be failed and good, or also kept, at once")
        for cause in sorted(self.failed_causes):
            if CAUSE_CODES.get(cause) not in self.failed:
                raise PolicyError(f"Q.850 cause {cause} stands for no SIP code that counts as failed")
        if not 1 <= self.keep_s <= MAX_KEEP_S:
            raise PolicyError(f"answers are kept 1 to {MAX_KEEP_S} seconds, not {self.keep_s}")
        if not 0 <= self.ahead_s <= DAY_S:
            raise PolicyError(f"answers may be 0 to {DAY_S} seconds ahead, not {self.ahead_s}")

    def kept_code(self, sip_code: int | None, cause: int | None = None) -> int | None:
        """
        The SIP code to keep of an answer; None: it says nothing about the number.

        Args:
            sip_code: of the final answer, if there was one.
            cause: Q.850 cause that came with it or instead of it.

        """
        if sip_code in self.good or sip_code in self.failed:
            return sip_code
        if cause is not None and cause in self.failed_causes:
            return CAUSE_CODES[cause]
        return sip_code if sip_code in self.also_kept else None

    def why_not(self, answered_at: int, received_at: int) -> str | None:
        """
        Why an answer is not taken for its time; None: it is.

        Both times come with the record, so that whoever reads it, whenever, decides alike.

        Args:
            answered_at: unix second of the answer, by the clock of whoever saw it.
            received_at: unix second at which its record was taken in, by our clock.

        """
        if answered_at - received_at > self.ahead_s:
            return f"is dated {answered_at - received_at} seconds ahead"
        if received_at - answered_at >= self.keep_s or answered_at < 0:
            return f"is {(received_at - answered_at) // DAY_S} days old"
        return None
