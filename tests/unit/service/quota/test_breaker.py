"""
A store that fails is left alone, longer each time, and tried again.
"""

from service.quota.breaker import Breaker
from service.quota.gcra import NS


def most(_: float, high: float) -> float:
    return high


def test_three_failures_in_a_row_open_it_and_two_do_not() -> None:
    breaker = Breaker(most)
    for _ in range(5):
        breaker.fail(0)
        breaker.fail(0)
        assert breaker.allows(0)
        breaker.succeed()
    for _ in range(3):
        breaker.fail(0)
    assert not breaker.allows(NS // 2 - 1)
    assert breaker.allows(NS // 2)


def test_each_failed_trial_doubles_the_pause_up_to_five_seconds_and_success_ends_it() -> None:
    breaker, pauses, now_ns = Breaker(most), [], 0
    for _ in range(9):
        breaker.fail(now_ns)
        pauses.append((breaker.retry_ns - now_ns) / NS)
        now_ns = max(now_ns, breaker.retry_ns)
    assert pauses[2:] == [0.5, 1, 2, 4, 5, 5, 5]
    breaker.succeed()
    assert breaker.allows(0)


def test_processes_do_not_all_come_back_at_the_same_moment() -> None:
    moments = set()
    for _ in range(20):
        breaker = Breaker()
        for _ in range(3):
            breaker.fail(0)
        moments.add(breaker.retry_ns)
        assert 3 * NS // 8 <= breaker.retry_ns <= NS // 2
    assert len(moments) > 10
