"""
A dialled string becomes the digits of an E.164 number.

Source: ITU-T E.164 (11/2010) clause 6: at most 15 digits, the country code first, and no country code starts with 0.
"""

import re

MAX_DIGITS = 15
_SEPARATORS = str.maketrans("", "", " .-()[]\u00a0\u2010\u2011\u2013")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)


class NumberError(ValueError):
    """
    A dialled string that is not one E.164 number; the message is what is wrong with it, without the number.
    """


def normalise(dialled: str) -> str:
    """
    Turn a dialled string into E.164 digits.

    Args:
        dialled: ``+44 (113) 245-6789``, ``0044…`` or ``44…``; spaces, dots, dashes and brackets are dropped.

    Returns:
        1 to 15 ASCII digits that start with a country code.

    Raises:
        NumberError: letters, digits of other scripts, a number without its country code, or too many digits.

    """
    if dialled.isascii() and dialled.isdigit() and dialled[0] != "0" and len(dialled) <= MAX_DIGITS:
        return dialled
    return _normalise_written(dialled)


def _normalise_written(dialled: str) -> str:
    if "(0)" in dialled:
        raise NumberError("'(0)' is dialled inside the country only; leave it out")
    compact = dialled.translate(_SEPARATORS)
    digits = compact[1:] if compact.startswith("+") else compact.removeprefix("00")
    if not digits:
        raise NumberError("is empty")
    if not _DIGITS.fullmatch(digits):
        raise NumberError(f"{_first_stranger(digits)} is not a digit")
    if digits[0] == "0":
        raise NumberError("starts with 0, which no country code does; write it as +, country code, number")
    if len(digits) > MAX_DIGITS:
        raise NumberError(f"has {len(digits)} digits, more than the {MAX_DIGITS} of E.164")
    return digits


def _first_stranger(text: str) -> str:
    stranger = next(c for c in text if c not in "0123456789")
    return repr(stranger) if stranger.isascii() and stranger.isprintable() else f"U+{ord(stranger):04X}"
