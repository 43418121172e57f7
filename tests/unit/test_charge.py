"""
A call is charged for whole increments, and its cost is rounded once, at the end.
"""

from decimal import Decimal

import pytest

from ratecards.charge import billed_seconds, cost_units
from ratecards.money import format_units, parse_units


@pytest.mark.parametrize(
    ("duration", "billed"), [("0.000001", 30), ("30.000001", 36), ("36.0", 36), ("0", 0), ("0.0", 0)]
)
def test_a_fraction_of_a_second_begins_an_increment(duration: str, billed: int) -> None:
    assert billed_seconds(Decimal(duration), 30, 6) == billed


def test_a_first_increment_of_zero_charges_pulses_only() -> None:
    assert billed_seconds(1, 0, 6) == 6


def test_the_contract_s_example_costs_what_it_says() -> None:
    billed = billed_seconds(37, 30, 6)
    assert billed == 42
    assert format_units(cost_units(parse_units("0.0075"), 0, billed)) == "0.00525"


def test_a_cost_is_not_rounded_increment_by_increment() -> None:
    """
    Three increments of a third of a cent are one cent; rounding each first would make 0.3001 of 0.3.
    """
    cost = cost_units(parse_units("0.1"), 0, 180, precision=4, rounding="up")
    assert format_units(cost) == "0.3"


def test_the_connect_fee_is_charged_once_and_not_on_a_call_of_no_seconds() -> None:
    fee = parse_units("0.15")
    assert format_units(cost_units(parse_units("0.05"), fee, 24, precision=2, rounding="up")) == "0.17"
    assert cost_units(parse_units("0.05"), fee, 0) == 0
