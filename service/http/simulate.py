"""
``/api/simulate``: any question with each step shown. It changes nothing and spends nothing of a plan.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from service.access.account import LOOKUP, Identity
from service.errors import ApiError, invalid
from service.heard import Heard
from service.http import ask
from service.http.query import Parameters
from service.http.respond import Response, render
from service.http.slow import Call, Service
from service.lookups.lcr import LcrQuery
from service.lookups.quality import is_by_quality, with_quality
from service.lookups.simulate import headline, simulate_rate
from service.lookups.simulate_asked import Asked
from service.lookups.simulate_lcr import simulate_lcr
from service.lookups.simulate_screen import Screened, with_screening
from service.lookups.simulate_words import echo
from service.quota.fields import over_concurrent
from service.render.html import to_page
from service.render.plain import HTML, to_json
from service.snapshot import Snapshot

AT_ONCE = 8
"""Simulations of one process that run or wait."""
REST = 3
MAX_REST_S = 1.0
"""
What a simulation takes, times so many, is left to look-ups before the next: they share the interpreter with it, and
since nobody pays for simulations nothing else bounds how many are asked for.
"""
USUAL = "rate"
_MAX_FIELD = 1000


@dataclass(frozen=True, slots=True)
class Simulated:
    """
    A service that can be simulated.

    Attributes:
        known: names of its parameters.
        check: parameters, identity, snapshot and unix seconds -> its checked question, as for the service itself.
        tell: checked question, and what was asked -> what it answers, and how.
    """

    known: frozenset[str]
    check: Callable[[Parameters, Identity, Snapshot, int], Any]
    tell: Callable[[Any, Asked], dict[str, Any]]


SIMULATED = {
    "rate": Simulated(ask.RATE, ask.rate_query, simulate_rate),
    "lcr": Simulated(ask.LCR, ask.lcr_query, simulate_lcr),
}


async def answer(call: Call) -> Response:
    """
    Simulate away from the loop: each carrier is half a millisecond of work.
    """
    snapshot, now = call.desk.snapshot, int(call.desk.clock())
    return await _TURNS.take(lambda: _respond(call, snapshot, now))


class Turns:
    """
    Simulations of one process: one after the other in a thread, with a rest in between.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "simulate")
        self._open = 0
        self._free_at_s = 0.0

    async def take(self, work: Callable[[], Response]) -> Response:
        """
        Wait for a turn.

        Raises:
            ApiError: 429, too many wait.
        """
        if self._open >= AT_ONCE:
            raise over_concurrent(AT_ONCE)
        self._open += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)
        finally:
            self._open -= 1

    def _run(self, work: Callable[[], Response]) -> Response:
        time.sleep(max(0.0, self._free_at_s - time.monotonic()))
        start_s = time.monotonic()
        try:
            return work()
        finally:
            end_s = time.monotonic()
            self._free_at_s = end_s + min(MAX_REST_S, REST * (end_s - start_s))


_TURNS = Turns()


def _respond(call: Call, snapshot: Snapshot, now: int) -> Response:
    try:
        told = simulate(call.parameters, call.identity, snapshot, now, call.desk.heard)
    except ApiError as error:
        if call.form != "html":
            raise
        return Response(
            error.status, HTML, show(call.parameters, error.body(), call.identity.account.card), error.headers
        )
    if call.form == "html":
        return Response(200, HTML, show(call.parameters, told))
    return render(200, told, SERVICE.title, call.form, call.parameters)


def simulate(
    parameters: Parameters, identity: Identity, snapshot: Snapshot, now: int, heard: Heard | None = None
) -> dict[str, Any]:
    """
    Answer a question and show how.

    Args:
        parameters: of the service asked, and its name as ``service``.
        now: unix seconds.
        heard: what the network answered for numbers; None: not known here.

    Raises:
        ApiError: 4xx, what the service itself would say of these parameters.
    """
    name = parameters.get("service", USUAL)
    simulated = SIMULATED.get(name)
    if simulated is None:
        raise invalid("service", f"is none of {', '.join(SIMULATED)}")
    ask.check_names(parameters, simulated.known | {"service"})
    asked = {name: text for name, text in parameters.items() if name not in {"service", "Auth"}}
    query = simulated.check(asked, identity, snapshot, now)
    if heard is not None and isinstance(query, LcrQuery) and is_by_quality(query):
        query = with_quality(query, heard.quality, identity.environment)
    account = identity.account
    told = simulated.tell(query, Asked(asked, account.name, identity.environment, account.card, account.profile))
    if "at" in asked:  # about no call that is to be made
        return told
    number, cli = told["question"]["number"], told["question"]["cli"] or ""
    screened = Screened(name, number, cli, account, identity.environment, snapshot, heard, now)
    return with_screening(told, screened, lambda body: headline(body, str))


def show(parameters: Parameters, told: dict[str, Any], card: str = "") -> bytes:
    """
    What is told, for people, with a form to ask again.

    Args:
        told: from :func:`simulate`, or the error envelope.
        card: in the form, where nothing else says which.
    """
    error = told.get("error")
    asked = {name: echo(text, _MAX_FIELD) for name, text in parameters.items() if name not in {"service", "Auth"}}
    asked.setdefault("card", card if error else told["question"]["card"])
    services = [name for name, simulated in SIMULATED.items() if asked.keys() <= simulated.known]
    answer = "" if error else to_json(told["answer"], indent=True).decode()
    page = {"error": error, "asked": asked, "services": services or list(SIMULATED), "answer": answer}
    return to_page("simulate.html", told=told, **page)


SERVICE = Service(
    "simulate",
    LOOKUP,
    ("GET", "HEAD", "POST"),
    answer,
    frozenset({"service"}).union(*(simulated.known for simulated in SIMULATED.values())),
    spends=False,
)
