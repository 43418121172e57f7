"""
A simulation shows what an account's own refusals do to a call, and draws nothing for it.
"""

from typing import Any

import pytest
from support.cards import RETAIL

from ratecards.compile import compile_card
from ratecards.model import Terms
from ratecards.numberset import Mode
from ratecards.rules import to_frame
from service.access.account import LIVE, LOOKUP, Account, Identity, Screening
from service.heard import Heard
from service.http.simulate import simulate
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.snapshot import LiveCard, Snapshot

NOW = 1_800_000_000
DEAD, GOOD, UNKNOWN = "441132456789", "441132456780", "441132456781"
DAYS_11 = 11 * 86_400


def heard() -> Heard:
    known = Heard(is_ready=True)
    known.numbers[LIVE].take(DEAD, 404, NOW - DAYS_11, NOW - DAYS_11)
    known.numbers[LIVE].take(GOOD, 200, NOW - 10, NOW - 10)
    return known


def told(mode: Mode, number: str, known: Heard | None = None, **asked: str) -> dict[str, Any]:
    screening = Screening(mode, services=frozenset({"rate"}))
    account = Account(1, "acme", "retail", asrplus=screening)
    who = Identity(account, LIVE, frozenset({LOOKUP}), Meters(1).of("acme", Plan()))
    card = LiveCard("retail", 3, compile_card(to_frame(RETAIL), Terms()))
    return simulate({"number": number, **asked}, who, Snapshot(cards={"retail": card}), NOW, known or heard())


def screening(answer: dict[str, Any]) -> dict[str, Any]:
    (found,) = [step for step in answer["steps"] if step["step"] == "screening"]
    return dict(found)


@pytest.mark.parametrize(
    ("mode", "number", "share", "verdict"),
    [
        (Mode.LOW, DEAD, "0.3", None),
        (Mode.ON, DEAD, "0.9", "dead_number"),
        (Mode.STRICT, DEAD, "1", "dead_number"),
        (Mode.STRICT, GOOD, "0", None),
        (Mode.STRICT, UNKNOWN, "1", "unknown_number"),
        (Mode.ON, UNKNOWN, "0", None),
    ],
)
def test_what_befalls_the_larger_share_of_calls_is_shown_and_how_large_it_is(
    mode: Mode, number: str, share: str, verdict: str | None
) -> None:
    answer = told(mode, number)
    (line,) = screening(answer)["lines"]
    assert (line["refused_share"], answer["verdict"]) == (share, verdict)
    assert ("error" in answer["answer"]) == (verdict is not None)
    assert screening(answer)["refused"] == (verdict is not None)


def test_the_step_stands_behind_who_calls_and_before_the_prefixes() -> None:
    words = [step["step"] for step in told(Mode.ON, DEAD)["steps"]]
    assert words.index("caller") < words.index("screening") < words.index("prefix")


def test_a_simulation_takes_nothing_from_the_sequence_by_which_calls_are_refused() -> None:
    """
    Else every simulation would let another call through, or refuse one.
    """
    known = heard()
    for _ in range(5):
        told(Mode.ON, DEAD, known)
    assert known.draws == {}


def test_a_question_about_another_instant_is_refused_nothing() -> None:
    answer = told(Mode.ON, DEAD, at=str(NOW - 60))
    assert "screening" not in [step["step"] for step in answer["steps"]]
    assert answer["verdict"] is None


def test_without_a_server_it_is_said_that_answers_are_not_known_here() -> None:
    account = Account(1, "acme", "retail", asrplus=Screening(Mode.ON, services=frozenset({"rate"})))
    who = Identity(account, LIVE, frozenset({LOOKUP}), Meters(1).of("acme", Plan()))
    card = LiveCard("retail", 3, compile_card(to_frame(RETAIL), Terms()))
    answer = simulate({"number": DEAD}, who, Snapshot(cards={"retail": card}), NOW)
    assert "ask it by HTTP" in screening(answer)["lines"][0]["says"]
    assert answer["verdict"] is None
