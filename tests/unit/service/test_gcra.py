"""
A limit lets exactly its rate through, whatever the clock does.
"""

from random import Random

from service.quota.gcra import NS, Gcra


def test_a_burst_is_let_through_and_not_one_more() -> None:
    limit = Gcra(per_second=5, burst=5)
    assert [limit.admit(10 * NS) == 0 for _ in range(7)] == [True] * 5 + [False] * 2


def test_one_more_is_let_through_each_interval() -> None:
    limit = Gcra(per_second=5, burst=1)
    assert limit.admit(NS) == 0
    assert limit.admit(NS + NS // 5 - 1) > 0
    assert limit.admit(NS + NS // 5) == 0


def test_a_refusal_says_how_long_to_wait_and_that_is_true() -> None:
    limit = Gcra(per_second=10, burst=3)
    now = 5 * NS
    while limit.admit(now) == 0:
        pass
    wait = limit.admit(now)
    assert 0 < wait <= NS // 10
    assert limit.admit(now + wait - 1) > 0
    assert limit.admit(now + wait) == 0


def test_a_refused_request_costs_nothing() -> None:
    limit = Gcra(per_second=1, burst=1)
    assert limit.admit(NS) == 0
    assert all(limit.admit(NS) for _ in range(100))
    assert limit.admit(2 * NS) == 0


def test_never_more_than_burst_and_rate_times_time_are_let_through() -> None:
    rng = Random(5)
    limit = Gcra(per_second=100, burst=20)
    now, admitted = NS, 0
    for _ in range(20_000):
        now += rng.randrange(NS // 500)
        admitted += limit.admit(now) == 0
        assert admitted <= 20 + 100 * (now - NS) / NS + 1
    assert admitted > 90 * (now - NS) / NS
