"""
Very many numbers answered at once say what each of them alone is answered.
"""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cards import NOW, RETAIL, random_rules
from support.examples import some

from ratecards.columns.amounts import texts_of
from ratecards.compile import compile_card
from ratecards.model import Rule, Terms
from ratecards.money import MAX_UNITS, format_units
from ratecards.rules import to_frame
from service.errors import ApiError
from service.lookups.rate import RateQuery, rate
from service.lookups.rate_many import answers, is_worth_it, lay_out, tails_of, written
from service.render.plain import to_json
from service.snapshot import LiveCard


def alone(card: LiveCard, number: str) -> str | None:
    try:
        return to_json(rate(RateQuery(number, card, NOW))).decode()
    except ApiError:
        return None


def many(card: LiveCard, text: str, *, objects: bool = False) -> list[str | None]:
    laid, tails = lay_out(card.index), tails_of(card, NOW)
    whole, each = answers(card, laid, tails, text.encode(), objects=objects)
    assert whole == (b"" if each.has_nulls() else written(each))
    return each.to_list()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_answered_is_the_answer_to_the_number_alone(seed: int) -> None:
    rules = random_rules(seed, some(3000))
    card = LiveCard("everything", 7, compile_card(to_frame(rules), Terms("EUR")))
    rng = random.Random(seed)
    numbers = [(rng.choice(rules).prefix + f"{rng.randrange(10**9):09d}")[: rng.randrange(1, 16)] for _ in range(4000)]
    found = many(card, "".join(f"{number}\n" for number in numbers))
    told = [(answer, alone(card, number)) for answer, number in zip(found, numbers, strict=True) if answer is not None]
    assert all(answer == wanted for answer, wanted in told)
    assert len(told) > len(numbers) // 10


def test_a_card_of_lasting_rules_is_answered_whole() -> None:
    rules = [Rule(str(prefix), f'Place "{prefix % 7}" <ü>', prefix * 1000, 5, 30, 6) for prefix in range(1, 1000)]
    card = LiveCard("lasting", 1, compile_card(to_frame(rules), Terms()))
    numbers = [f"{number}55512" for number in range(1, 1000)]
    assert many(card, "".join(f"{number}\n" for number in numbers)) == [alone(card, number) for number in numbers]


def test_what_is_not_plain_is_left_to_the_general_way() -> None:
    card = LiveCard("retail", 3, compile_card(to_frame(RETAIL), Terms()))
    left = ["", "0044113", "+44113", " 44113", "44113 ", "4470111", "4477111", "4478111", "5551", "999", "4" * 16,
            "44-113", "4.4", "4e4", "4_4", "٤٤", "-44", '"44113"', "9" * 19, "9" * 40]  # fmt: skip
    assert [
        line for line, answer in zip(left, many(card, "".join(f"{x}\n" for x in left)), strict=True) if answer
    ] == []
    assert many(card, "44113\n") == [alone(card, "44113")]


def test_objects_are_plain_only_where_lines_are_objects_and_only_with_a_number_alone() -> None:
    card = LiveCard("retail", 3, compile_card(to_frame(RETAIL), Terms()))
    wanted = alone(card, "44113")
    assert many(card, '{"number":"44113"}\n44113\n', objects=True) == [wanted, wanted]
    left = [
        '{"number":"44113"',
        '44113"}',
        '{"number":"44113"}}',
        '{"number":"44"13"}',
        '{"cli":"44113"}',
        '{"number":""}',
    ]
    assert many(card, "".join(f"{line}\n" for line in left), objects=True) == [None] * len(left)
    for line in (*left, '{"number":"{"number":"44113"}'):
        assert many(card, f"{line}\n", objects=True) == [None], line
    assert many(card, '{"number":"44113"}\n' * 3, objects=True) == [wanted] * 3
    assert many(card, '{"number":"44113"}\n') == [None]


def test_a_card_is_laid_out_once_enough_is_asked_and_only_where_prefixes_settle_the_price() -> None:
    card = LiveCard("many", 1, compile_card(to_frame(Rule(str(p), "x", 1) for p in range(1, 1001)), Terms()))
    assert [is_worth_it(card, 300) for _ in range(2)] == [False, True]
    asking = LiveCard("asks", 1, compile_card(to_frame([Rule("1", "US", 1, rate_inter_units=2)]), Terms()))
    ending = LiveCard("ends", 1, compile_card(to_frame([Rule("1", "US", 1)]), Terms()), until=NOW + 100)
    assert not is_worth_it(asking, 10**6)
    assert not is_worth_it(ending, 10**6)


@given(st.lists(st.integers(0, MAX_UNITS), min_size=1, max_size=20), st.sampled_from([pl.Int64, pl.Int128]))
@settings(max_examples=50)
def test_columns_of_amounts_are_written_as_each_is(units: list[int], kind: type) -> None:
    assert texts_of(pl.Series("cost", units, dtype=kind)).to_list() == [format_units(amount) for amount in units]


def test_an_amount_beyond_sixty_four_bits_is_written_to_its_last_digit() -> None:
    units = [10**30 + 1, 2**100, None]
    wanted = [format_units(10**30 + 1), format_units(2**100), None]
    assert texts_of(pl.Series("cost", units, dtype=pl.Int128)).to_list() == wanted
