"""
Whether a rule is for a call's caller: calling prefixes, or where the caller is as seen from the called number.
"""

from functools import cache, lru_cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from ratecards.jurisdiction import Places

_GROUP_SCORES = {"international": 1, "group": 2, "local": 3}


def origin_score(origin: str, cli: str, called: str, group: str = "") -> int:
    """
    Say whether a rule is for this caller, and how narrowly it names them; the rule with the highest score prices.

    Args:
        origin: of the rule: empty, calling prefixes (``"1242 1246"``), or ``local``, ``group`` or ``international``.
        cli: calling number in E.164 digits; empty: unknown or withheld, which only a rule for any caller is for.
        called: E.164 digits.
        group: calling prefixes, separated by spaces, that ``group`` stands for.

    Returns:
        -1 not for this caller · 0 for any caller · 1 ``international``, neither local nor in the group · 2 ``group`` ·
        3 ``local``, the caller's country is the called number's · 3 + n, the longest calling prefix that matches has
        n digits. A country is told by its country code, within +1 by area code and within +7 by the next digit; a
        number whose country is not told by that (toll-free) is neither local nor international.

    Source: Twilio, Pricing API, OriginationPrefixes: any ("ALL"), prefixes, or all that are not listed ("ROW").

    """
    if not origin:
        return 0
    if not cli:
        return -1
    if origin not in _GROUP_SCORES:
        digits = _longest_match(origin, cli)
        return digits + _GROUP_SCORES["local"] if digits else -1
    return _GROUP_SCORES[origin] if _is_in(origin, cli, called, group) else -1


def _is_in(origin: str, cli: str, called: str, group: str) -> bool:
    if origin == "group":
        return bool(_longest_match(group, cli))
    here, there = _country(cli), _country(called)
    if not (here and there):
        return False
    return here == there if origin == "local" else here != there and not _longest_match(group, cli)


def _longest_match(prefixes: str, number: str) -> int:
    for prefix in _longest_first(prefixes):
        if number.startswith(prefix):
            return len(prefix)
    return 0


@lru_cache(maxsize=4096)
def _longest_first(prefixes: str) -> tuple[str, ...]:
    return tuple(sorted(prefixes.split(), key=len, reverse=True))


def _country(number: str) -> str:
    if number[:1] != "1":
        return _countries().get(number[:3], "")
    place = Places.nanpa().place_of(number)
    return place.country if place else ""


@cache
def _countries() -> dict[str, str]:
    """
    The first three digits of a number outside the NANP -> its country code; +7 told apart (ITU: 76 and 77 Kazakhstan).
    """
    codes = {str(code) for code in COUNTRY_CODE_TO_REGION_CODE if code != 7} | {"7", "76", "77"}
    starts = (str(digits) for digits in range(200, 1000))
    return {start: max((start[:n] for n in (1, 2, 3) if start[:n] in codes), default="") for start in starts}
