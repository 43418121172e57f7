"""
Numbers as those may see them whose they are not.
"""

import re

SHOWN = 4
"""Digits of a number that everybody may see: country, and about the network."""
LEAST = 7
"""Fewer digits in a row are no telephone number."""
_LONG = re.compile(rf"(?<![0-9A-Za-z.])\+?[0-9]{{{LEAST},}}(?![0-9A-Za-z])")


def mask(number: str) -> str:
    """
    The beginning of a number, and how long it is.
    """
    return number[:SHOWN] + "*" * (len(number) - SHOWN)


def mask_numbers(text: str) -> str:
    """
    A text with every telephone number in it masked.
    """
    return _LONG.sub(lambda found: mask(found[0]), text)
