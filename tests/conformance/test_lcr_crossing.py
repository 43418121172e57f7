"""
Where a route loses, against every second from 1 to 3600, one after the other.
"""

import random
from functools import cache
from itertools import product

import pytest

from ratecards.lcr import Charge, Crossing, cross
from ratecards.lcr.crossing import corners

INCREMENTS = [(0, 1), (0, 7), (1, 1), (6, 6), (30, 6), (60, 1), (60, 60), (1, 60), (59, 61), (5000, 1), (3600, 3600)]


@cache
def billed(mcd_s: int, pulse_s: int) -> list[int]:
    """
    Of each duration from 1 to 3600 s, counted up pulse by pulse.
    """
    seconds, paid_s = [], mcd_s
    for duration_s in range(1, 3601):
        while paid_s < duration_s:
            paid_s += pulse_s
        seconds.append(paid_s)
    return seconds


def paid(charge: Charge) -> list[int]:
    """
    For each duration, in sixtieths of a unit.
    """
    return [charge.connect_fee_units * 60 + charge.rate_units * seconds for seconds in billed(*charge[2:])]


def second_by_second(sell: Charge, buy: Charge) -> Crossing | None:
    earned = [sold - bought for sold, bought in zip(paid(sell), paid(buy), strict=True)]
    losing = [duration_s for duration_s, amount in enumerate(earned, 1) if amount < 0]
    if not losing:
        return None
    even_s = None if losing[-1] == 3600 else losing[-1] + 1
    return Crossing(even_s, losing[0], -min(earned), earned.index(min(earned)) + 1)


def draw(rng: random.Random) -> Charge:
    mcd_s, pulse_s = rng.choice((*INCREMENTS, (rng.randrange(4000), rng.randrange(1, 4000)), (rng.randrange(90), 11)))
    rate = rng.choice((0, rng.randrange(1, 20), rng.randrange(900, 1100)))
    return Charge(rate, rng.choice((0, 0, rng.randrange(50), rng.randrange(5000))), mcd_s, pulse_s)


def test_of_2000_random_pairs_of_rules_each_loses_just_where_every_second_says() -> None:
    rng = random.Random(17)
    losing = 0
    for _ in range(1_000):
        sell, buy = draw(rng), draw(rng)
        for pair in ((sell, buy), (buy, sell)):
            expected = second_by_second(*pair)
            assert cross(*pair) == expected, pair
            losing += expected is not None
    assert 800 < losing < 1_800


@pytest.mark.parametrize("rates", [(100, 90), (100, 100), (100, 110), (0, 0), (0, 1), (1, 0)])
def test_every_pair_of_usual_increments_loses_just_where_every_second_says(rates: tuple[int, int]) -> None:
    for sold, bought in product(INCREMENTS[:8], repeat=2):
        sell, buy = Charge(rates[0], 0, *sold), Charge(rates[1], 0, *bought)
        assert cross(sell, buy) == second_by_second(sell, buy), (sell, buy)


def test_few_durations_need_to_be_tried_whatever_the_prices() -> None:
    """
    Which is what makes it cheap enough for every answer.
    """
    assert max(len(corners(*sold, *bought)[0]) for sold, bought in product(INCREMENTS, repeat=2)) <= 8
