"""
The numbering plans of every country: whose a number is, where, on what kind of line, from which carrier it came.

The facts are those of ``phonenumbers``, laid out for one longest match each: its own functions take a hundred times as
long, and its tables 150 MiB and seconds to read.
"""

from functools import cache, lru_cache
from typing import Any, NamedTuple

from ratecards.data import PLAN
from ratecards.numbering.lines import UNKNOWN, Judged, Lines
from ratecards.numbering.prefixes import PrefixTable
from ratecards.numberset.checkpoint import Kind

KIND = Kind("plan", 1)
_MOBILE = frozenset({"mobile", "fixed_line_or_mobile", "pager"})
_FIXED = frozenset({"fixed_line", "fixed_line_or_mobile"})
_CODE_DIGITS = 3
MAX_KEPT = 32_768
"""Facts kept, and as many answers, some 300 bytes each."""


class Facts(NamedTuple):
    """
    What the plan of its country says of a number.

    Attributes:
        prefix: the first digits, which settle place, carrier and time zones.
        country: ISO 3166 code of two letters; ``001``: of no country; None: nobody's.
        region: the place, or the country where no place is known, in English; empty: not known, or one of several.
        carrier: who the range was given to, of mobile numbers; empty: not known. A ported number is with another.
        line_type: ``fixed_line``, ``mobile``, ``fixed_line_or_mobile``, ``toll_free``, ``premium_rate``,
            ``shared_cost``, ``voip``, ``personal_number``, ``pager``, ``uan``, ``voicemail`` or ``unknown``.
        timezones: names of the IANA database.
    """

    prefix: str
    country: str | None
    region: str
    carrier: str
    line_type: str
    timezones: tuple[str, ...]


class Plan:
    """
    Every country's plan; immutable, but for patterns that are compiled when first asked for.
    """

    __slots__ = (
        "_codes",
        "_countries",
        "_heads",
        "_known",
        "_lines",
        "_mobile_places",
        "_table",
        "_zones",
        "find",
        "made_of",
    )

    def __init__(self, table: PrefixTable) -> None:
        """
        Take a table as ``scripts/plan_from_phonenumbers.py`` makes it.
        """
        meta = table.meta
        self.made_of: str = meta["made_of"]
        self._table = table
        self._countries: dict[str, str] = meta["countries"]
        self._mobile_places = frozenset(meta["mobile_places"])
        self._codes: dict[str, Any] = meta["codes"]
        self._lines: dict[str, Lines] = {}
        self._known: dict[tuple[str, str, Judged], Facts] = {}
        self._zones: dict[str, tuple[str, ...]] = {}
        self._heads = {head: code for code in self._codes for head in _heads(code)}
        self.find = lru_cache(MAX_KEPT)(self._find)
        """What is known of a number (E.164 digits); None: it begins with no country code there is."""

    def _find(self, number: str) -> Facts | None:
        code = self._heads.get(number[:_CODE_DIGITS])
        if code is None:
            return None
        judged = self._lines_of(code).judge(number[len(code) :])
        prefix = self._table.prefix_of(number)
        key = code, prefix, judged
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            known = self._known[key] = self._facts(code, prefix, judged)
        return known

    def _facts(self, code: str, prefix: str, judged: Judged) -> Facts:
        """
        What numbers have in common that begin alike and that the same patterns match.
        """
        country, line_type, only = judged
        place, carrier, zones = self._table.record_of(prefix) if prefix else ("", "", ())
        if len(prefix) < len(code):
            prefix = code
        if line_type == UNKNOWN:
            return Facts(prefix, country, "", "", UNKNOWN, ())
        if line_type not in _FIXED and not (line_type == "mobile" and code in self._mobile_places):
            place, zones = "", self._zones_of(code)
        region = place or self._countries.get(only, "")
        return Facts(prefix, country, region, carrier if line_type in _MOBILE else "", line_type, tuple(zones))

    def warm(self) -> None:
        """
        Compile all there is to compile, which takes some ten milliseconds.
        """
        for code in self._codes:
            self._lines_of(code)

    def _lines_of(self, code: str) -> Lines:
        lines = self._lines.get(code)
        if lines is None:
            lines = self._lines[code] = Lines(self._codes[code])
        return lines

    def _zones_of(self, code: str) -> tuple[str, ...]:
        zones = self._zones.get(code)
        if zones is None:
            prefix = self._table.prefix_of(code)
            zones = self._zones[code] = tuple(self._table.record_of(prefix)[2]) if prefix else ()
        return zones


def _heads(code: str) -> list[str]:
    """
    The first three digits, or all where there are fewer, of numbers with a country code.
    """
    longer = [f"{code}{rest:0{digits}}" for digits in range(1, 4 - len(code)) for rest in range(10**digits)]
    return [code, *longer]


@cache
def plan() -> Plan:
    """
    The plan that is shipped; read once.

    Source: ``phonenumbers`` of the version that ``made_of`` names.
    """
    return Plan(PrefixTable.open(PLAN, KIND))
