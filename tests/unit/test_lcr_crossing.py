"""
Break-even and worst loss of pairs a rates manager knows.
"""

from ratecards.lcr import Charge, Crossing, cross

MINUTE_60_60 = Charge(600, 0, 60, 60)


def test_the_same_price_in_coarser_increments_never_loses() -> None:
    assert cross(MINUTE_60_60, Charge(600, 0, 1, 1)) is None


def test_bought_by_the_minute_and_sold_by_the_second_a_second_costs_a_minute() -> None:
    """
    Sold at 20 a second, bought at 600 a minute begun. A call of 1 s earns 20 and costs 600: 580 lost. 30 s earn the
    600, 61 s earn 1,220 where two minutes cost 1,200, and so on.
    """
    assert cross(Charge(1200, 0, 1, 1), MINUTE_60_60) == Crossing(30, 1, 580 * 60, 1)


def test_a_price_below_cost_by_little_loses_from_its_first_second_on_and_does_not_stop() -> None:
    """
    A tenth of a unit is lost each second: 360 of 3600 s.
    """
    assert cross(Charge(594, 0, 1, 1), Charge(600, 0, 1, 1)) == Crossing(None, 1, 360 * 60, 3600)


def test_a_connect_fee_sold_covers_the_first_seconds_only() -> None:
    """
    10 units pay for 100 s at a tenth of a unit lost each second.
    """
    assert cross(Charge(594, 10, 1, 1), Charge(600, 0, 1, 1)) == Crossing(None, 101, 350 * 60, 3600)


def test_a_connect_fee_paid_is_earned_back_second_by_second() -> None:
    """
    A unit more is sold a second than bought: after 25 s the fee is earned, before the first 24 are lost.
    """
    assert cross(Charge(660, 0, 1, 1), Charge(600, 25, 1, 1)) == Crossing(25, 1, 24 * 60, 1)


def test_at_equal_prices_the_finer_increment_sold_loses_for_ever_but_at_whole_minutes() -> None:
    found = cross(Charge(600, 0, 1, 1), MINUTE_60_60)
    assert found == Crossing(60 * 60, 1, 590 * 60, 1)
