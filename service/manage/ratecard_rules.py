"""
The rules of a revision, kept at hand while somebody looks through them, and how they are shown.
"""

import threading
from collections import OrderedDict
from typing import Any

import polars as pl

from ratecards.money import format_units
from service.manage.ratecards import Shelf
from service.manage.rows import rules_of
from service.render.table import Row
from service.store.catalogue import Revision

MAX_KEPT = 2_000_000
"""Rules kept, about 90 bytes each, of the revisions looked at last."""
PRICES = ("rate", "connect_fee", "rate_inter", "rate_intra", "rate_indeterminate")


class Kept:
    """
    Rules of the revisions looked at last; from any thread.
    """

    def __init__(self, most: int = MAX_KEPT) -> None:
        """
        Args:
            most: rules kept, of all revisions together.
        """
        self._most = most
        self._frames: OrderedDict[str, pl.DataFrame] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, shelf: Shelf, revision: Revision) -> pl.DataFrame:
        """
        The rules of a revision, read from the store where they are not at hand. Revisions never change.
        """
        with self._lock:
            frame = self._frames.get(revision.digest)
            if frame is not None:
                self._frames.move_to_end(revision.digest)
                return frame
        frame = rules_of(shelf.engine, shelf.folder, revision)
        with self._lock:
            self._frames[revision.digest] = frame
            while len(self._frames) > 1 and sum(kept.height for kept in self._frames.values()) > self._most:
                self._frames.popitem(last=False)
        return frame


KEPT = Kept()


def amount(units: int | None) -> str | None:
    return None if units is None else format_units(units)


def rule_fields(rule: dict[str, Any]) -> Row:
    """
    A row of a table of rules as it is shown: prices as decimal texts, times in unix seconds.
    """
    return {
        "prefix": rule["prefix"],
        "name": rule["name"],
        "rate": format_units(rule["rate_units"]),
        "connect_fee": format_units(rule["connect_fee_units"]),
        "mcd": rule["mcd_s"],
        "pulse": rule["pulse_s"],
        "billing": f"{rule['mcd_s']}/{rule['pulse_s']}",
        "effective": rule["effective"],
        "expires": rule["expires"],
        "blocked": rule["blocked"],
        "origin": rule["origin"],
        "rate_inter": amount(rule["rate_inter_units"]),
        "rate_intra": amount(rule["rate_intra_units"]),
        "rate_indeterminate": amount(rule["rate_indeterminate_units"]),
        "min_length": rule["min_digits"],
        "max_length": rule["max_digits"],
    }
