"""
A dialled string is one E.164 number or an error that says what it is instead.
"""

import pytest

from ratecards.numbers import NumberError, normalise


@pytest.mark.parametrize(
    "dialled",
    ["441132456789", "+441132456789", "00441132456789", "+44 (113) 245-6789", "44.113.245.6789", "+44 [113] 2456789"],
)
def test_every_way_of_writing_a_number_is_the_same_number(dialled: str) -> None:
    assert normalise(dialled) == "441132456789"


@pytest.mark.parametrize(
    ("dialled", "why"),
    [
        ("", "empty"),
        ("+", "empty"),
        ("00", "empty"),
        ("  ", "empty"),
        ("0113 245 6789", "starts with 0"),
        ("000441132456789", "starts with 0"),
        ("+0441132456789", "starts with 0"),
        ("4411324567890123", "16 digits"),
        pytest.param("1" * 10**6, "1000000 digits", id="a million digits"),
        ("44113x", "'x'"),
        ("++44113", r"'\+'"),
        ("44+113", r"'\+'"),
        ("٤٤١١٣", r"U\+0664"),
        ("4４113", r"U\+FF14"),
        ("441²", r"U\+00B2"),
        ("44113\n", r"'\\n'|U\+000A"),
        ("44113\x00", r"U\+0000"),
        ("+44 (0)113 245 6789", r"\(0\)"),
    ],
)
def test_anything_else_is_refused_with_its_reason(dialled: str, why: str) -> None:
    with pytest.raises(NumberError, match=why):
        normalise(dialled)


def test_fifteen_digits_are_the_longest() -> None:
    assert normalise("123456789012345") == "123456789012345"


def test_an_error_never_shows_the_number() -> None:
    with pytest.raises(NumberError) as caught:
        normalise("44113245678a")
    assert "44113" not in str(caught.value)
