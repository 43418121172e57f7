"""
A step of a simulation: whether the account wants the call refused for what is known of its numbers.

Nothing is drawn from the sequence by which a share of calls is refused, since a simulation changes nothing: what
befalls the larger share is shown, and how large it is is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from ratecards.numberset import SHARES, Action, Answer, decide, reason
from service.access.account import Account
from service.errors import ApiError, dead_number, unknown_number
from service.heard import Heard
from service.lookups.simulate_words import Line, Step, line, step
from service.lookups.tps import refuse_listed
from service.snapshot import Snapshot

_DRAWS = (0.0, 0.5, 1.0)
"""What befalls some call, the larger share of calls, and all of them."""


@dataclass(frozen=True, slots=True)
class Screened:
    """
    A call that is to be made.

    Attributes:
        service: ``rate`` or ``lcr``.
        number: called, E.164 digits; ``cli``: calling; empty: withheld.
        heard: what the network answered; None: not known here, as on the command line.
        now: unix seconds.
    """

    service: str
    number: str
    cli: str
    account: Account
    environment: str
    snapshot: Snapshot
    heard: Heard | None
    now: int


def screen_step(call: Screened) -> tuple[Step | None, ApiError | None]:
    """
    Tell what the account's refusals say of a call.

    Returns:
        The step, None for an account that refuses nothing; and the refusal, None where the call is let through.

    Raises:
        ApiError: 503, a list cannot be read.
    """
    lines: list[Line] = []
    refusal: ApiError | None = None
    for told in (_asrplus, _listed):
        one, error = told(call)
        lines += one
        refusal = refusal or error
    if not lines:
        return None, None
    says = "The account lets the call through." if refusal is None else f"The account refuses it: {refusal.reason}."
    return step("screening", says, lines, refused=refusal is not None), refusal


def _asrplus(call: Screened) -> tuple[list[Line], ApiError | None]:
    screening = call.account.asrplus
    if screening is None or not screening.refuses_in(call.service):
        return [], None
    if call.heard is None:
        says = "what the network answered for the number is known to a running service only; ask it by HTTP"
        return [line("asrplus", says, mode=str(screening.mode))], None
    answer = call.heard.numbers[call.environment].find(call.number, call.now)
    least, middle, most = (decide(answer, screening.mode, screening.policy, partial(float, draw)) for draw in _DRAWS)
    share = "0" if least is Action.PASS else "1" if most is Action.BLOCK else f"{SHARES[screening.mode]:g}"
    says = f"{_known_words(answer, call.now)}; in mode {screening.mode} {_share_words(share)}"
    facts: dict[str, Any] = {"mode": str(screening.mode), "code": answer and answer.code, "refused_share": share}
    refusal = _refusal(answer, call.now) if middle is Action.BLOCK else None
    return [line("asrplus", says, **facts)], refusal


def _share_words(share: str) -> str:
    if share == "0":
        return "such calls are let through"
    if share == "1":
        return "such calls are refused"
    return f"{float(share):.0%} of such calls are refused, the others keep what is known fresh"


def _known_words(answer: Answer | None, now: int) -> str:
    if answer is None:
        return "nothing is known of what the network answers for the number"
    return f"the network last answered {answer.code} {reason(answer.code)}, {answer.age_days(now)} days ago"


def _refusal(answer: Answer | None, now: int) -> ApiError:
    if answer is None:
        return unknown_number()
    return dead_number(answer.code, answered_at=answer.answered_at, age_s=answer.age_s(now))


def _listed(call: Screened) -> tuple[list[Line], ApiError | None]:
    refusing = call.account.refusing
    if refusing is None:
        return [], None
    try:
        refuse_listed(call.number, call.cli, refusing, call.snapshot, call.environment)
    except ApiError as error:
        if "verdict" not in error.more:
            raise
        return [line("listed", error.reason, set=error.more.get("list"))], error
    names = ", ".join(dict.fromkeys((*refusing.number, *refusing.cli)))
    return [line("listed", f"neither number is on a list the account refuses by: {names}")], None


def with_screening(told: dict[str, Any], call: Screened, headline: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """
    Put the step behind what was understood of the call; where the account refuses it, that is the answer.

    Args:
        told: from the simulation of the service.
        headline: of an error envelope.
    """
    found, refusal = screen_step(call)
    if found is None:
        return told
    words = [one["step"] for one in told["steps"]]
    behind = words.index("caller") + 1
    steps = [*told["steps"][:behind], found, *told["steps"][behind:]]
    if refusal is None:
        return {**told, "steps": steps}
    body = refusal.body()
    verdict = str(refusal.more["verdict"]) if "verdict" in refusal.more else None
    return {**told, "says": headline(body), "verdict": verdict, "steps": steps, "answer": body}
