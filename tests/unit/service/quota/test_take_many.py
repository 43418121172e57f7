"""
The questions of a bulk request count to the totals of a plan, to the last one, and not to its limits a second.
"""

import pytest
from support.quota import Clock, plan

from service.quota.meter import ADMITTED, Meter
from service.quota.plan import Limits, Plan
from service.quota.worker import Worker


def meter_of(given: Plan, clock: Clock) -> Meter:
    return Meter("p:17", given, Worker(1, None, clock=clock.wall))


@pytest.mark.parametrize("given", [plan(per_day=10), plan(per_month=10), plan(per_day=10, per_month=20)])
def test_n_are_let_through_and_not_one_more_in_blocks_or_one_by_one(given: Plan) -> None:
    clock = Clock()
    meter = meter_of(given, clock)
    assert meter.take_many("rate", 4, clock.now_ns) == 4
    assert [meter.take("rate", clock.now_ns) for _ in range(3)] == [ADMITTED] * 3
    assert [meter.take_many("rate", 5, clock.now_ns) for _ in range(2)] == [3, 0]
    assert meter.take("rate", clock.now_ns) != ADMITTED


def test_those_of_a_service_count_to_its_limit_and_to_the_account_s() -> None:
    clock = Clock()
    meter = meter_of(Plan(Limits(per_day=10), {"lcr": Limits(per_day=4)}), clock)
    assert meter.take_many("lcr", 6, clock.now_ns) == 4
    assert meter.take_many("rate", 9, clock.now_ns) == 6


def test_a_limit_a_second_is_left_as_it_is() -> None:
    clock = Clock()
    meter = meter_of(plan(per_second=2, burst=2), clock)
    assert meter.take_many("rate", 10**6, clock.now_ns) == 10**6
    assert [meter.take("rate", clock.now_ns) == ADMITTED for _ in range(3)] == [True, True, False]


def test_a_dry_run_lets_all_through_and_counts_those_it_would_not_have() -> None:
    clock = Clock()
    meter = meter_of(Plan(Limits(per_day=10), dry_run=True), clock)
    assert meter.take_many("rate", 25, clock.now_ns) == 25
    assert (meter.would_refuse, meter.admitted) == (15, 25)
