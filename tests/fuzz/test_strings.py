"""
A hundred thousand raw strings at each parser: a parse or a refusal.
"""

from collections.abc import Callable

import pytest
from support.examples import some

from fuzz.corpus import SEEDS, TARGETS, mutated

QUICK = some(2_500)
MANY = 100_000
FEWER = {"records": 10_000, **dict.fromkeys(("deck_csv", "deck_json", "deck_xlsx", "deck_ods"), 500)}
"""Of what takes milliseconds each; ``make long`` reads two hundred thousand decks."""


@pytest.mark.parametrize("name", TARGETS)
def test_strings_near_good_ones_are_parsed_or_refused(name: str) -> None:
    """
    Seen to fail with ``UnicodeEncodeError`` let through by the reader of tokens, and with ``UnicodeDecodeError`` let
    through by that of artifacts.
    """
    for one in mutated(name, QUICK // 20 if name in FEWER else QUICK):
        TARGETS[name](one)


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_a_hundred_thousand_of_them_are_parsed_or_refused(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    """
    Other strings than the quick test has, since there are more of them.
    """
    count = FEWER.get(name, MANY)
    for one in mutated(name, count):
        TARGETS[name](one)
    record_property("measured", f"{name}: {count:,}, {len(SEEDS[name])} seeds")
