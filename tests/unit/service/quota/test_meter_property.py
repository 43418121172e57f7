"""
Whatever comes when, no window of any length sees more than burst + rate x length.
"""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.quota import Clock, plan

from service.quota.gcra import NS
from service.quota.meter import ADMITTED, Meter
from service.quota.worker import Worker

GAPS_NS = st.lists(st.one_of(st.just(0), st.integers(0, NS // 20), st.integers(0, 3 * NS)), min_size=1, max_size=150)


def most_over(times_ns: list[int], rate: int, burst: int) -> float:
    """
    The naive oracle: by how much the worst of all windows is over its bound.
    """
    worst = -1.0
    for start, begin_ns in enumerate(times_ns):
        for end_ns in times_ns[start:]:
            inside = bisect_right(times_ns, end_ns) - start
            worst = max(worst, inside - burst - rate * (end_ns - begin_ns) / NS)
    return worst


@pytest.mark.many
@examples(60)
@given(gaps_ns=GAPS_NS, rate=st.integers(1, 40), more=st.integers(0, 20), total=st.integers(1, 100))
def test_never_over_burst_and_rate_times_time(gaps_ns: list[int], rate: int, more: int, total: int) -> None:
    clock, admitted = Clock(), []
    meter = Meter("p:1", plan(per_second=rate, burst=rate + more, per_month=total), Worker(clock=clock.wall))
    for gap_ns in gaps_ns:
        clock.pass_s(gap_ns / NS)
        if meter.take("rate", clock.now_ns) == ADMITTED:
            admitted.append(clock.now_ns)
    assert most_over(admitted, rate, rate + more) <= 1e-6
    assert len(admitted) <= total


@pytest.mark.many
@examples(60)
@given(gaps_ns=GAPS_NS, rate=st.integers(1, 40), changes=st.lists(st.integers(1, 40), max_size=5))
def test_a_request_is_refused_only_where_one_more_would_be_over(
    gaps_ns: list[int], rate: int, changes: list[int]
) -> None:
    clock, admitted = Clock(), []
    meter = Meter("p:1", plan(per_second=rate), Worker(clock=clock.wall))
    for step, gap_ns in enumerate(gaps_ns):
        clock.pass_s(gap_ns / NS)
        if changes and step % 10 == 9:
            meter.change(plan(per_second=rate, per_day=10**9 + changes[step % len(changes)]))
        if meter.take("rate", clock.now_ns) == ADMITTED:
            admitted.append(clock.now_ns)
        else:
            assert most_over([*admitted, clock.now_ns], rate, rate) > -2.001e-3
