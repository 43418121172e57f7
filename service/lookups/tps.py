"""
``tps``: is a number on a list of those that must not be called, or must not appear as a caller.
"""

from collections.abc import Sequence
from typing import Any

from service.access.account import Refusing
from service.errors import listed_number, not_configured, not_found
from service.lookups.loaded import NUMBERS, check_readable, find_loaded, loaded_of
from service.snapshot import Loaded, Snapshot


def answer_tps(number: str, snapshot: Snapshot, environment: str, names: Sequence[str] | None = None) -> dict[str, Any]:
    """
    Answer with the fields of ``docs/api.md``.

    Args:
        number: E.164 digits.
        names: of the sets asked; None: all of the environment.

    Raises:
        ApiError: 404 where there is no set, or not one of those named; 503 where one cannot be read.
    """
    return tell_listed(number, asked_sets(snapshot, environment, names))


def asked_sets(snapshot: Snapshot, environment: str, names: Sequence[str] | None) -> list[Loaded]:
    """
    The sets a question is about.

    Raises:
        ApiError: as of :func:`answer_tps`.
    """
    if names is not None:
        return [_named(snapshot, environment, name) for name in dict.fromkeys(names)]
    check_readable(snapshot, environment, NUMBERS)
    sets = loaded_of(snapshot, environment, NUMBERS)
    if not sets:
        raise not_configured("no set of numbers is loaded")
    return sets


def tell_listed(number: str, sets: Sequence[Loaded]) -> dict[str, Any]:
    """
    Which of the sets have a number.
    """
    found = [one.name for one in sets if number in one.data]
    return {"listed": bool(found), "list": found}


def refuse_listed(number: str, cli: str, refusing: Refusing, snapshot: Snapshot, environment: str) -> None:
    """
    Refuse a call to or from a number that is on a list by which the account wants calls refused.

    A set that does not exist in an environment lists nobody. One that exists and cannot be read lists nobody knows
    whom: then no call is let through by chance.

    Args:
        number: called, E.164 digits; ``cli``: calling; empty: withheld.

    Raises:
        ApiError: 403, with its verdict; 503 where a set cannot be read.
    """
    for name in refusing.cli if cli else ():
        if _is_in(cli, name, snapshot, environment):
            raise listed_number(name, "Caller")
    for name in refusing.number:
        if _is_in(number, name, snapshot, environment):
            raise listed_number(name, "Number")


def _is_in(number: str, name: str, snapshot: Snapshot, environment: str) -> bool:
    found = find_loaded(snapshot, environment, name, NUMBERS)
    return found is not None and number in found.data


def _named(snapshot: Snapshot, environment: str, name: str) -> Loaded:
    found = find_loaded(snapshot, environment, name, NUMBERS)
    if found is None:
        raise not_found(f"no set of numbers '{name}'")
    return found
