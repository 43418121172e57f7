"""
What was decided of late on this node, looked through.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Any

from service.render.table import Page, Table
from service.watch.decision import Decision, unpack
from service.watch.masked import mask
from service.watch.run import read_rings

COLUMNS = (
    "at", "account", "service", "number", "card", "revision", "prefix", "status", "verdict", "microseconds", "worker",
)  # fmt: skip
_HIDDEN = 3
"""Digits of a number at least, that a prefix told to others leaves open."""


@dataclass(frozen=True, slots=True)
class Looked:
    """
    What is looked for; empty: anything.

    Attributes:
        environment: nothing is ever seen of another one.
        open_to: account whose numbers are told in full; empty: nobody's are.
    """

    environment: str
    account: str = ""
    number: str = ""
    verdict: str = ""
    service: str = ""
    open_to: str = ""

    def fits(self, decision: Decision) -> bool:
        wanted = (self.account, self.number, self.verdict, self.service)
        found = (decision.account, decision.number, decision.verdict, decision.service)
        return decision.environment == self.environment and all(
            not word or word == here for word, here in zip(wanted, found, strict=True)
        )


def decisions_table(folder: Path, looked: Looked, page: Page) -> Table:
    """
    Decisions of all serving processes of this node, the latest first.

    Args:
        folder: where they tell them.
    """
    oldest, fitting = 0.0, []
    for worker, decision in _all(folder):
        oldest = decision.at
        if looked.fits(decision):
            fitting.append((worker, decision))
    rows = [_row(worker, decision, looked) for worker, decision in page.cut(fitting)]
    return Table("decisions", COLUMNS, rows, len(fitting), page, {"since": oldest or None})


def _all(folder: Path) -> Iterator[tuple[str, Decision]]:
    rings = ([(worker, each) for each in unpack(records)][::-1] for worker, records in read_rings(folder).items())
    return merge(*rings, key=lambda found: found[1].at, reverse=True)


def _row(worker: str, decision: Decision, looked: Looked) -> dict[str, Any]:
    own = bool(looked.open_to) and decision.account == looked.open_to
    # A prefix may be nearly as long as the number.
    tells = not own and len(decision.prefix) > len(decision.number) - _HIDDEN
    return {
        "at": round(decision.at, 6),
        "account": decision.account or None,
        "service": decision.service,
        "number": decision.number if own else mask(decision.number),
        "card": decision.card or None,
        "revision": decision.revision or None,
        "prefix": (mask(decision.prefix) if tells else decision.prefix) or None,
        "status": decision.status,
        "verdict": decision.verdict,
        "microseconds": round(decision.took_ns / 1000, 1),
        "worker": worker,
    }
