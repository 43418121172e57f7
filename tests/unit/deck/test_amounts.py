"""
Cells of money.
"""

from decimal import Decimal

import pytest

from ratecards.deck.cells.amounts import decimal_evidence, read_amount
from ratecards.deck.errors import CellError
from ratecards.money import UNITS


@pytest.mark.parametrize(
    ("cell", "decimal", "amount"),
    [
        ("0.0075", ".", "0.0075"),
        ("0", ".", "0"),
        ("0.00000001", ".", "0.00000001"),
        ("0.0123456789", ".", "0.0123456789"),
        ("0.012300000000", ".", "0.0123"),
        (".5", ".", "0.5"),
        ("0,0120", ",", "0.012"),
        ("1,9989", ",", "1.9989"),
        ("1.234,5", ",", "1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("12", ",", "12"),
    ],
)
def test_a_price_is_read_exactly_as_it_is_written(cell: str, decimal: str, amount: str) -> None:
    """
    Every digit of the cell is in the amount, whatever the decimal sign of the column.
    """
    units, _, rounded = read_amount(cell, decimal)  # type: ignore[arg-type]
    assert units == Decimal(amount) * UNITS
    assert not rounded


@pytest.mark.parametrize(
    ("cell", "currency"),
    [("$0.0123", "$"), ("US$0.0123", "USD"), ("€0.0123", "EUR"), ("0.0123€", "EUR"), ("£ 0.0123", "GBP"),
     ("USD 0.0123", "USD"), ("0.0123 CHF", "CHF"), ("0.0123", None)],
)  # fmt: skip
def test_a_price_tells_the_currency_written_beside_it(cell: str, currency: str | None) -> None:
    """
    A sign or code beside the price is no part of the amount, and is kept; ``$`` may be any dollar.
    """
    assert read_amount(cell)[:2] == (123_000_000, currency)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [("0.07500000000000001", "0.075"), ("0.30000000000000004", "0.3"), ("0.99999999999999", "1"),
     ("0.01230000000000", "0.0123")],
)  # fmt: skip
def test_a_floats_error_behind_the_tenth_decimal_is_no_part_of_the_price(cell: str, amount: str) -> None:
    """
    What is within 10**-12 of ten decimals is that number.
    """
    assert read_amount(cell)[0] == Decimal(amount) * UNITS


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("$0.11-$0.138", "range of prices"),
        ("0.01 - 0.02", "range of prices"),
        ("-0.01", "negative"),
        ("1E-05", "exponent"),
        ("1E+400", "exponent"),
        ("NaN", "plain decimal"),
        ("inf", "plain decimal"),
        ("1_000", "plain decimal"),
        ("٠.٠١", "plain decimal"),
        ("०.०१", "plain decimal"),
        ("1.", "plain decimal"),
        ("(0.01)", "plain decimal"),
        ("0.01 per min", "plain decimal"),
        ("0.012345678912", "more than 10 decimals"),
        ("1234567890", "more than 9 digits"),
        ("$0.01€", "currency twice"),
        ("9" * 500, "plain decimal"),
    ],
)
def test_what_is_no_single_plain_price_is_refused_with_the_reason(cell: str, reason: str) -> None:
    """
    Ranges, exponents, other scripts' digits and words are no price, and never 0.
    """
    with pytest.raises(CellError, match=reason):
        read_amount(cell)


@pytest.mark.parametrize(
    ("cell", "evidence"),
    [("0.1", "."), ("0,1", ","), ("1.234", "1.234"), ("1,234", "1,234"), ("0.123", "."), ("1,234.5", "."),
     ("1.234.567", ","), ("1234.567", "."), ("12", None), ("0.0.5", None), ("$1.50", ".")],
)  # fmt: skip
def test_a_price_says_what_its_separators_can_only_mean(cell: str, evidence: str | None) -> None:
    """
    Three digits behind one separator leave open whether it parts thousands.
    """
    assert decimal_evidence(cell) == evidence
