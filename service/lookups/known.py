"""
One question about a number, whatever of it is asked: what all sources need to answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.access.account import Account
from service.dips.dips import Dipped
from service.errors import ApiError, unavailable
from service.heard import Heard
from service.snapshot import Loaded, Snapshot

RETRY_S = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Attributes:
        account: who asks.
        now: unix seconds.
        cli: calling number in E.164 digits; empty: not said.
        lists: sets of numbers asked by ``tps``; None: all.
        dipped: what others said, by kind of question and number.
        files: of numbers, by kind, those of the environment.
    """

    snapshot: Snapshot
    environment: str
    account: Account
    heard: Heard
    now: int
    cli: str = ""
    lists: tuple[str, ...] | None = None
    dipped: Mapping[tuple[str, str], Dipped] = field(default_factory=dict)
    files: Mapping[str, Sequence[Loaded]] = field(default_factory=dict)

    def of(self, kind: str) -> Sequence[Loaded]:
        """
        Files of a kind that answer here.
        """
        return self.files.get(kind, ())


def asked_by(
    snapshot: Snapshot,
    environment: str,
    account: Account,
    heard: Heard,
    now: int,
    cli: str = "",
    lists: tuple[str, ...] | None = None,
) -> Asked:
    """
    A question, with the files of numbers of its environment sorted out once for all of its numbers.
    """
    files: dict[str, list[Loaded]] = {}
    for one in snapshot.loaded.values():
        if one.environment == environment:
            files.setdefault(one.kind, []).append(one)
    return Asked(snapshot, environment, account, heard, now, cli, lists, files=files)


def told_by(one: Loaded, asked: Asked) -> dict[str, Any]:
    """
    Where an answer is from, and how old: a file of numbers, since it was loaded.
    """
    return {"source": one.name, "age": max(0, asked.now - one.loaded_at)}


def heard_from(dipped: Dipped, asked: Asked) -> dict[str, Any]:
    """
    The same of somebody who was asked.
    """
    return {"source": dipped.source, "age": max(0, asked.now - int(dipped.at))}


def no_answer(dipped: Dipped) -> ApiError:
    """
    Nobody who was asked answered, and nothing is known here.
    """
    return unavailable("Source did not answer", RETRY_S, "; ".join(dipped.errors))
