"""
Money is exact from the cell to the answer, and nothing but a plain decimal is money.
"""

from decimal import Decimal

import pytest

from ratecards.money import UNITS, MoneyError, format_units, parse_units, round_ratio, round_units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0", 0),
        ("0.0000", 0),
        ("0.0075", 75_000_000),
        ("00.5", UNITS // 2),
        ("1", UNITS),
        ("0.0000000001", 1),
        ("922337203.6854775807", 2**63 - 1),
        ("-1.5", -3 * UNITS // 2),
    ],
)
def test_a_plain_decimal_is_read_without_loss(text: str, units: int) -> None:
    assert parse_units(text) == units


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1,5",
        "1_000",
        "1e3",
        "1E+400",
        "NaN",
        "inf",
        "٣",
        "1.",
        ".5",
        "+1",
        "--1",
        "0x1",
        "1 ",
        "$1",
        "½",
        "1.2.3",
    ],
)
def test_what_python_would_read_as_a_number_but_no_deck_means_is_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        parse_units(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "blank"),
        ("0.12345678901", "10 after"),
        ("1234567890", "9 digits"),
        ("922337203.6854775808", "more than"),
        ("free", "not a plain decimal"),
    ],
)
def test_a_refusal_says_why(text: str, why: str) -> None:
    with pytest.raises(MoneyError, match=why):
        parse_units(text)


@pytest.mark.parametrize("text", ["0", "0.0075", "1", "120", "0.0000000001", "-0.5", "922337203.6854775807"])
def test_an_amount_is_written_as_it_was_read(text: str) -> None:
    assert format_units(parse_units(text)) == text


def test_trailing_zeros_are_not_written() -> None:
    assert format_units(parse_units("0.1200000")) == "0.12"


@pytest.mark.parametrize(
    ("mode", "of_five", "of_fifteen", "of_six", "of_four"),
    [
        ("up", 1, 2, 1, 1),
        ("down", 0, 1, 0, 0),
        ("nearest", 0, 2, 1, 0),
        ("half_up", 1, 2, 1, 0),
        ("half_down", 0, 1, 1, 0),
    ],
)
def test_each_rounding_does_with_halves_what_its_name_says(
    mode: str, of_five: int, of_fifteen: int, of_six: int, of_four: int
) -> None:
    rounded = tuple(round_ratio(n, 10, mode) for n in (5, 15, 6, 4))
    assert rounded == (of_five, of_fifteen, of_six, of_four)
    assert round_ratio(-5, 10, mode) == -of_five


def test_an_exact_amount_is_not_rounded_up() -> None:
    assert round_ratio(20, 10, "up") == 2


def test_more_decimals_than_are_kept_are_an_error_and_not_a_guess() -> None:
    with pytest.raises(ValueError, match="10 decimals"):
        round_units(1, 1, 11, "up")


def test_rounding_agrees_with_decimal() -> None:
    value = Decimal("0.123456785")
    assert format_units(round_units(parse_units(str(value)), 1, 8, "half_up")) == "0.12345679"
    assert format_units(round_units(parse_units(str(value)), 1, 8, "half_down")) == "0.12345678"
