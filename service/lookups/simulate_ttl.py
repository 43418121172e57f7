"""
For how long an answer stays true, and what ends it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ratecards.model import Rule
from service.lookups.rate import MAX_TTL_S
from service.lookups.simulate_asked import Looked
from service.lookups.simulate_words import Step, instant, step


class Change(NamedTuple):
    """
    Something that is planned: in how many seconds, at which unix second, and what it is.
    """

    in_s: int
    at: int
    words: str


def ttl_step(ttl_s: int | None, changes: Iterable[Change | None]) -> Step:
    """
    Why an answer may be kept for so long.

    Args:
        ttl_s: as the answer has it; None: it is a refusal.
        changes: that end it; None: is none.
    """
    change = min(filter(None, changes), default=None)
    when = "Nothing that is planned changes it" if change is None else f"{instant(change.at)}: {change.words}"
    return step("ttl", _says(ttl_s, when), ttl=ttl_s, until=None if change is None else change.at)


def _says(ttl_s: int | None, when: str) -> str:
    if ttl_s is None:
        return f"A refusal has no ttl: ask again each time. {when}."
    most = ", the most that is ever promised" if ttl_s == MAX_TTL_S else ""
    return f"The answer stays true for {ttl_s} s{most}. {when}."


def rule_change(cards: Iterable[Looked], at: int, until: int | None) -> Change | None:
    """
    The change of a rule that ends an answer.

    Args:
        cards: that it was made from.
        at: unix seconds asked about.
        until: unix seconds at which it changes by the cards' own dates; None: it does not.
    """
    return None if until is None else Change(until - at, until, _rule_words(cards, until))


def revision_change(now: int, until: int | None) -> Change | None:
    """
    The change of a card that ends an answer.

    Args:
        now: unix seconds of the question.
        until: unix seconds at which another revision is planned to take over; None: none is.
    """
    return None if until is None else Change(max(0, until - now), until, "another revision of a card takes over")


def _rule_words(cards: Iterable[Looked], until: int) -> str:
    for looked in cards:
        for prefix in looked.quote.tried:
            if len(prefix) < len(looked.quote.prefix):
                break
            for row in looked.index.rows_of(prefix):
                edge = _edge(looked.index.rule(row, prefix), until)
                if edge:
                    return f"a rule of card {looked.card} at {prefix} {edge}"
    return "a rule changes"


def _edge(rule: Rule, until: int) -> str:
    if rule.effective == until:
        return "starts"
    return "ends" if rule.expires == until else ""
