"""
ASRPlus in memory: for each number what the network last answered, kept up to date while it is asked.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ratecards.numberset.answer import NONE, Answer, answer_of, stamp_of
from ratecards.numberset.base import Base
from ratecards.numberset.keys import LOW_BITS, key_of, number_of
from ratecards.numberset.merge import Merge
from ratecards.numberset.policy import Policy
from ratecards.numberset.tally import first_hour
from ratecards.numberset.write import write_merged

MERGE_AT = 500_000
"""Fresh numbers, about 100 bytes each, at which a new checkpoint is due."""
_AT_ONCE = 200


class Answers:
    """
    A mapped table, and above it what was learnt since.

    One thread writes (``take``, ``rebase``, ``settle``); any may read meanwhile, without a lock, and sees each number
    as it was before or after a change. Of all answers taken for a number the latest stands, of those of one second the
    one with the greatest code: the order in which they are taken makes no difference, nor does taking one twice.

    Attributes:
        policy: what is kept.

    """

    def __init__(self, base: Base | None = None, policy: Policy | None = None) -> None:
        """
        Begin with a checkpoint, or with nothing.
        """
        self.policy = policy or Policy()
        base = base or Base()
        self._layers: tuple[dict[int, int], dict[int, int], Base] = ({}, {}, base)
        self._unsettled: Iterator[tuple[int, int]] = iter(())
        self._left = 0
        self._tally = base.tally()

    @property
    def fresh(self) -> int:
        """
        How many numbers are held above the checkpoint; at ``MERGE_AT`` a new one is due.
        """
        fresh, settling, _ = self._layers
        return len(fresh) + len(settling)

    @property
    def position(self) -> Any:
        """
        Up to where the records are in the checkpoint.
        """
        return self._layers[2].position

    def find(self, number: str, now: int) -> Answer | None:
        """
        The answer kept for a number.

        Args:
            number: E.164 digits.
            now: unix seconds.

        Raises:
            NumberError: it is not plain E.164 digits.

        """
        stamp = self.stamp(key_of(number))
        answer = answer_of(stamp)
        return answer if stamp and now - answer.answered_at < self.policy.keep_s else None

    def stamp(self, key: int) -> int:
        """
        What is kept for a number by its key, however old; 0: nothing is.
        """
        fresh, settling, base = self._layers
        stamp = fresh.get(key) or base.stamp(key)
        return max(stamp, settling.get(key, NONE)) if settling else stamp

    def counts(self, now: int) -> dict[int, int]:
        """
        How many numbers last answered with which code; to the hour, so that some may count up to an hour too long.
        """
        return self._tally.by_code(first_hour(now, self.policy.keep_s))

    def take(
        self, number: str, sip_code: int | None, answered_at: int, received_at: int, cause: int | None = None
    ) -> bool:
        """
        Learn from a call record.

        Args:
            number: E.164 digits.
            sip_code: final SIP answer, if there was one.
            answered_at: unix second of the answer.
            received_at: unix second at which the record was taken in: the same for all who read it.
            cause: Q.850 cause, if there was one.

        Returns:
            Whether it is news: not when it says nothing, is too old or from the future, or a later one is known.

        Raises:
            NumberError: it is not plain E.164 digits.

        """
        key = key_of(number)
        code = self.policy.kept_code(sip_code, cause)
        if code is None or self.policy.why_not(answered_at, received_at):
            return False
        return self._put(key, stamp_of(code, answered_at))

    def _put(self, key: int, stamp: int) -> bool:
        fresh, _, base = self._layers
        known = fresh.get(key) or base.stamp(key)
        if stamp <= known:
            return False
        fresh[key] = stamp
        self._tally.move(known, stamp)
        return True

    def rebase(self, base: Base) -> None:
        """
        Stand on a newer checkpoint, from the next question on; :meth:`settle` then lets go of what is in it.
        """
        while self.settle():
            pass
        learnt, _, _ = self._layers
        self._tally = base.tally()
        self._unsettled, self._left = iter(learnt.items()), len(learnt)
        self._layers = ({}, learnt, base)

    def settle(self, at_once: int = _AT_ONCE) -> int:
        """
        Sort out some of what was learnt before the checkpoint was taken up; call again until nothing is left.

        Returns:
            How many numbers are left. Until then counts are too low; answers are right throughout.

        """
        fresh, settling, base = self._layers
        for key, stamp in islice(self._unsettled, at_once):
            if stamp >= base.zero:  # others were too old when the checkpoint was written
                self._put(key, stamp)
        self._left = max(0, self._left - at_once)
        if settling and not self._left:
            self._layers = (fresh, {}, base)
        return self._left

    def write(self, path: Path, now: int, position: Any = None) -> None:
        """
        Write a checkpoint of everything known; in a process or thread that nobody waits for, and that alone writes.

        Args:
            path: replaced whole, or not at all.
            now: unix seconds; answers too old by then are left out.
            position: up to where the records are in it, as anything JSON can say in 64 KiB.

        Raises:
            ValueError: the position is too long, or answers lie too long after ``now``.
            OSError: the file cannot be written.

        """
        _, _, base = self._layers
        write_merged(path, base, self._learnt(), now, self.policy.keep_s, position)

    def entries(self, now: int) -> Iterator[tuple[str, Answer]]:
        """
        Every number with its answer, in ascending order, as things stand at the first of them.
        """
        merge = Merge(self._layers[2], self._learnt(), max(0, first_hour(now, self.policy.keep_s)))
        for block in merge.blocks():
            for low, stamp in zip(block.lows, block.stamps, strict=True):
                answer = answer_of(stamp + merge.zero)
                if now - answer.answered_at < self.policy.keep_s:
                    yield number_of(block.high << LOW_BITS | low), answer

    def _learnt(self) -> dict[int, int]:
        """
        A copy of what is above the table.
        """
        fresh, settling, _ = self._layers
        learnt = dict(settling)
        for key, stamp in tuple(fresh.items()):
            learnt[key] = max(stamp, learnt.get(key, NONE))
        return learnt
