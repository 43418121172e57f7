"""
``asrplus``: what did the network last answer for a number, and should it be dialled.
"""

from dataclasses import dataclass
from typing import Any

from ratecards.numberset import Action, Answer, Mode, decide, reason
from service.access.account import Account
from service.errors import ApiError, dead_number, unavailable, unknown_number
from service.heard import Heard


@dataclass(frozen=True, slots=True)
class AsrplusQuery:
    """
    One checked question.

    Attributes:
        number: E.164 digits.
        account: who asks; it may have answers judged.
        now: unix seconds.
    """

    number: str
    account: Account
    environment: str
    heard: Heard
    now: int


def asrplus(query: AsrplusQuery) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/api.md``.

    Raises:
        ApiError: 404 where nothing is known of the number; 503 where it may only not have been read yet.
    """
    answer, action = find(query), None
    if query.account.asrplus is not None:
        action = judge(query, answer)
    if answer is None:
        raise unknown_number() if action is None else unknown_number(action=str(action))
    told = answer_fields(answer, query.now)
    return told if action is None else {**told, "action": str(action)}


def refuse_dead(query: AsrplusQuery) -> None:
    """
    Refuse a call to a number that is not to be dialled.

    Raises:
        ApiError: 404, with its verdict; 503 where what is known has not been read, and unknown numbers are refused.
    """
    screening = query.account.asrplus
    if screening is None or screening.mode is Mode.OFF:
        return
    answer = query.heard.numbers[query.environment].find(query.number, query.now)
    if answer is None and screening.mode is Mode.STRICT and not query.heard.is_ready:
        raise _starting()
    if judge(query, answer) is not Action.BLOCK:
        return
    if answer is None:
        raise unknown_number()
    raise dead_number(answer.code, answered_at=answer.answered_at, age_s=answer.age_s(query.now))


def find(query: AsrplusQuery) -> Answer | None:
    """
    What is known; None: nothing is.

    Raises:
        ApiError: 503 where it may only not have been read yet.
    """
    answer = query.heard.numbers[query.environment].find(query.number, query.now)
    if answer is None and not query.heard.is_ready:
        raise _starting()
    return answer


def judge(query: AsrplusQuery, answer: Answer | None) -> Action | None:
    """
    What to do with the call; None: the account does not want to know.
    """
    screening = query.account.asrplus
    if screening is None or screening.mode is Mode.OFF:
        return None
    return decide(answer, screening.mode, screening.policy, query.heard.draw(query.account.id))


def answer_fields(answer: Answer, now: int) -> dict[str, Any]:
    """
    What is told of an answer.

    Args:
        now: unix seconds.
    """
    return {
        "code": answer.code,
        "reason": reason(answer.code),
        "datetime": answer.answered_at,
        "age": answer.age_s(now),
        "age_days": answer.age_days(now),
    }


def _starting() -> ApiError:
    return unavailable("Starting", 1, "what was answered for numbers is still being read")
