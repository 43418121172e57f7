"""
An amount in words is the amount.
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratecards.money import UNITS, format_units
from service.lookups.simulate_words import decimal, echo, exact, instant


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**6))
def test_an_exact_amount_reads_back_as_itself(numerator: int, denominator: int) -> None:
    units = Fraction(numerator, denominator)
    written, _, about = exact(units).partition(" = ")
    assert Fraction(written) * UNITS == units
    assert about == (decimal(units) if "/" in written else "")


@given(st.integers(-(10**25), 10**25), st.integers(1, 10**25))
def test_a_decimal_is_the_amount_or_begins_it(numerator: int, denominator: int) -> None:
    units = Fraction(numerator, denominator)
    written = decimal(units)
    off = abs(Fraction(written.removesuffix("…")) * UNITS - units)
    assert off < Fraction(UNITS, 10**12) if written.endswith("…") else not off


@given(st.integers(-(2**63), 2**63 - 1))
def test_whole_units_are_written_as_everywhere_else(units: int) -> None:
    assert exact(Fraction(units)) == decimal(Fraction(units)) == format_units(units)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (0, "1970-01-01 00:00:00 UTC (0)"),
        (-1, "1969-12-31 23:59:59 UTC (-1)"),
        (10**17, f"{10**17}, out of the calendar"),
        (-(10**17), f"-{10**17}, out of the calendar"),
    ],
)
def test_an_instant_is_written_in_utc_and_as_it_is_kept(at: int, words: str) -> None:
    assert instant(at) == words


@given(st.text(st.characters(), max_size=300))
def test_what_was_typed_is_shown_in_one_printable_line_that_is_not_long(text: str) -> None:
    shown = echo(text)
    assert shown.isprintable()
    assert len(shown) <= 81
    shown.encode()  # no half of a pair is left
    if text.isprintable() and len(text) <= 80:
        assert shown == text
