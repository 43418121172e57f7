"""
Files of numbers that answer: found in a snapshot, or said to be missing.
"""

from service.access.account import qualified, split_qualified
from service.errors import unavailable
from service.snapshot import Loaded, Snapshot

__all__ = ["NUMBERS", "Loaded", "broken_key", "check_readable", "find_loaded", "loaded_of"]

NUMBERS = "numbers"
"""The kind of file that lists numbers, and nothing about them."""


def broken_key(kind: str, stored: str) -> str:
    """
    What a file of numbers that cannot be opened is called in ``Snapshot.broken``; no card has such a name.

    Args:
        stored: its qualified name.
    """
    return f"set {kind} {stored}"


def loaded_of(snapshot: Snapshot, environment: str, kind: str) -> list[Loaded]:
    """
    All of one kind and environment, by name.
    """
    return [one for one in snapshot.loaded.values() if one.kind == kind and one.environment == environment]


def find_loaded(snapshot: Snapshot, environment: str, name: str, kind: str) -> Loaded | None:
    """
    The one of a name; None: there is none of this kind.

    Raises:
        ApiError: 503, it should be there and cannot be read: nothing is guessed.
    """
    stored = qualified(name, environment)
    found = snapshot.loaded.get(stored)
    if found is None and snapshot.broken and broken_key(kind, stored) in snapshot.broken:
        raise unavailable("Starting", 1, f"set '{name}' cannot be read")
    return found if found is not None and (found.kind, found.environment) == (kind, environment) else None


def check_readable(snapshot: Snapshot, environment: str, kind: str) -> None:
    """
    Make sure that every file of a kind that should answer does.

    Raises:
        ApiError: 503, one cannot be read, and what it holds is not known.
    """
    start = broken_key(kind, "")
    for key in snapshot.broken:
        stored = key.removeprefix(start)
        if stored != key and stored not in snapshot.loaded and split_qualified(stored)[0] == environment:
            raise unavailable("Starting", 1, f"set '{split_qualified(stored)[1]}' cannot be read")
