"""
What a softswitch trades in: a customer card, carriers behind it, dead numbers, and the account it asks with.
"""

import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Engine

from ratecards.model import Rule
from ratecards.money import parse_units
from service.access.keys import new_key
from service.store.accounts import Asrplus, Record, add_account
from service.store.cards import set_card
from service.store.keys import KeyRecord, add_key
from service.store.listed import keep_listed
from service.store.routings import Carrier, Routing, set_routing
from support.revisions import load
from support.server import Server

ACCOUNT = "switch-1"
SOLD = [("44", "0.01", False), ("4470", "0.35", True), ("33", "0.001", False)]
BOUGHT = {"full": [("44119", "0.002")], "dead": [("44118", "0.002")], "good": [("44", "0.004"), ("33", "0.006")]}
"""By carrier. France costs more than it sells for; the rest earns."""
ANSWERS = {"full": 503, "dead": 404, "good": 200}
"""What each carrier says to every call."""
PRICED, FULL_FIRST, DEAD, BLOCKED, UNPRICED, UNPROFITABLE = "44113", "44119", "44118", "44701", "99900", "33123"
HOST = "127.0.0.1"


def numbers(prefix: str, count: int, first: int = 0) -> tuple[str, ...]:
    return tuple(f"{prefix}{first + nth:07d}" for nth in range(count))


def furnish(engine: Engine, folder: Path, ports: Mapping[str, int], dead: tuple[str, ...]) -> str:
    """
    Put it all into a store.

    Args:
        folder: of compiled cards.
        ports: of the carriers.
        dead: numbers known to be so.

    Returns:
        The account's key.
    """
    sold = [Rule(prefix, "there", parse_units(rate), 0, 60, 60, blocked=no) for prefix, rate, no in SOLD]
    load(engine, folder, "retail", sold, activate=True)
    for name, rates in BOUGHT.items():
        load(engine, folder, name, [Rule(p, "there", parse_units(rate), 0, 60, 60) for p, rate in rates], activate=True)
        set_card(engine, name, {"kind": "provider", "endpoint": f"sip:{HOST}:{ports[name]}", "tech_prefix": "9001"})
    set_routing(engine, Routing("retail", tuple(Carrier(name) for name in BOUGHT)))
    now, made = int(time.time()), new_key("live")
    keep_listed(engine, "live", [(number, 404, now - 60) for number in dead], now)
    mode = Asrplus("on", None, frozenset({"lcr"}))
    add_account(engine, Record(ACCOUNT, all_cards=True, created=now, asrplus=mode), "test")
    scopes = frozenset({"lookup", "cdr"})
    add_key(engine, KeyRecord(made.id, ACCOUNT, "live", made.digest, scopes, "", now, None), "test")
    return made.text


def knows(server: Server, key: str, number: str) -> bool:
    """
    Whether a node knows of a number that it is dead.
    """
    field = f"Authorization: Bearer {key}"
    answer = server.ask(f"GET /api/asrplus.json?number={number} HTTP/1.1\r\nHost: t\r\n{field}\r\n\r\n".encode())
    return answer.startswith(b"HTTP/1.1 200") and b'"code":404' in answer
