"""
An E.164 number as an integer, and back.

A number never starts with 0, so that its value alone says which it is: 1 and 10 differ, 044 is no number. Fifteen
digits fill 50 bits.
"""

from ratecards.numbers import MAX_DIGITS, NumberError

LOW_BITS = 32
"""Numbers are kept in runs that agree in all but these bits."""
LOW = 2**LOW_BITS - 1


def is_number(text: str) -> bool:
    """
    Whether a text is 1 to 15 ASCII digits that do not start with 0.
    """
    return text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= MAX_DIGITS


def key_of(number: str) -> int:
    """
    The integer that stands for a number.

    Raises:
        NumberError: the text is not plain E.164 digits; bring it there by :func:`ratecards.numbers.normalise`.

    """
    if is_number(number):
        return int(number)
    raise NumberError(f"is not 1 to {MAX_DIGITS} digits that start with a country code")


def number_of(key: int) -> str:
    """
    The number an integer stands for.
    """
    return str(key)
