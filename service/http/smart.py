"""
``range``, ``lrn``, ``hlr`` and ``ping`` asked over HTTP, and all that is known of numbers at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from service.access.account import Identity
from service.dips.dips import Dipped
from service.errors import ApiError, invalid, missing
from service.http import ask
from service.http.query import Parameters, shown
from service.http.tps import asked_names
from service.lookups.known import Asked, asked_by
from service.lookups.smart import TYPES, smart
from service.render.plain import ById, ByType
from service.snapshot import Desk

SMART = "lookup/smart"
MAX_NUMBERS = 1_000
AT_ONCE = 128
"""Numbers that are answered without a pause: some milliseconds at most."""
TURN = 16
"""Numbers of a longer answer that others wait for."""
HOT_TARGET = 256
"""Bytes of a request line's target that is answered at once: it cannot name more numbers than that."""
ALONE = ("range", "lrn", "hlr", "ping")
"""Types that are services of their own here; the others have their own modules."""
NAMES = {
    **{name: frozenset({"number", "Auth"}) for name in ALONE},
    "lrn": frozenset({"number", "cli", "Auth"}),
    SMART: frozenset({"number", "type", "cli", "list", "Auth"}),
}
LISTS = {**dict.fromkeys(ALONE, frozenset({"number"})), SMART: frozenset({"number", "type", "list"})}
Fields = dict[str, Any]
Numbers = dict[str, ApiError | None]
"""E.164 digits, each once, with what is wrong with it."""
Dippeds = dict[tuple[str, str], Dipped]
Tell = Callable[[Numbers, Dippeds], Fields]


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    An answer for which others must be asked first, or that is so long that others shall have their turn meanwhile.

    Attributes:
        dip: what takes time; of those who are asked, no longer than they may take.
        tell: the answer, of what that brought; raises what an answer from memory does.
    """

    dip: Callable[[], Awaitable[Any]]
    tell: Callable[[Any], Fields]


def answer_alone(name: str, parameters: Parameters, identity: Identity, desk: Desk, _json: bool) -> Fields | Waiting:
    """
    Answer by one type for a number, or for a list of them by number, with errors in place.

    Raises:
        ApiError: 400 for parameters; for a number that is asked alone, what the type says no with.
    """
    numbers, is_list = _numbers(parameters, identity)
    tell = partial(_tell_list if is_list else _tell_one, name, _asked(parameters, identity, desk))
    return _answered(desk, [name], numbers, tell)


def answer_smart(parameters: Parameters, identity: Identity, desk: Desk, _json: bool) -> Fields | Waiting:
    """
    Answer by number and within by type, with errors in place.

    Raises:
        ApiError: 400 for parameters.
    """
    types = _types(parameters)
    numbers, is_list = _numbers(parameters, identity)
    if not is_list:
        _check(numbers)
    return _answered(desk, types, numbers, partial(_tell_smart, types, _asked(parameters, identity, desk)))


def _answered(desk: Desk, types: list[str], numbers: Numbers, tell: Tell) -> Fields | Waiting:
    """
    The answer, or where somebody must be asked for it, how.
    """
    kinds = [kind for kind in types if kind in desk.dips]
    good = [number for number, error in numbers.items() if error is None]
    if len(numbers) > AT_ONCE:
        return Waiting(partial(_in_turns, desk, kinds, good, numbers, tell), _as_it_is)
    return Waiting(partial(_dip, desk, kinds, good), partial(tell, numbers)) if kinds else tell(numbers, {})


async def _in_turns(desk: Desk, kinds: list[str], good: list[str], numbers: Numbers, tell: Tell) -> Fields:
    """
    An answer for many numbers, some of them at a time.
    """
    dipped = await _dip(desk, kinds, good)
    items = list(numbers.items())
    answer = tell({}, dipped)
    for start in range(0, len(items), TURN):
        answer |= tell(dict(items[start : start + TURN]), dipped)
        await asyncio.sleep(0)
    return answer


def _as_it_is(answer: Fields) -> Fields:
    return answer


async def _dip(desk: Desk, kinds: list[str], numbers: list[str]) -> Dippeds:
    found = await asyncio.gather(*(desk.dips[kind].find(numbers) for kind in kinds))
    return {(kind, number): one for kind, by in zip(kinds, found, strict=True) for number, one in by.items()}


def _tell_one(name: str, asked: Asked, numbers: Numbers, dipped: Dippeds) -> Fields:
    _check(numbers)
    (number,) = numbers
    return TYPES[name](number, replace(asked, dipped=dipped))


def _tell_list(name: str, asked: Asked, numbers: Numbers, dipped: Dippeds) -> Fields:
    asked = replace(asked, dipped=dipped)
    return ById((n, error.body() if error else smart(n, (name,), asked)[name]) for n, error in numbers.items())


def _tell_smart(types: list[str], asked: Asked, numbers: Numbers, dipped: Dippeds) -> Fields:
    asked = replace(asked, dipped=dipped) if dipped else asked
    return ByType((n, error.body() if error else smart(n, types, asked)) for n, error in numbers.items())


def _check(numbers: Numbers) -> None:
    for error in numbers.values():
        if error is not None:
            raise error


def _asked(parameters: Parameters, identity: Identity, desk: Desk) -> Asked:
    cli = ask.caller(parameters, identity.account.profile).cli if "cli" in parameters else ""
    names = asked_names(parameters)
    lists = None if names is None else tuple(names)
    now = int(desk.clock())
    return asked_by(desk.snapshot, identity.environment, identity.account, desk.heard, now, cli, lists)


def _types(parameters: Parameters) -> list[str]:
    text = parameters.get("type")
    if text is None:
        raise missing("type")
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    strange = next((name for name in names if name not in TYPES), None)
    if strange is not None or not names:
        raise invalid("type", f"{shown(strange or '')!r} is none of {', '.join(TYPES)}")
    return names


def _numbers(parameters: Parameters, identity: Identity) -> tuple[Numbers, bool]:
    """
    The numbers asked about, each once, with what is wrong with it; and whether they are written as a list.
    """
    text = parameters.get("number")
    if text is None:
        raise missing("number")
    is_list = "," in text
    items = [item for item in text.split(",") if item.strip()] if is_list else [text]
    if not 1 <= len(items) <= MAX_NUMBERS:
        raise invalid("number", f"is not 1 to {MAX_NUMBERS} numbers with commas between")
    profile = identity.account.profile
    found: Numbers = {}
    for item in items:
        try:
            found[ask.number({"number": item}, profile=profile)] = None
        except ApiError as error:
            found.setdefault(shown(item.strip()), error)
    return found, is_list


SERVICES: dict[str, tuple[Callable[[Parameters, Identity, Desk, bool], Fields | Waiting], frozenset[str]]] = {
    **{name: (partial(answer_alone, name), NAMES[name]) for name in ALONE},
    SMART: (answer_smart, NAMES[SMART]),
}
WAITS = {"lrn": ("lrn",), "hlr": ("hlr",), SMART: ("lrn", "hlr")}
"""Services for whose answer others may be asked, and by which kinds of question."""
