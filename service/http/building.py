"""
``ratecard/merge``, ``build``, ``stale``, ``rebuild``, ``exchange``: cards made from others.

The work is done by a process of its own, so that look-ups wait for none of it and its death changes nothing.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from ratecards.exchange import ExchangeError
from service.access.account import LIVE, TEST, qualified, split_qualified
from service.errors import ApiError, forbidden, invalid, missing, standard, unavailable
from service.http.query import shown
from service.http.slow import Call, Service
from service.manage.build_process import BusyError, Ended, ask, give
from service.manage.build_stale import stale as find_stale
from service.manage.build_stale import stale_json
from service.store.exchange import list_rates, set_rate

_DONE, _SOME, _REFUSED, _AWAY = 0, 1, 2, 3
_CARD = re.compile(r"[a-z0-9][a-z0-9._-]{0,58}", re.ASCII)
_SANDBOX = re.compile(rf"\b{TEST}/(?=[a-z0-9])")
_FRAME = " │╭╮╰╯─"
"""What a message about a command's words is framed with."""
_FLAGS = {"1": True, "true": True, "0": False, "false": False}
_CLAIMS = {
    "activate": "--activate",
    "dry_run": "--dry-run",
    "automatic": "--automatic",
    "later": "--later",
    "force": "--force",
}
_DENIALS = {"keep_names": "--no-names", "minimise": "--every-prefix"}
_VALUES = ("by", "currency", "at", "precision", "rounding", "note")
_MERGE = frozenset({"card", "parents", *_CLAIMS, *_DENIALS, *_VALUES})


async def merge(call: Call) -> dict[str, Any]:
    """
    Merge cards: ``card`` to make, ``parents`` with commas between, ``by`` minimum, maximum or average.
    """
    return await _made(call, "merge", [])


async def build(call: Call) -> dict[str, Any]:
    """
    Make a customer's card: as a merge, with the JSON of a margin plan as ``margin``.
    """
    return await _made(call, "build", ["--margin=-"], _needed(call, "margin").encode())


async def stale(call: Call) -> dict[str, Any]:
    """
    Cards to be made again, and why.
    """
    return {"stale": _as_asked(call, await _stale(call))}


async def rebuild(call: Call) -> dict[str, Any]:
    """
    Make ``card`` again, or every stale card.
    """
    names = [_card(call, "card")] if "card" in call.parameters else [card["card"] for card in await _stale(call)]
    if not names:
        return {"rebuilt": []}
    dry_run = ["--dry-run"] if _claimed(call, "dry_run") else []
    return {"rebuilt": _as_asked(call, await _given(call, ["rebuild", *dry_run], names))}


async def exchange(call: Call) -> dict[str, Any]:
    """
    The rates of exchange; a POST sets the one of ``currency`` to ``per_base``.
    """
    with _answered():
        if call.request.method != "POST":
            return {"rates": [asdict(rate) for rate in await ask(list_rates)]}
        if call.identity.environment == TEST:
            raise forbidden("a key of the sandbox changes nothing that production uses")
        currency, per_base, base = _needed(call, "currency"), _needed(call, "per_base"), call.parameters.get("base")
        return asdict(await ask(set_rate, currency, per_base, base, _actor(call)))


async def _made(call: Call, command: str, words: list[str], given: bytes = b"") -> dict[str, Any]:
    name = _card(call, "card")
    parents = [_stored(call, parent.strip(), "parents") for parent in _needed(call, "parents").split(",")]
    _needed(call, "by")
    values = [f"--{option}={_printable(call, option)}" for option in _VALUES if option in call.parameters]
    claims = [option for parameter, option in _CLAIMS.items() if _claimed(call, parameter)]
    denials = [option for parameter, option in _DENIALS.items() if not _claimed(call, parameter, default=True)]
    made: dict[str, Any] = await _given(call, [command, *words, *values, *claims, *denials], [name, *parents], given)
    return dict(_as_asked(call, made))


async def _stale(call: Call) -> list[dict[str, Any]]:
    """
    Of the caller's environment.
    """
    with _answered():
        found = [stale_json(card) for card in await ask(find_stale)]
    return [card for card in found if split_qualified(card["card"])[0] == call.identity.environment]


def _needed(call: Call, name: str) -> str:
    if name not in call.parameters:
        raise missing(name)
    return call.parameters[name]


def _printable(call: Call, name: str) -> str:
    if not call.parameters[name].isprintable():
        raise invalid(name, "has characters that cannot be shown")
    return call.parameters[name]


def _card(call: Call, parameter: str) -> str:
    return _stored(call, _needed(call, parameter), parameter)


def _stored(call: Call, name: str, parameter: str) -> str:
    """
    The name the store has a card by.
    """
    if not _CARD.fullmatch(name):
        raise invalid(parameter, f"'{shown(name)}' is not a card name")
    return qualified(name, call.identity.environment)


def _claimed(call: Call, name: str, *, default: bool = False) -> bool:
    text = call.parameters.get(name, "1" if default else "0")
    if text not in _FLAGS:
        raise invalid(name, "is neither 1 nor 0")
    return _FLAGS[text]


def _actor(call: Call) -> str:
    return f"key:{call.identity.key}" if call.identity.key else f"account:{call.identity.account.name}"


@contextmanager
def _answered() -> Iterator[None]:
    """
    Let what goes wrong be an answer.
    """
    try:
        yield
    except ExchangeError as error:
        raise ApiError(400, "Not possible", detail=str(error)) from None
    except BusyError as error:
        raise unavailable("Overloaded", 10, str(error)) from None
    except SQLAlchemyError:
        raise _away() from None


def _away() -> ApiError:
    return unavailable("Overloaded", 5, "the store does not answer; nothing was changed")


async def _given(call: Call, options: list[str], names: list[str], given: bytes = b"") -> Any:
    """
    Give a command, and read the JSON it answers.

    Raises:
        ApiError: 400 where it refuses; 503 where too many are at work, it takes too long, or the store is away.
    """
    with _answered():
        ended = await give([*options, f"--actor={_actor(call)}", "--json", "--", *names], given)
    if ended.status in {_DONE, _SOME} and ended.said:
        return orjson.loads(ended.said)
    if ended.status == _REFUSED:
        raise ApiError(400, "Not possible", detail=_in_sandbox(call, _reason(ended)))
    if ended.status == _AWAY:
        raise _away()
    raise standard(500, "the work ended before it was done; look at the card's revisions before it is asked again")


def _reason(ended: Ended) -> str:
    lines = [line.strip(_FRAME) for line in ended.told.splitlines()]
    return next((line for line in reversed(lines) if line), "it cannot be made").removeprefix("ratedip: ")


def _as_asked(call: Call, value: Any) -> Any:
    """
    With the names of cards as the caller knows them.
    """
    return orjson.loads(_in_sandbox(call, orjson.dumps(value).decode()))


def _in_sandbox(call: Call, text: str) -> str:
    return text if call.identity.environment == LIVE else _SANDBOX.sub("", text)


_READ, _CHANGE = ("GET", "HEAD"), ("POST",)
SERVICES = [
    Service("ratecard/merge", "cards", _CHANGE, merge, _MERGE),
    Service("ratecard/build", "cards", _CHANGE, build, _MERGE | {"margin"}),
    Service("ratecard/stale", "cards", _READ, stale),
    Service("ratecard/rebuild", "cards", _CHANGE, rebuild, frozenset({"card", "dry_run"})),
    Service("ratecard/exchange", "cards", (*_READ, *_CHANGE), exchange, frozenset({"currency", "per_base", "base"})),
]
