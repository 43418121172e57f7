"""
Of the calls to dead numbers a mode blocks its share, and no others.
"""

from random import Random

import pytest

from ratecards.numberset import Action, Answer, EvenDraw, Mode, Policy, decide

POLICY = Policy(also_kept=frozenset({486}))
DEAD, ALIVE, BUSY = Answer(404, 1), Answer(200, 1), Answer(486, 1)
CALLS = 10_000


def never() -> float:
    raise AssertionError("nothing is drawn where nothing is shared out")


@pytest.mark.parametrize(
    ("mode", "answer", "action"),
    [
        *((Mode.OFF, answer, None) for answer in (DEAD, ALIVE, BUSY, None)),
        *((mode, answer, Action.PASS) for mode in (Mode.LOW, Mode.ON) for answer in (ALIVE, BUSY, None)),
        (Mode.STRICT, ALIVE, Action.PASS),
        *((Mode.STRICT, answer, Action.BLOCK) for answer in (DEAD, BUSY, None)),
    ],
)
def test_where_the_answer_decides_nothing_is_drawn(mode: Mode, answer: Answer | None, action: Action | None) -> None:
    assert decide(answer, mode, POLICY, never) == action


@pytest.mark.parametrize(
    ("mode", "drawn", "action"),
    [
        (Mode.LOW, 0.0, Action.BLOCK),
        (Mode.LOW, 0.2999, Action.BLOCK),
        (Mode.LOW, 0.3, Action.PASS),
        (Mode.ON, 0.8999, Action.BLOCK),
        (Mode.ON, 0.9, Action.PASS),
        (Mode.ON, 0.9999, Action.PASS),
    ],
)
@pytest.mark.parametrize("code", [404, 410, 484, 604])
def test_a_call_to_a_dead_number_is_blocked_by_what_is_drawn(
    mode: Mode, drawn: float, action: Action, code: int
) -> None:
    assert decide(Answer(code, 1), mode, POLICY, lambda: drawn) == action


@pytest.mark.parametrize(("mode", "share"), [(Mode.LOW, 0.3), (Mode.ON, 0.9)])
@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1, 123_456_789])
def test_of_many_calls_exactly_the_share_is_blocked(mode: Mode, share: float, seed: int) -> None:
    """
    To within three calls at any moment, wherever the sequence begins.
    """
    draw = EvenDraw(seed)
    blocked = 0
    for calls in range(1, CALLS + 1):
        blocked += decide(DEAD, mode, POLICY, draw) is Action.BLOCK
        assert abs(blocked - share * calls) <= 3


def test_each_of_several_numbers_called_in_turn_gets_its_share() -> None:
    """
    No number is always blocked, or never, for where it stands in the order.
    """
    for numbers in (2, 3, 5, 7, 10, 100):
        draw = EvenDraw(7)
        blocked = [0] * numbers
        for call in range(CALLS):
            blocked[call % numbers] += decide(DEAD, Mode.ON, POLICY, draw) is Action.BLOCK
        calls = CALLS / numbers
        assert all(abs(count - 0.9 * calls) <= 0.05 * calls for count in blocked)


def test_calls_to_other_numbers_do_not_change_the_share() -> None:
    """
    Whatever comes between.
    """
    rng, draw = Random(4), EvenDraw(4)
    dead = blocked = 0
    for _ in range(CALLS):
        answer = rng.choice([DEAD, ALIVE, BUSY, None])
        dead += answer is DEAD
        blocked += decide(answer, Mode.LOW, POLICY, draw) is Action.BLOCK
    assert abs(blocked - 0.3 * dead) <= 3


def test_what_is_drawn_lies_in_zero_to_one() -> None:
    draw = EvenDraw()
    drawn = [draw() for _ in range(CALLS)]
    assert min(drawn) >= 0
    assert max(drawn) < 1
