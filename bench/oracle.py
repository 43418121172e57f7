"""
What the right answer is, by the most naive means there is, and how a peer writes it down.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bench.decks import DeckRow

CARD: Final = "bench"
FIELDS: Final = (
    *("number", "card", "revision", "prefix", "name", "currency", "rate", "connect_fee"),
    *("mcd", "pulse", "billing", "effective", "expires", "ttl"),
)


def longest_match(rows: Mapping[str, DeckRow], number: str) -> DeckRow | None:
    """
    Return the row of the longest prefix of the number, or None where no row matches.
    """
    for length in range(len(number), 0, -1):
        row = rows.get(number[:length])
        if row is not None:
            return row
    return None


def body(number: str, row: DeckRow) -> str:
    """
    Render the answer the peers give, field for field ratedip's.
    """
    return f'{{"number":"{number}{tail(row)}'


def tail(row: DeckRow) -> str:
    """
    Render all of a row's answer that does not depend on the number; it goes on right behind the number's digits.
    """
    after_number = {
        "card": CARD,
        "revision": 1,
        "prefix": row.prefix,
        "name": row.destination,
        "currency": "USD",
        "rate": _plain(row.rate),
        "connect_fee": _plain(row.connect_fee),
        "mcd": row.first_s,
        "pulse": row.next_s,
        "billing": f"{row.first_s}/{row.next_s}",
        "effective": None,
        "expires": None,
        "ttl": 86_400,
    }
    return '",' + json.dumps(after_number, separators=(",", ":"))[1:]


def _plain(amount: str) -> str:
    """
    Write an amount without trailing zeros and without an exponent.
    """
    return f"{Decimal(amount).normalize():f}"
