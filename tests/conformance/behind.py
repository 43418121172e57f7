"""
Put the carriers of a set of vectors behind a customer card of this engine: ``behind.py NAME FILE``, for the runner.

The store is the one that the settings name.
"""

import json
import sys
from pathlib import Path

from service.settings import Settings
from service.store.cards import set_card
from service.store.exchange import set_rate
from service.store.migrate import create
from service.store.routings import Carrier, Routing, set_routing


def main(name: str, file: str) -> None:
    given, engine = json.loads(Path(file).read_text()), create(Settings().store_url)
    for currency, per_base in given["exchange"]["per_base"].items():
        set_rate(engine, currency, per_base, given["exchange"]["base"])
    for one in given["providers"]:
        about = {"company": one["carrier"], **{key: one[key] for key in ("tech_prefix", "endpoint") if key in one}}
        set_card(engine, one["card"], {"kind": "provider", **about})
    carriers = (Carrier(one["card"], cap=one.get("cap", "")) for one in given["providers"])
    set_routing(engine, Routing(name, tuple(carriers)))


if __name__ == "__main__":
    main(*sys.argv[1:])
