"""
For each number the last answer stands, for as long as it is kept, whatever is written, merged and read meanwhile.
"""

import os
import sys
import threading
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from support.patience import FAIL_SAFE_S

from ratecards.numbers import NumberError
from ratecards.numberset import Answer, Answers, Base, CheckpointError, NumberSet, Policy, write_sorted
from ratecards.numberset.policy import DAY_S

NOW = 1_800_000_000
HOUR_S = 3_600
NUMBER = "441132456789"


def asked(*answers: tuple[int, int]) -> Answer | None:
    """
    What is known of a number after these answers, of a code and seconds ago each.
    """
    known = Answers()
    for code, ago in answers:
        known.take(NUMBER, code, NOW - ago, NOW)
    return known.find(NUMBER, NOW)


def test_the_age_of_an_answer_is_in_whole_seconds_and_days() -> None:
    """
    As in the documented example.
    """
    answers = Answers()
    answers.take(NUMBER, 404, 1_357_907_962, 1_357_907_970)
    answer = answers.find(NUMBER, 1_357_907_962 + 970_257)
    assert answer == Answer(404, 1_357_907_962)
    assert answer.age_s(1_357_907_962 + 970_257) == 970_257
    assert answer.age_days(1_357_907_962 + 970_257) == 11


def test_of_a_number_nobody_called_nothing_is_known() -> None:
    answers = Answers()
    answers.take(NUMBER, 404, NOW, NOW)
    for other in ("44113245678", "4411324567890", "1", "441132456788", "999999999999999"):
        assert answers.find(other, NOW) is None


def test_a_good_answer_clears_a_failure_and_the_other_way_round() -> None:
    assert asked((404, 20), (200, 10)) == Answer(200, NOW - 10)
    assert asked((200, 20), (404, 10)) == Answer(404, NOW - 10)


def test_an_answer_that_says_nothing_changes_nothing() -> None:
    """
    A busy line or a full trunk does not bring a dead number to life.
    """
    assert asked((404, 20), (486, 10), (503, 5), (408, 1)) == Answer(404, NOW - 20)
    assert asked((486, 20)) is None


def test_an_older_answer_that_comes_later_changes_nothing() -> None:
    assert asked((404, 10), (200, 20)) == Answer(404, NOW - 10)


@pytest.mark.parametrize("codes", [(200, 404), (404, 200), (404, 604, 410), (604, 410, 404), (410, 404, 200, 604)])
def test_of_one_second_the_greatest_code_stands_in_whatever_order(codes: tuple[int, ...]) -> None:
    assert asked(*((code, 5) for code in codes)) == Answer(max(codes), NOW - 5)


def test_an_answer_taken_twice_is_news_once() -> None:
    answers = Answers()
    assert answers.take(NUMBER, 404, NOW, NOW)
    assert not answers.take(NUMBER, 404, NOW, NOW)
    assert answers.counts(NOW) == {404: 1}


@pytest.mark.parametrize(("days", "kept"), [(28, True), (30, False), (31, False)])
def test_a_record_that_comes_late_counts_if_it_is_not_too_old(days: int, kept: bool) -> None:
    assert (asked((404, days * DAY_S)) is not None) == kept


def test_an_answer_is_forgotten_after_thirty_days_to_the_second() -> None:
    answers = Answers()
    answers.take(NUMBER, 404, NOW, NOW)
    assert answers.find(NUMBER, NOW + 30 * DAY_S - 1) == Answer(404, NOW)
    assert answers.find(NUMBER, NOW + 30 * DAY_S) is None


def test_how_long_answers_are_kept_can_be_set() -> None:
    answers = Answers(policy=Policy(keep_s=60))
    answers.take(NUMBER, 404, NOW, NOW)
    assert answers.find(NUMBER, NOW + 59) is not None
    assert answers.find(NUMBER, NOW + 60) is None


def test_a_clock_that_is_wrong_by_years_does_not_hide_the_truth() -> None:
    answers = Answers()
    assert not answers.take(NUMBER, 404, NOW + 3 * 365 * DAY_S, NOW)
    assert answers.take(NUMBER, 200, NOW - 5, NOW)
    assert answers.find(NUMBER, NOW) == Answer(200, NOW - 5)


def test_an_answer_of_a_clock_slightly_ahead_is_no_second_old() -> None:
    answers = Answers()
    assert answers.take(NUMBER, 404, NOW + 60, NOW)
    assert answers.find(NUMBER, NOW).age_s(NOW) == 0


@pytest.mark.parametrize("number", ["", "044", "+44", "4_4", "\u0664\u0664", "1" * 16])
def test_what_is_no_number_is_an_error(number: str) -> None:
    with pytest.raises(NumberError):
        Answers().find(number, NOW)
    with pytest.raises(NumberError):
        Answers().take(number, 404, NOW, NOW)


def filled(seed: int, count: int) -> Answers:
    """
    Answers for numbers of every length, close together and far apart, of the last 29 days.
    """
    rng, answers = Random(seed), Answers()
    for _ in range(count):
        digits = rng.choice([1, 5, 10, 11, 12, 15])
        number = str(rng.randrange(10 ** (digits - 1), 10**digits) if rng.random() < 0.5 else rng.randrange(1, count))
        answers.take(number, rng.choice([200, 404, 410, 484, 604]), NOW - rng.randrange(29 * DAY_S), NOW)
    return answers


def test_a_checkpoint_read_back_answers_the_same(tmp_path: Path) -> None:
    """
    Number by number, in its counts, and with the position it was written at.
    """
    answers = filled(1, 5_000)
    answers.write(tmp_path / "a", NOW, {"row": 17, "at": [1, None]})
    base = Base.open(tmp_path / "a")
    again = Answers(base)
    assert list(again.entries(NOW)) == list(answers.entries(NOW))
    assert all(again.find(number, NOW) == answer for number, answer in answers.entries(NOW))
    assert again.counts(NOW) == answers.counts(NOW)
    assert again.position == {"row": 17, "at": [1, None]}
    assert base.numbers == answers.fresh == len(list(answers.entries(NOW)))
    assert again.fresh == 0


def test_a_number_between_those_kept_is_not_found_in_a_checkpoint(tmp_path: Path) -> None:
    answers = filled(2, 2_000)
    answers.write(tmp_path / "a", NOW)
    again = Answers(Base.open(tmp_path / "a"))
    kept = {number for number, _ in answers.entries(NOW)}
    beside = {str(int(number) + step) for number in kept for step in (-1, 1)} - kept - {"0", str(10**15)}
    assert all(again.find(number, NOW) is None for number in beside)


def test_what_stands_beside_a_number_is_not_taken_for_one(tmp_path: Path) -> None:
    """
    In the file its answer follows it, as an integer of the same size.
    """
    answers = Answers()
    answers.take("1", 404, NOW, NOW)
    answers.write(tmp_path / "a", NOW)
    (block,) = Base.open(tmp_path / "a").blocks()
    assert Answers(Base.open(tmp_path / "a")).find(str(block.stamps[0]), NOW) is None


def test_entries_come_in_the_order_of_the_numbers() -> None:
    numbers = [int(number) for number, _ in filled(3, 2_000).entries(NOW)]
    assert numbers == sorted(set(numbers))


def test_a_checkpoint_of_nothing_is_a_checkpoint(tmp_path: Path) -> None:
    Answers().write(tmp_path / "a", NOW)
    again = Answers(Base.open(tmp_path / "a"))
    assert (list(again.entries(NOW)), again.counts(NOW), again.position) == ([], {}, None)


def test_the_same_answers_in_any_order_make_the_same_file(tmp_path: Path) -> None:
    """
    And however often they were merged on the way.
    """
    entries = list(filled(4, 3_000).entries(NOW))
    forth, back = Answers(), Answers()
    for number, answer in entries:
        forth.take(number, answer.code, answer.answered_at, NOW)
    forth.write(tmp_path / "forth", NOW)
    for place, (number, answer) in enumerate(reversed(entries)):
        back.take(number, answer.code, answer.answered_at, NOW)
        if place % 700 == 0:
            back.write(tmp_path / "part", NOW)
            back = Answers(Base.open(tmp_path / "part"))
    back.write(tmp_path / "back", NOW)
    assert (tmp_path / "forth").read_bytes() == (tmp_path / "back").read_bytes()


def test_a_table_grows_over_its_own_file(tmp_path: Path) -> None:
    """
    Which stays mapped, as it was, until nobody reads it.
    """
    path = tmp_path / "a"
    answers = Answers()
    answers.take("1", 404, NOW, NOW)
    answers.write(path, NOW)
    old = Answers(Base.open(path))
    answers.take("2", 404, NOW, NOW)
    answers.write(path, NOW)
    assert [number for number, _ in old.entries(NOW)] == ["1"]
    assert [number for number, _ in Answers(Base.open(path)).entries(NOW)] == ["1", "2"]
    assert list(tmp_path.iterdir()) == [path]


def test_answers_too_old_are_left_out_of_the_next_checkpoint(tmp_path: Path) -> None:
    """
    But for those of the hour that is partly in.
    """
    answers = Answers()
    times = {"1": NOW, "2": NOW + DAY_S, "3": NOW + 2 * DAY_S}
    for number, answered_at in times.items():
        answers.take(number, 404, answered_at, answered_at)
    answers.write(tmp_path / "a", NOW + 2 * DAY_S)
    assert Base.open(tmp_path / "a").numbers == 3
    Answers(Base.open(tmp_path / "a")).write(tmp_path / "a", NOW + 31 * DAY_S + HOUR_S)
    assert Base.open(tmp_path / "a").numbers == 1
    assert Answers(Base.open(tmp_path / "a")).counts(NOW + 31 * DAY_S + HOUR_S) == {404: 1}


def test_a_newer_checkpoint_takes_over_while_answers_come_in(tmp_path: Path) -> None:
    """
    At every step of settling each number answers as it should; afterwards only what is newer is held in memory.
    """
    answers = filled(5, 3_000)
    expected = dict(answers.entries(NOW))
    answers.write(tmp_path / "a", NOW)
    for number in list(expected)[:100]:
        answers.take(number, 200, NOW + 1, NOW + 1)
        expected[number] = Answer(200, NOW + 1)
    answers.rebase(Base.open(tmp_path / "a"))
    for number in list(expected)[50:150]:
        answers.take(number, 404, NOW + 2, NOW + 2)
        expected[number] = Answer(404, NOW + 2)
    left, turns = -1, 0
    while left:
        assert dict(answers.entries(NOW + 2)) == expected
        assert all(answers.find(number, NOW + 2) == answer for number, answer in expected.items())
        left = answers.settle(900)
        turns += 1
    assert turns == -(-len(expected) // 900)
    assert answers.fresh == 150
    assert sum(answers.counts(NOW + 2).values()) == len(expected)
    assert dict(answers.entries(NOW + 2)) == expected


def test_a_reader_beside_the_writer_never_sees_an_answer_go_back(tmp_path: Path) -> None:
    """
    While answers come in, and checkpoints are written, taken up and settled, the thread switching as often as it can.
    """
    answers, done, seen = Answers(), threading.Event(), [0]
    answers.take(NUMBER, 404, NOW, NOW)

    def read() -> bool:
        last, forward = NOW, True
        while not done.is_set():
            answer = answers.find(NUMBER, NOW + 1)
            forward = forward and answer is not None and answer.answered_at >= last
            last = answer.answered_at if answer else last
            seen[0] += 1
        return forward

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as pool:
            reader = pool.submit(read)
            for turn in range(300):
                write_sorted(tmp_path / "a", answers.entries(NOW + turn), NOW + turn, Policy().keep_s)
                answers.take(NUMBER, 404, NOW + turn, NOW + turn)
                answers.rebase(Base.open(tmp_path / "a"))
                answers.settle()
            done.set()
            assert reader.result(FAIL_SAFE_S)
    finally:
        done.set()
        sys.setswitchinterval(usual)
    assert seen[0] > 300


def test_what_is_too_old_for_a_checkpoint_is_not_held_on_to(tmp_path: Path) -> None:
    """
    Records that came late would otherwise stay above it for ever.
    """
    answers = Answers()
    answers.take(NUMBER, 404, NOW - 30 * DAY_S + 1, NOW)
    answers.write(tmp_path / "a", NOW + 2 * HOUR_S)
    answers.rebase(Base.open(tmp_path / "a"))
    assert answers.fresh == 1
    assert answers.settle() == 0
    assert answers.fresh == 0


def test_a_checkpoint_that_comes_before_the_last_has_settled_loses_nothing(tmp_path: Path) -> None:
    answers = filled(6, 2_500)
    expected = dict(answers.entries(NOW))
    Answers().write(tmp_path / "a", NOW)
    for _ in range(3):
        answers.rebase(Base.open(tmp_path / "a"))
        answers.settle(10)
    assert dict(answers.entries(NOW)) == expected


def test_of_a_checkpoint_and_what_was_learnt_here_the_later_is_written(tmp_path: Path) -> None:
    """
    Where the checkpoint comes from a node that knew more.
    """
    here, there = Answers(), Answers()
    here.take(NUMBER, 404, NOW - 20, NOW)
    there.take(NUMBER, 200, NOW - 10, NOW)
    there.write(tmp_path / "a", NOW)
    here.rebase(Base.open(tmp_path / "a"))
    here.write(tmp_path / "b", NOW)
    again = Answers(Base.open(tmp_path / "b"))
    assert again.find(NUMBER, NOW) == here.find(NUMBER, NOW) == Answer(200, NOW - 10)
    assert again.counts(NOW) == {200: 1}


def test_an_answer_older_than_the_checkpoint_s_is_no_news(tmp_path: Path) -> None:
    answers = Answers()
    answers.take(NUMBER, 404, NOW - 5, NOW)
    answers.write(tmp_path / "a", NOW)
    again = Answers(Base.open(tmp_path / "a"))
    assert not again.take(NUMBER, 200, NOW - 6, NOW)
    assert again.take(NUMBER, 200, NOW - 4, NOW)
    assert again.counts(NOW) == {200: 1}


def test_counts_are_by_code_and_drop_what_is_too_old() -> None:
    answers = Answers()
    for number, (code, days) in enumerate([(404, 0), (404, 10), (200, 20), (604, 29)], 1):
        answers.take(str(number), code, NOW - days * DAY_S, NOW)
    assert answers.counts(NOW) == {200: 1, 404: 2, 604: 1}
    assert answers.counts(NOW + DAY_S + HOUR_S) == {200: 1, 404: 2}
    assert answers.counts(NOW + 15 * DAY_S) == {404: 2}
    assert answers.counts(NOW + 40 * DAY_S) == {}


@pytest.mark.parametrize("spread", ["real", "far apart"])
def test_an_answer_takes_nine_bytes_at_most(spread: str, tmp_path: Path) -> None:
    """
    Counted on fewer, where a block's own few bytes weigh more: numbers in real ranges, and as far apart as 100 M are.
    """
    rng, answers = Random(8), Answers()
    most = 10**10 if spread == "real" else 10**12
    for _ in range(100_000):
        answers.take(str(10**10 + rng.randrange(most)), 404, NOW - rng.randrange(DAY_S), NOW)
    answers.write(tmp_path / "a", NOW)
    assert (tmp_path / "a").stat().st_size <= 9 * answers.fresh


def damaged(rng: Random, whole: bytes) -> bytes:
    """
    One flipped bit, a cut, a piece moved, or a piece of zeros.
    """
    kind, at = rng.randrange(4), rng.randrange(len(whole))
    if kind == 0:
        return whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :]
    if kind == 1:
        return whole[:at]
    start, length = rng.randrange(len(whole)), rng.randrange(1, 4096)
    return whole[:at] + (whole[start : start + length] + whole[at:] if kind == 2 else bytes(length) + whole[at:])


@pytest.mark.fault
def test_seven_hundred_damaged_checkpoints_are_all_refused(tmp_path: Path) -> None:
    rng, path = Random(17), tmp_path / "a"
    filled(9, 3_000).write(path, NOW, {"row": 5})
    whole = path.read_bytes()
    for _ in range(700):
        path.write_bytes(damaged(rng, whole))
        with pytest.raises(CheckpointError, match="a: "):
            Base.open(path)


def test_a_set_of_numbers_is_no_table_of_answers(tmp_path: Path) -> None:
    NumberSet(["44"]).save(tmp_path / "a")
    with pytest.raises(CheckpointError, match="not a checkpoint of answers"):
        Base.open(tmp_path / "a")


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = filled(10, 100)
    answers.write(tmp_path / "a", NOW, 1)

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        answers.write(tmp_path / "a", NOW, 2)
    assert Base.open(tmp_path / "a").position == 1
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_answers_too_far_apart_for_one_table_are_an_error_and_change_nothing(tmp_path: Path) -> None:
    """
    As when the clock that writes is a year behind.
    """
    answers = Answers()
    answers.take(NUMBER, 404, NOW, NOW)
    with pytest.raises(ValueError, match=r"answers too long after unix second .*: a clock is wrong"):
        answers.write(tmp_path / "a", NOW - 365 * DAY_S)
    assert list(tmp_path.iterdir()) == []


def test_a_table_written_in_order_is_the_one_learnt_in_any(tmp_path: Path) -> None:
    """
    Byte for byte.
    """
    answers = filled(11, 3_000)
    answers.write(tmp_path / "learnt", NOW, 7)
    write_sorted(tmp_path / "sorted", answers.entries(NOW), NOW, Policy().keep_s, 7)
    assert (tmp_path / "learnt").read_bytes() == (tmp_path / "sorted").read_bytes()


def test_a_table_written_in_order_leaves_out_what_is_too_old(tmp_path: Path) -> None:
    entries = [("44", Answer(404, NOW)), ("45", Answer(404, NOW - 31 * DAY_S)), ("46", Answer(200, NOW))]
    write_sorted(tmp_path / "a", entries, NOW, Policy().keep_s)
    assert [number for number, _ in Answers(Base.open(tmp_path / "a")).entries(NOW)] == ["44", "46"]


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([("44", Answer(404, NOW)), ("44", Answer(200, NOW))], "numbers do not ascend"),
        ([("441", Answer(404, NOW)), ("45", Answer(200, NOW))], "numbers do not ascend"),
        ([("44", Answer(700, NOW))], "700 is no final SIP answer"),
        ([("044", Answer(404, NOW))], "is not 1 to 15 digits"),
    ],
)
def test_a_table_out_of_order_is_not_written(entries: list[tuple[str, Answer]], why: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=why):
        write_sorted(tmp_path / "a", entries, NOW, Policy().keep_s)
    assert list(tmp_path.iterdir()) == []


def test_a_position_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a position of 70002 bytes, more than 65536"):
        Answers().write(tmp_path / "a", NOW, "x" * 70_000)


def test_a_merge_holds_a_few_blocks_whatever_the_size_of_the_table(tmp_path: Path) -> None:
    """
    The arrays of numbers it writes at once are of a block each.
    """
    answers = Answers()
    for number in range(10**6, 10**6 + 100_000):
        answers.take(str(number), 404, NOW, NOW)
    answers.write(tmp_path / "a", NOW)
    blocks = [block.lows for block in Base.open(tmp_path / "a").blocks()]
    assert [len(lows) for lows in blocks] == [32_768, 32_768, 32_768, 1_696]
    assert array("I", [lows[0] for lows in blocks]) == array("I", range(10**6, 10**6 + 100_000, 32_768))
