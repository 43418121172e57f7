"""
One index over the prefixes of many cards: what each of them says of a number, found in one walk.

Entries lie by prefix, each the card it is of and what that says there: its terms, which are rate, fee and increments
numbered over all cards, and the length of the prefix, in one integer. Terms are numbered by what a minute costs, so
that what is said can be put in order without looking anything up.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import marisa_trie
import orjson

from ratecards.charge import SECONDS_PER_RATE, billed_seconds
from ratecards.lcr.charge import Charge

LENGTH_BITS = 4
"""A prefix has at most 15 digits."""
LENGTH = 2**LENGTH_BITS - 1
ASK_CARD = 0
"""Terms that only the card itself can tell, because dates or several rules decide; all above are prices."""
NOTHING = 2**26 - 1
"""Terms of a card without a prefix of the number. Small, since small integers are put in order at twice the speed."""
BLOCKED = NOTHING - 1
"""Terms of a rule that is blocked, for good."""
SAID_ASK_CARD = (ASK_CARD + 1) << LENGTH_BITS
SAID_NO_PRICE = BLOCKED << LENGTH_BITS
"""What is said is a price from the first of these up to below the second."""
LAYOUT = {
    "first": "I",
    "card": "H",
    "said": "I",
    "terms.minute": "q",
    "terms.price": "q",
    "increments.mcd": "I",
    "increments.pulse": "I",
}
"""
Sections of a joint index beside ``meta`` and ``trie``, and the type of their array. A price is three numbers side by
side, so that they are read at once: rate, fee, and which increments.
"""
_HEADS_BYTES = 16 * 2**20
"""For remembered walks; full, what is not remembered is walked."""
_FEW = 8
"""Entries that are read faster one by one than cut out."""


class Joint:
    """
    A joint index, read straight from its sections; immutable, and safe to share between threads.

    Attributes:
        digests: of the cards' artifacts, in the order of their seats.
        as_of: unix second from which on it is right.
        minute: by terms: what 60 s cost, in sixtieths of a unit of the card's currency.

    """

    def __init__(self, sections: Mapping[str, bytes | memoryview], keep: object = None) -> None:
        """
        Open sections as :func:`ratecards.lcr.build.join_cards` makes them.

        Args:
            sections: section name to its bytes.
            keep: whatever owns the memory of the sections, held as long as the index lives.

        """
        meta = orjson.loads(sections["meta"])
        self.digests: tuple[str, ...] = tuple(meta["digests"])
        self.as_of: int = meta["as_of"]
        self._trie = marisa_trie.Trie()
        self._trie.map(sections["trie"])
        self._keep = (keep, sections)
        columns = {name: _array(sections[name], code) for name, code in LAYOUT.items()}
        self._first, self._card, self._said = columns["first"], columns["card"], columns["said"]
        self.minute, self._price = columns["terms.minute"], columns["terms.price"]
        self._mcd_s, self._pulse_s = columns["increments.mcd"], columns["increments.pulse"]
        self._silence = [NOTHING << LENGTH_BITS] * len(self.digests)
        self._heads: dict[int, list[int]] = {}
        self._max_heads = _HEADS_BYTES // (160 + 8 * len(self.digests))

    def walk(self, number: str) -> list[tuple[str, int]]:
        """
        Every prefix of a number that some card holds, shortest first, and its id.
        """
        return list(self._trie.iter_prefixes_with_ids(number))

    def say(self, walk: Sequence[tuple[str, int]]) -> list[int]:
        """
        Read what each card says of its longest prefix on a walk.

        It goes from the shortest prefix to the longest, so that a card's later entry replaces its earlier one. Where it
        got to at the prefixes that several numbers share, all but the last, is remembered.

        Returns:
            By seat; to be read only.

        """
        heads, said, place = self._heads, self._silence, len(walk)
        while place:
            head = heads.get(walk[place - 1][1])
            if head is not None:
                said = head
                break
            place -= 1
        last = len(walk) - 1
        for at in range(place, len(walk)):
            prefix_id = walk[at][1]
            said = self._put(said, prefix_id)
            if at < last and len(heads) < self._max_heads:
                heads[prefix_id] = said
        return said

    def _put(self, said: list[int], prefix_id: int) -> list[int]:
        first, card, entries = self._first, self._card, self._said
        start, stop = first[prefix_id], first[prefix_id + 1]
        said = said.copy()
        if stop - start < _FEW:
            for at in range(start, stop):
                said[card[at]] = entries[at]
        else:
            for seat, entry in zip(card[start:stop], entries[start:stop]):  # noqa: B905 (slices of one length)
                said[seat] = entry
        return said

    def costs(self, terms: Sequence[int], duration_s: int) -> list[int]:
        """
        What a call costs at each of some terms, in sixtieths of a unit of the card's currency.
        """
        if duration_s == SECONDS_PER_RATE:
            return [self.minute[one] for one in terms]
        if duration_s <= 0:
            return [0] * len(terms)
        increments = zip(self._mcd_s, self._pulse_s, strict=True)
        billed_s = [billed_seconds(duration_s, mcd_s, pulse_s) for mcd_s, pulse_s in increments]
        price, costs = self._price, []
        for one in terms:
            rate, fee, kind = price[3 * one : 3 * one + 3]
            costs.append(fee * SECONDS_PER_RATE + rate * billed_s[kind])
        return costs

    def charge(self, terms: int) -> Charge:
        """
        The price some terms are.
        """
        rate, fee, kind = self._price[3 * terms : 3 * terms + 3]
        return Charge(rate, fee, self._mcd_s[kind], self._pulse_s[kind])


def _array(section: bytes | memoryview, code: str) -> Any:
    return memoryview(section).cast("B").cast(code)  # type: ignore[call-overload]
