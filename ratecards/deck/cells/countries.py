"""
Country codes: how many of a number's first digits are one.

Source: ITU-T E.164 list of assigned country codes: 1 and 7 are codes of one digit, those below have two, all others
three.
"""

import polars as pl

_TWO_DIGITS = """
20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91
92 93 94 95 98
"""
_TWO = frozenset(_TWO_DIGITS.split())

COUNTRY_CODES = frozenset(
    {"1", "7", *_TWO}
    | {str(code) for code in range(200, 1000) if str(code)[:2] not in _TWO and str(code)[0] not in "17"}
)
"""Every country code, assigned or not yet."""


def country_code(digits: str) -> str:
    """
    The country code a number or prefix starts with; a prefix shorter than one is returned as it is.
    """
    if digits[:1] in ("1", "7"):
        return digits[:1]
    return digits[:2] if digits[:2] in _TWO else digits[:3]


def is_country_code(digits: str) -> bool:
    """
    Whether the digits are a country code and nothing more.
    """
    return digits in COUNTRY_CODES


def markets(prefixes: pl.Series) -> pl.Series:
    """
    What each prefix is compared within: its country; in North America, whose countries share a code, its area code;
    in Russia and Kazakhstan the digit after the code.

    Returns:
        Int64: the same number for prefixes of one market.
    """
    heads = prefixes.str.slice(0, 4).str.pad_end(4, "0").cast(pl.Int64)
    different = heads.unique()
    return heads.replace_strict(different, [_market(str(head)) for head in different], return_dtype=pl.Int64)


def _market(head: str) -> int:
    width = {"1": 4, "7": 2}.get(head[0], len(country_code(head)))
    return int(head[:width])
