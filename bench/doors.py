"""
What it costs to know who asks and whether they may.
"""

from __future__ import annotations

from typing import Final

from bench.figures import Figure, median_us
from service.access.account import LIVE, Account
from service.access.directory import Directory
from service.access.keys import new_key
from service.quota.meter import Meter
from service.quota.meters import Meters
from service.quota.plan import Limits, Plan
from service.store.keys import KeyRecord

ACCOUNTS: Final = 1_000
NOW: Final = 2_000_000_000  # unix seconds
ENDLESS: Final = 10**9
CALLS: Final = 20_000


def measure() -> list[Figure]:
    """
    Time a known key among a thousand accounts, and one admission within limits a second, a day and a month.
    """
    return [identified(), admitted()]


def identified() -> Figure:
    """
    Time the Authorization field of a known key.
    """
    made = [new_key(LIVE) for _ in range(ACCOUNTS)]
    accounts = [Account(number, f"a{number}", "card") for number in range(ACCOUNTS)]
    keys = [
        KeyRecord(m.id, a.name, LIVE, m.digest, frozenset({"lookup"}), "", 0)
        for m, a in zip(made, accounts, strict=True)
    ]
    directory = Directory(accounts, keys, {}, "s" * 64, Meters(1))
    fields = [f"Bearer {made[number % ACCOUNTS].text}".encode() for number in range(CALLS)]
    for field in fields[:ACCOUNTS]:
        directory.of_authorization(field, NOW)
    return Figure(
        "account of a known key", median_us(lambda field: directory.of_authorization(field, NOW), fields), "µs", 0.5
    )


def admitted() -> Figure:
    """
    Time one admission.
    """
    meter = Meter("p:1", Plan(Limits(ENDLESS, ENDLESS, ENDLESS, ENDLESS)))
    instants = list(range(10**18, 10**18 + CALLS))
    return Figure("admission within three limits", median_us(lambda now_ns: meter.take("rate", now_ns), instants), "µs")
