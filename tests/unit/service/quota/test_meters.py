"""
A meter outlives the snapshots that refer to it, and no longer.
"""

import gc

from support.quota import Clock, plan

from service.quota.meter import ADMITTED
from service.quota.meters import Meters


def test_the_next_snapshot_goes_on_with_the_same_meter_under_its_new_plan() -> None:
    clock, meters = Clock(), Meters(1)
    before = meters.of("p:1", plan(per_day=1))
    assert before.take("rate", clock.now_ns) == ADMITTED
    after = meters.of("p:1", plan(per_day=2))
    assert after is before
    assert [after.take("rate", clock.now_ns) == ADMITTED for _ in range(2)] == [True, False]


def test_production_and_sandbox_are_counted_apart() -> None:
    clock, meters = Clock(), Meters(1)
    kept = [meters.of(key, plan(per_day=1)) for key in ("p:1", "s:1")]
    assert [meter.take("rate", clock.now_ns) for meter in kept] == [ADMITTED] * 2


def test_a_meter_that_no_snapshot_refers_to_is_forgotten() -> None:
    meters = Meters(1)
    kept = meters.of("p:1", plan(per_day=1))
    meters.of("p:2", plan(per_day=1))
    gc.collect()
    assert meters.all() == [kept]
