"""
Whatever part of the cards a joint index holds, the routes are the same; and they stay so for as long as they say.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.examples import examples
from support.lcr import NOW, Card, asks_call, best_routes, half_up, seen, stand_behind

from ratecards.lcr import Ask, Conditions, Router
from ratecards.model import Caller, Rule, Terms

SETTINGS = examples(120)
PREFIXES = st.text("12", min_size=1, max_size=3)
NUMBERS = ("1", "11", "12", "21", "121", "222", "1121", "2111")
DATES = [(None, None)] * 3 + [(None, NOW), (None, NOW + 3), (NOW, None), (NOW + 2, None), (NOW + 2, NOW + 3)]
ANY = Conditions()


@st.composite
def rules(draw: st.DrawFn, *, dear: int = 1) -> Rule:
    mcd_s, pulse_s = draw(st.sampled_from([(1, 1), (60, 60), (30, 6), (0, 7)]))
    effective, expires = draw(st.sampled_from(DATES))
    return Rule(
        draw(PREFIXES),
        "A",
        draw(st.sampled_from([0, 10**7, 10**7 + 1, 10**9])) * dear,
        draw(st.sampled_from([0, 0, 10**6])),
        mcd_s,
        pulse_s,
        effective,
        expires,
        blocked=draw(st.sampled_from([False, False, False, True])),
        origin=draw(st.sampled_from(["", "", "", "", "44"])),
    )


def distinct(dear: int = 1) -> st.SearchStrategy[list[Rule]]:
    return st.lists(rules(dear=dear), max_size=6, unique_by=lambda rule: (rule.prefix, rule.effective, rule.origin))


@st.composite
def cards(draw: st.DrawFn) -> list[Card]:
    return [
        Card(f"c{place}", tuple(draw(distinct())), Terms(draw(st.sampled_from(["USD", "USD", "EUR", "CHF"]))))
        for place in range(draw(st.integers(0, 3)))
    ]


ASKS = st.builds(
    Ask,
    st.sampled_from(NUMBERS),
    st.integers(NOW, NOW + 4),
    st.sampled_from([60, 60, 0, 1, 61]),
    st.sampled_from([Caller(), Caller("4412")]),
    limit=st.sampled_from([1, 2, 10]),
    explain=st.booleans(),
)


@SETTINGS
@given(customer=distinct(dear=2), carriers=cards(), asks=st.lists(ASKS, min_size=1, max_size=20), data=st.data())
def test_joined_in_part_or_not_at_all_the_cards_give_the_same_routes(
    customer: list[Rule], carriers: list[Card], asks: list[Ask], data: st.DataObject
) -> None:
    """
    Those of the oracle; asked twice, since answers are kept.
    """
    retail, joinable = Card("retail", tuple(customer)), [card.name for card in carriers if not asks_call(card)]
    some = data.draw(st.lists(st.sampled_from(joinable), unique=True)) if joinable else []
    routers = [Router(stand_behind(retail, carriers, ANY, joined)) for joined in (joinable, some, ())]
    for ask in asks + asks:
        expected = best_routes(retail, carriers, ANY, ask)
        answers = [router.route(ask) for router in routers]
        assert seen(answers[0]) == seen(answers[1]) == seen(answers[2])
        got = [(one.provider.card, one.prefix, one.charge.rate_units, one.cost_units) for one in answers[0].routes]
        assert got == [(*route[:3], half_up(route[3])) for route in expected.routes]
        assert answers[0].verdict == expected.verdict


@SETTINGS
@given(customer=distinct(dear=2), carriers=cards(), ask=ASKS)
def test_an_answer_is_the_same_at_every_instant_before_the_one_it_names(
    customer: list[Rule], carriers: list[Card], ask: Ask
) -> None:
    """
    With all that is said of each route.
    """
    joinable = [card.name for card in carriers if not asks_call(card)]
    router = Router(stand_behind(Card("retail", tuple(customer)), carriers, ANY, joinable))
    now = router.route(ask)
    for at in range(ask.at + 1, min(now.until or NOW + 9, NOW + 9)):
        assert seen(router.route(replace(ask, at=at))) == seen(now)
