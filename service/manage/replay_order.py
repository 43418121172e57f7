"""
What is asked for where past calls are to be replayed, and what is told of it as a table.
"""

from dataclasses import dataclass
from typing import Any

from service.render.table import Page, Table

COLUMNS = (
    "name", "calls", "minutes", "seconds", "billed_before", "billed_after", "cost_before", "cost_after", "difference",
    "change_percent", "margin_before", "margin_after", "losing_before", "losing_after", "unpriced_before",
    "unpriced_after", "blocked_before", "blocked_after", "newly_unpriced", "newly_priced",
)  # fmt: skip
AMOUNTS = ("minutes", "cost_before", "cost_after", "difference", "change_percent", "margin_before", "margin_after")


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to replay.

    Attributes:
        file: the calls.
        before: number of a revision; None: the one that answers.
        after: likewise; None: the latest.
        deck: file of a deck instead of ``after``.
        against: name of the card that margins are reckoned with.
        at: unix seconds at which all calls are taken to be made.
        as_dated: each is taken to be made when it was, whatever comes into force later.
        profile: how dialled strings are normalised, as :meth:`Profile.as_json` has it; None: as E.164.
        trusted: a packed file may hold any number of calls.
    """

    card: str
    file: str
    before: int | None = None
    after: int | None = None
    deck: str | None = None
    against: str | None = None
    at: int | None = None
    as_dated: bool = False
    profile: dict[str, Any] | None = None
    trusted: bool = True


def destinations(told: dict[str, Any]) -> Table:
    """
    The destinations of a report as a table for a spreadsheet.
    """
    rows = told["destinations"]
    return Table("destinations", COLUMNS, rows, len(rows), Page(1, max(len(rows), 1)), amounts=AMOUNTS)
