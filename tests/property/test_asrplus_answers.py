"""
Whatever order answers are taken in, and however they are merged on the way, a naive dictionary knows the same.
"""

import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratecards.numberset import Answer, Answers, Base, Policy, write
from ratecards.numberset.policy import DAY_S

START = 1_800_000_000
HOUR_S = 3_600
POLICY = Policy(also_kept=frozenset({486}))
CODES = [200, 200, 404, 404, 410, 484, 604, 486, 503, 408, None]


class Event(NamedTuple):
    number: str
    code: int | None
    answered_at: int
    received_at: int
    cause: int | None


class Naive:
    """
    The definition: of a number's answers that count, the last one; of one second, the one with the greatest code.
    """

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, int]] = {}

    def take(self, event: Event) -> None:
        code = event.code
        if code not in {200, 404, 410, 484, 604}:
            code = 404 if event.cause == 1 else code if code == 486 else None
        late = event.received_at - event.answered_at
        if code is not None and -60 <= late < 30 * DAY_S:
            self.last[event.number] = max(self.last.get(event.number, (0, 0)), (event.answered_at, code))

    def find(self, number: str, now: int) -> Answer | None:
        answered_at, code = self.last.get(number, (-(10**12), 0))
        return Answer(code, answered_at) if now - answered_at < 30 * DAY_S else None

    def counts(self, now: int) -> Counter[int]:
        """
        An hour counts as long as a second of it does.
        """
        return Counter(
            code
            for answered_at, code in self.last.values()
            if now - (answered_at // HOUR_S * HOUR_S + HOUR_S - 1) < 30 * DAY_S
        )


def draw_events(rng: Random, count: int, days: int) -> list[Event]:
    """
    Records of calls as they come in: most at once, some late, some very late, some from a clock that is ahead.
    """
    pool = [str(rng.randrange(10 ** rng.choice([6, 10, 11, 14]), 10**15)) for _ in range(count // 20)]
    pool += [str(447_900_000_000 + rng.randrange(count)) for _ in range(count // 5)]
    events = []
    for place in range(count):
        received_at = START + days * DAY_S * place // count
        late = rng.choice([0, 0, 1, 1, 2, rng.randrange(600), rng.randrange(35 * DAY_S), -rng.randrange(120)])
        code, cause = rng.choice(CODES), rng.choice([None, None, 16, 17, 1])
        number = pool[int(len(pool) * rng.random() ** 2)]
        events.append(Event(number, code, received_at - late, received_at, cause))
    return events


def take(answers: Answers, event: Event) -> None:
    answers.take(event.number, event.code, event.answered_at, event.received_at, event.cause)


def merged(answers: Answers, path: Path, now: int) -> Answers:
    """
    Written and opened again, as after a restart.
    """
    answers.write(path, now)
    return Answers(Base.open(path), POLICY)


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_as_time_moves_the_answers_are_those_of_a_naive_dictionary(count: int, tmp_path: Path) -> None:
    """
    Over 75 days, through merges, restarts and takeovers; and a second one that gets all in another order agrees.
    """
    rng = Random(count)
    events = draw_events(rng, count, days=75)
    naive, answers = Naive(), Answers(policy=POLICY)
    numbers = sorted({event.number for event in events})
    for place, event in enumerate(events):
        naive.take(event)
        take(answers, event)
        if rng.random() < 20 / count:
            answers = merged(answers, tmp_path / "a", event.received_at)
        if rng.random() < 20 / count:
            answers.write(tmp_path / "a", event.received_at)
            answers.rebase(Base.open(tmp_path / "a"))
        if place % 50 == 0:
            answers.settle(200)
            number = rng.choice(numbers)
            assert answers.find(number, event.received_at) == naive.find(number, event.received_at)
        if place % (count // 10) == 0:
            while answers.settle():
                pass
            assert answers.counts(event.received_at) == naive.counts(event.received_at)
    now = events[-1].received_at
    agree_with(answers, naive, numbers, now)
    agree_with(taken_in_another_order(rng, events, tmp_path), naive, numbers, now)


def agree_with(answers: Answers, naive: Naive, numbers: list[str], now: int) -> None:
    while answers.settle():
        pass
    for at in (now, now + DAY_S, now + 15 * DAY_S, now + 30 * DAY_S):
        assert all(answers.find(number, at) == naive.find(number, at) for number in numbers)
        assert answers.counts(at) == naive.counts(at)
    assert dict(answers.entries(now)) == {n: found for n in numbers if (found := naive.find(n, now))}


def taken_in_another_order(rng: Random, events: list[Event], folder: Path) -> Answers:
    """
    Shuffled, some of them twice, merged four times.
    """
    now = events[-1].received_at
    shuffled = rng.sample(events, len(events)) + rng.sample(events, len(events) // 10)
    answers = Answers(policy=POLICY)
    for place, event in enumerate(shuffled):
        take(answers, event)
        if place % (len(events) // 4) == 0:
            answers = merged(answers, folder / "b", now)
    return answers


NUMBERS = st.sampled_from(["1", "2", "10", "4294967295", "4294967296", "4294967297", "99999999999", "999999999999999"])
EVENTS = st.builds(
    Event,
    NUMBERS,
    st.sampled_from([200, 404, 604, 486]),
    st.integers(START - 3, START + 2),
    st.just(START),
    st.none(),
)


@settings(deadline=None)
@given(events=st.lists(EVENTS, max_size=40), rng=st.randoms(), block=st.integers(1, 3))
def test_blocks_of_any_size_keep_every_number_apart(events: list[Event], rng: Random, block: int) -> None:
    """
    Numbers at the edges of what a block holds, put in before, between, into and after blocks, at any moment.
    """
    naive, answers = Naive(), Answers(policy=POLICY)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(write, "BLOCK", block)
        for event in events:
            naive.take(event)
            take(answers, event)
            if rng.random() < 0.2:
                answers = merged(answers, Path(folder) / "a", START)
        assert dict(answers.entries(START)) == {n: Answer(code, at) for n, (at, code) in naive.last.items()}
        answers = merged(answers, Path(folder) / "a", START)
        assert {n: answers.find(n, START) for n in naive.last} == dict(answers.entries(START))
        assert [n for n, _ in answers.entries(START)] == sorted(naive.last, key=int)
        assert answers.counts(START) == naive.counts(START)
