"""
A card that passes the probe answers as a card must; one that was put together wrongly does not pass.
"""

import pytest
from support.cards import NOW, RETAIL, random_rules

from ratecards.compile import compile_rules
from ratecards.index import CardIndex
from ratecards.model import Rule, Terms
from ratecards.probe import ProbeError, probe
from ratecards.rules import to_frame


def sections(rules: list[Rule]) -> dict[str, bytes]:
    return compile_rules(to_frame(rules), Terms())


def test_every_kind_of_rule_passes() -> None:
    for rules in (RETAIL, random_rules(3, 5_000), []):
        index = CardIndex(sections(rules))
        assert probe(index, NOW) == min(index.prefixes, probe(index, NOW))
    assert probe(CardIndex(sections(RETAIL)), NOW) == len(RETAIL)


def test_a_thousand_numbers_at_most_are_asked_for_spread_over_the_card_with_pauses() -> None:
    pauses: list[int] = []
    index = CardIndex(sections(random_rules(3, 5_000)))
    asked = probe(index, NOW, lambda: pauses.append(1))
    assert 500 <= asked <= 1_000
    assert len(pauses) == -(-asked // 10)


@pytest.mark.parametrize("wrong", ["trie", "rate", "first", "shared", "names.at"])
def test_a_section_of_another_card_does_not_pass(wrong: str) -> None:
    """
    Whole files, put together from the sections of two.
    """
    good, other = sections(random_rules(3, 3_000)), sections(random_rules(4, 100))
    with pytest.raises(ProbeError):
        probe(CardIndex(good | {wrong: other[wrong]}), NOW)


def test_a_price_below_nothing_does_not_pass() -> None:
    good = sections([Rule("44", "UK", 1)])
    with pytest.raises(ProbeError, match="a price or a pulse that cannot be"):
        probe(CardIndex(good | {"rate": (-1).to_bytes(8, "little", signed=True)}), NOW)
