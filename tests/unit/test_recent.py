"""
What is kept of what was worked out is the part that is asked for.
"""

from ratecards.recent import Recent


def test_for_one_more_the_one_goes_that_nobody_asked_for_longest() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.keep("a", 1)
    recent.keep("b", 2)
    assert recent.find("a") == 1
    assert recent.keep("c", 3) == 3
    assert [recent.find(key) for key in "abc"] == [1, None, 3]


def test_it_never_holds_more_than_it_may_and_the_newest_value_of_a_key() -> None:
    recent: Recent[int, int] = Recent(10)
    for key in range(1000):
        recent.keep(key % 25, key)
        assert len(recent) <= 10
    assert [recent.find(key % 25) for key in range(990, 1000)] == [*range(990, 1000)]
