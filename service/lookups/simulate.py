"""
``simulate``: any question with each step shown. What it answers is what the service asked would have answered.
"""

from collections.abc import Callable
from typing import Any

from service.errors import ApiError
from service.lookups.rate import RateQuery, rate
from service.lookups.simulate_asked import Asked, Looked, look
from service.lookups.simulate_call import account_step, caller_step, card_step, normalise_step
from service.lookups.simulate_money import money_step, rule_step
from service.lookups.simulate_prefix import prefix_steps
from service.lookups.simulate_ttl import revision_change, rule_change, ttl_step
from service.lookups.simulate_words import Step, echo, seconds

Answer = dict[str, Any]


def simulate_rate(query: RateQuery, asked: Asked) -> Answer:
    """
    Answer as ``rate``, and say how.
    """
    answer, verdict = decide(lambda: rate(query))
    return {
        "service": "rate",
        "says": headline(answer, _rate_words),
        "question": question_fields(query, asked),
        "verdict": verdict,
        "steps": _rate_steps(query, asked, answer),
        "answer": answer,
    }


def decide(answer: Callable[[], Answer]) -> tuple[Answer, str | None]:
    """
    What a service answers, and its verdict; a decision that says no is an answer too.
    """
    try:
        return answer(), None
    except ApiError as error:
        if "verdict" not in error.more:
            raise
        return error.body(), str(error.more["verdict"])


def headline(answer: Answer, words: Callable[[Answer], str]) -> str:
    error = answer.get("error")
    if error is None:
        return words(answer)
    return f"{error['reason']} ({error['verdict']}), which a softswitch may pass on as SIP {error['sip_code']}."


def _rate_words(answer: Answer) -> str:
    price = f"{answer['rate']} {answer['currency']} for 60 s to {answer['name'] or answer['prefix']}"
    cost = f"; {answer['duration']} s cost {answer['cost']} {answer['currency']}" if "cost" in answer else ""
    return f"{price}{cost}."


def question_fields(query: RateQuery, asked: Asked) -> Answer:
    """
    The question as it was understood.
    """
    return {
        "dialled": echo(asked.parameters["number"]),
        "number": query.number,
        "card": query.card.name,
        "cli": query.caller.cli or None,
        "lrn": query.caller.lrn or None,
        "duration": None if query.duration_s is None else seconds(query.duration_s),
        "at": query.at,
        "now": query.at if query.now is None else query.now,
    }


def _rate_steps(query: RateQuery, asked: Asked, answer: Answer) -> list[Step]:
    looked = look_up(query)
    steps = sell_steps(query, asked, looked)
    if looked.quote.verdict is None:
        steps.append(money_step(looked, query.duration_s))
    now = query.at if query.now is None else query.now
    changes = [rule_change([looked], query.at, looked.quote.until), revision_change(now, query.card.until)]
    return [*steps, ttl_step(answer.get("ttl"), changes)]


def look_up(query: RateQuery) -> Looked:
    card = query.card
    return look(card.name, card.index, query.number, query.at, query.caller, query.places)


def sell_steps(query: RateQuery, asked: Asked, looked: Looked) -> list[Step]:
    """
    From what was dialled to the rule that decides.
    """
    return [
        account_step(asked),
        normalise_step(asked, query.number),
        card_step(asked, query.card, looked),
        caller_step(looked),
        *prefix_steps(looked),
        rule_step(looked),
    ]
