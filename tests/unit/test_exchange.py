"""
Amounts change their currency exactly, and are rounded once.
"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratecards.columns.converted import convert_rules
from ratecards.exchange import Exchange, ExchangeError, convert_units
from ratecards.model import Rule
from ratecards.rules import from_frame, to_frame

RATES = Exchange("USD", {"EUR": Decimal("0.92"), "GBP": Decimal("0.8")})


@pytest.mark.parametrize(
    ("source", "target", "factor"),
    [
        ("USD", "USD", Fraction(1)),
        ("CHF", "CHF", Fraction(1)),
        ("USD", "EUR", Fraction(92, 100)),
        ("EUR", "USD", Fraction(100, 92)),
        ("EUR", "GBP", Fraction(80, 92)),
    ],
)
def test_a_rate_of_exchange_is_an_exact_fraction(source: str, target: str, factor: Fraction) -> None:
    """
    Also between two currencies that are not the base.
    """
    assert RATES.factor(source, target) == factor


@pytest.mark.parametrize(("source", "target"), [("CHF", "USD"), ("EUR", "CHF")])
def test_a_currency_without_a_rate_is_named(source: str, target: str) -> None:
    """
    It is never taken for 1.
    """
    with pytest.raises(ExchangeError, match="no rate of exchange for CHF"):
        RATES.factor(source, target)


@pytest.mark.parametrize(
    ("units", "factor", "expected"), [(1, "1/2", 1), (3, "1/2", 2), (1, "1/3", 0), (-3, "1/2", -2)]
)
def test_an_amount_is_rounded_once_half_up(units: int, factor: str, expected: int) -> None:
    """
    Half of a unit of 10**-10 goes away from zero.
    """
    assert convert_units(units, Fraction(factor)) == expected


@given(
    st.lists(st.integers(0, 10**17), min_size=1, max_size=5), st.fractions(Fraction(1, 999), 9, max_denominator=10**6)
)
def test_a_table_is_converted_amount_by_amount(amounts: list[int], factor: Fraction) -> None:
    """
    Every amount of it, and nothing else.
    """
    rules = [Rule(str(n + 1), "A", units, units, 60, 6, rate_inter_units=units) for n, units in enumerate(amounts)]
    for before, after in zip(rules, from_frame(convert_rules(to_frame(rules), factor)), strict=True):
        money = convert_units(before.rate_units, factor)
        assert after == Rule(before.prefix, "A", money, money, 60, 6, rate_inter_units=money)


def test_an_amount_too_large_to_keep_is_an_error() -> None:
    """
    It does not wrap around.
    """
    with pytest.raises(ExchangeError, match="more than 922,337,203"):
        convert_rules(to_frame([Rule("1", "A", 2**62)]), Fraction(3))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([], "rates of exchange are"),
        ({"base": "USD"}, "rates of exchange are"),
        ({"base": "USD", "per_base": {"EUR": 0.92}}, "EUR is not a plain decimal text: 0.92"),
        ({"base": "USD", "per_base": {"EUR": "9e1"}}, "EUR is not a plain decimal text"),
        ({"base": "USD", "per_base": {"EUR": "0"}}, "EUR is 0, not a number above 0"),
        ({"base": "usd", "per_base": {}}, "'usd' is not a currency"),
        ({"base": "USD", "per_base": {"Euro": "0.92"}}, "'Euro' is not a currency"),
        ({"base": "USD", "per_base": {"USD": "2"}}, "USD is the base and costs 1, not 2"),
    ],
)
def test_what_is_no_table_of_rates_is_refused(data: object, why: str) -> None:
    """
    By the currency that is wrong.
    """
    with pytest.raises(ExchangeError, match=why):
        Exchange.from_json(data)


def test_a_table_is_written_as_it_is_read() -> None:
    """
    Decimals stay texts.
    """
    written = {"base": "USD", "per_base": {"EUR": "0.92", "JPY": "151"}}
    assert Exchange.from_json(written).as_json() == written
