"""
Whose a number is and what kind of line it has, by the patterns of its country.

All patterns of a country code are one set of RE2, so that a number is read once, and what the same patterns match is
judged once. The order of judging is phonenumbers' own: its ``number_type`` and ``region_code_for_number``.
"""

from typing import Any

import re2  # type: ignore[import-untyped]

MAX_JUDGED = 10_000
"""Combinations of patterns of one country code kept judged."""
UNKNOWN = "unknown"
KINDS = ("premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail")
"""Kinds of line in the order in which they are judged, those that are not fixed or mobile."""
_GENERAL, _LEADING = "general", "leading"

Regions = list[list[Any]]
"""Of a country code: region, whether fixed and mobile share their pattern, and ``[name, lengths, pattern]`` each."""

Judged = tuple[str | None, str, str]


class Lines:
    """
    The numbers of one country code.
    """

    __slots__ = ("_is_one", "_judged", "_match", "_patterns", "_regions")

    def __init__(self, regions: Regions) -> None:
        """
        Put the patterns of the regions, the main one first, into one set.
        """
        made = re2.Set.FullMatchSet()
        self._patterns: list[tuple[int, str, frozenset[int]]] = []
        for place, (_, _, patterns) in enumerate(regions):
            for name, lengths, pattern in patterns:
                made.Add(pattern)
                self._patterns.append((place, name, frozenset(lengths)))
        made.Compile()
        self._match = made.Match
        self._regions = [(region, shares) for region, shares, _ in regions]
        self._is_one = len(regions) == 1
        self._judged: dict[tuple[int, ...], Judged] = {}

    def judge(self, national: str) -> Judged:
        """
        Region (ISO 3166, or 001 for none), kind of line, and the one region whose number it can be.

        Args:
            national: the number without its country code.

        Returns:
            None: it can be nobody's, and empty: or somebody else's too; ``unknown``: no number of the region is so.
        """
        key = (len(national), *(self._match(national) or ()))
        known = self._judged.get(key)
        if known is None:
            if len(self._judged) >= MAX_JUDGED:
                self._judged.clear()
            known = self._judged[key] = self._judge(len(national), key[1:])
        return known

    def _judge(self, length: int, matched: tuple[int, ...]) -> Judged:
        names: list[set[str]] = [set() for _ in self._regions]
        for place, name, lengths in (self._patterns[index] for index in matched):
            if not lengths or length in lengths:
                names[place].add(name)
        kinds = [_kind(said, shares=shares) for said, (_, shares) in zip(names, self._regions, strict=True)]
        able = [region for kind, (region, _) in zip(kinds, self._regions, strict=True) if kind != UNKNOWN]
        only = self._regions[0][0] if self._is_one else able[0] if len(able) == 1 else ""
        for place, (region, _) in enumerate(self._regions):
            if self._is_one or (_LEADING in names[place] if self._leads(place) else kinds[place] != UNKNOWN):
                return region, kinds[place], only
        return None, UNKNOWN, only

    def _leads(self, place: int) -> bool:
        return any(at == place and name == _LEADING for at, name, _ in self._patterns)


def _kind(names: set[str], *, shares: bool) -> str:
    if _GENERAL not in names:
        return UNKNOWN
    special = next((kind for kind in KINDS if kind in names), None)
    if special is not None:
        return special
    if "fixed_line" in names:
        return "fixed_line_or_mobile" if shares or "mobile" in names else "fixed_line"
    return "mobile" if "mobile" in names and not shares else UNKNOWN
