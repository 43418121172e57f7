"""
How a country dials: from digits dialled inside it, or out of it, to E.164.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from phonenumbers import PhoneMetadata, region_code_for_country_code

from ratecards.numbers import NumberError


@dataclass(frozen=True, slots=True)
class DialPlan:
    """
    How a country dials, from the metadata of phonenumbers.

    Attributes:
        code: country code.
        abroad: international prefix; ``trunk``: national prefix, as it is dialled inside.
        rewrite: what a matched trunk prefix becomes, where it carries digits of its own.
        lengths: digits a national number can have; ``numbers``: what one looks like.
        bare: numbers that are dialled inside without the trunk prefix.
    """

    code: str
    abroad: re.Pattern[str]
    trunk: re.Pattern[str] | None
    rewrite: str | None
    lengths: frozenset[int]
    numbers: re.Pattern[str]
    bare: tuple[re.Pattern[str], ...]

    def from_inside(self, digits: str) -> str:
        """
        Read a number dialled inside the country, or the country's own E.164 without a plus.
        """
        national = self._after_trunk(digits)
        if len(national) in self.lengths:
            return self.checked(self.code + national)
        is_whole = len(digits) in self.lengths and self.numbers.fullmatch(digits)
        if is_whole and (not self.trunk or any(written.fullmatch(digits) for written in self.bare)):
            return self.code + digits
        if digits.startswith(self.code) and self.numbers.fullmatch(digits, len(self.code)):
            return digits
        raise NumberError(f"is neither international (+, {self.abroad.pattern}) nor a whole number of +{self.code}")

    def checked(self, e164: str) -> str:
        """
        Refuse what no country code starts with, and a trunk prefix or an impossible length after this country's code.
        """
        if e164[:1] == "0":
            raise NumberError("starts with 0, which no country code does")
        national = e164.removeprefix(self.code)
        if national == e164 or (len(national) in self.lengths and self.numbers.fullmatch(national)):
            return e164
        if self._after_trunk(national):
            raise NumberError(f"has a trunk prefix after country code {self.code}; leave it out")
        if len(national) not in self.lengths:
            raise NumberError(f"has {len(national)} digits after country code {self.code}, which no number there has")
        return e164

    def _after_trunk(self, digits: str) -> str:
        match = self.trunk.match(digits) if self.trunk else None
        if not match or not match.end():
            return ""
        is_rewritten = self.rewrite and match.re.groups and match[match.re.groups]
        return (match.expand(self.rewrite or "") if is_rewritten else "") + digits[match.end() :]


@cache
def dial_plan(iso: str) -> DialPlan:
    """
    The plan of a country by its ISO 3166 code, read once.
    """
    here: Any = PhoneMetadata.metadata_for_region(iso)
    main: Any = PhoneMetadata.metadata_for_region(region_code_for_country_code(here.country_code))
    bare = []
    for written in main.number_format:
        rule = (written.national_prefix_formatting_rule or "").replace("\\1", "")
        if not here.national_prefix or here.national_prefix not in rule:
            leading = written.leading_digits_pattern or [""]
            bare.append(re.compile(f"(?={leading[-1]}){written.pattern}"))
    return DialPlan(
        code=str(here.country_code),
        abroad=re.compile(here.international_prefix),
        trunk=re.compile(here.national_prefix_for_parsing) if here.national_prefix_for_parsing else None,
        rewrite=here.national_prefix_transform_rule,
        lengths=frozenset(here.general_desc.possible_length),
        numbers=re.compile(here.general_desc.national_number_pattern),
        bare=tuple(bare),
    )
