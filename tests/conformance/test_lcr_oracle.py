"""
Routes are those of a naive oracle, in its order, whatever part of the cards a joint index holds.
"""

from collections import Counter

import pytest
from support.lcr import World, best_routes, half_up, seen, stand_behind

from ratecards.lcr import Router

CURRENCIES = {"one": ("USD",), "many": ("USD", "USD", "EUR", "GBP", "CHF")}


def agree(world: World, questions: int) -> Counter[str]:
    """
    Ask each question of the oracle and of routers that have all cards joined, none, and half of them.
    """
    joined = world.joinable
    routers = [
        Router(stand_behind(world.customer, world.cards, world.conditions, some)) for some in (joined, (), joined[::2])
    ]
    seen_of: Counter[str] = Counter()
    for _ in range(questions):
        ask = world.ask()
        expected = best_routes(world.customer, world.cards, world.conditions, ask)
        answers = [router.route(ask) for router in routers]
        first = answers[0]
        got = [(r.provider.card, r.prefix, r.charge.rate_units, r.cost_units) for r in first.routes]
        assert got == [(*route[:3], half_up(route[3])) for route in expected.routes], ask
        assert first.verdict == expected.verdict, ask
        if ask.explain and expected.rejected:
            assert {one.provider.card: str(one.reason) for one in first.rejected} == expected.rejected, ask
        assert seen(first) == seen(answers[1]) == seen(answers[2]), ask
        seen_of.update([str(first.verdict), *expected.rejected.values()])
    return seen_of


def all_that_can_be(many: bool) -> set[str]:
    rejected = {"blocked", "capped", "disabled", "excluded", "expired", "no_margin", "no_rate", "not_allowed"}
    return rejected | {"None"} | ({"no_exchange_rate"} if many else set())


@pytest.mark.parametrize("currencies", CURRENCIES)
def test_two_thousand_questions_over_20_cards_get_the_oracle_s_routes(currencies: str) -> None:
    seen_of = agree(World(3, 20, 120, CURRENCIES[currencies]), 1_000)
    assert seen_of.keys() >= all_that_can_be(currencies == "many")


@pytest.mark.long
@pytest.mark.parametrize("currencies", CURRENCIES)
def test_a_hundred_thousand_questions_over_20_cards_get_the_oracle_s_routes(currencies: str) -> None:
    seen_of = agree(World(11, 20, 400, CURRENCIES[currencies]), 50_000)
    assert seen_of.keys() >= all_that_can_be(currencies == "many")
    assert seen_of["None"] > 20_000
