"""
Make the table of numbering plans from phonenumbers.

    python scripts/plan_from_phonenumbers.py ratecards/data/plan.bin
"""
# ruff: noqa: INP001, SLF001  (a script, not a package; two lists of phonenumbers have no public name)

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import phonenumberutil
from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.geodata.locale import LOCALE_DATA
from phonenumbers.phonemetadata import PhoneMetadata
from phonenumbers.tzdata import TIMEZONE_DATA

from ratecards.numbering.lines import KINDS
from ratecards.numbering.plan import KIND
from ratecards.numbering.prefixes import write_prefixes

NOWHERE = "Etc/Unknown"


def english(table: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {prefix: names["en"] for prefix, names in table.items() if "en" in names}


def places() -> dict[str, str]:
    """
    Where numbers are; behind the digit that marks a mobile number (Argentina's 9) as without it.
    """
    found = english(GEOCODE_DATA)
    for code, token in phonenumberutil._MOBILE_TOKEN_MAPPINGS.items():
        start, marked = str(code), f"{code}{token}"
        found = {prefix: name for prefix, name in found.items() if not prefix.startswith(marked)}
        found |= {marked + p.removeprefix(start): name for p, name in found.items() if p.startswith(start)}
    return found


def longest(table: Mapping[str, Any], prefix: str) -> Any:
    return next((table[prefix[:n]] for n in range(len(prefix), 0, -1) if prefix[:n] in table), None)


def facts() -> dict[str, list[Any]]:
    """
    What all three tables say of each prefix that one of them has; one that says what a shorter one says is left out.
    """
    tables = (places(), english(CARRIER_DATA), TIMEZONE_DATA)
    found: dict[str, list[Any]] = {}
    for prefix in sorted(set().union(*tables)):
        place, carrier, zones = (longest(table, prefix) for table in tables)
        fact = [place or "", carrier or "", [zone for zone in zones or () if zone != NOWHERE]]
        if longest(found, prefix) != fact:
            found[prefix] = fact
    return found


def patterns(metadata: Any) -> list[list[Any]]:
    kinds = {"general": metadata.general_desc} | {k: getattr(metadata, k) for k in (*KINDS, "fixed_line", "mobile")}
    found = [
        [name, sorted(desc.possible_length), desc.national_number_pattern]
        for name, desc in kinds.items()
        if desc is not None and desc.national_number_pattern
    ]
    return found + ([["leading", [], f"(?:{metadata.leading_digits})\\d*"]] if metadata.leading_digits else [])


def regions(code: int) -> list[list[Any]]:
    names = phonenumberutil.COUNTRY_CODE_TO_REGION_CODE[code]
    metadata = {name: PhoneMetadata.metadata_for_region_or_calling_code(code, name) for name in names}
    return [[name, bool(one.same_mobile_and_fixed_line_pattern), patterns(one)] for name, one in metadata.items()]


def name_of(region: str) -> str:
    names = LOCALE_DATA[region]
    name = names.get("en", "")
    return names[name[1:]] if name.startswith("*") else name


meta = {
    "made_of": f"phonenumbers {phonenumbers.__version__}",
    "codes": {str(code): regions(code) for code in sorted(phonenumberutil.COUNTRY_CODE_TO_REGION_CODE)},
    "countries": {
        region: name_of(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS) if region in LOCALE_DATA
    },
    "mobile_places": sorted(str(code) for code in phonenumberutil._GEO_MOBILE_COUNTRIES),
}
write_prefixes(Path(sys.argv[1]), KIND, facts(), meta)
