"""
A softswitch, two nodes that share a store, and three carriers.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from support.market import ACCOUNT, ANSWERS, DEAD, furnish, knows, numbers
from support.nodes import node
from support.patience import seconds_until
from support.postgres import run_postgres
from support.server import Server
from support.softswitch import Kamailio, carriers, configure

from service.store.migrate import create
from service.store.tables import call_records


@dataclass(frozen=True)
class Market:
    """
    Attributes:
        key: of the softswitch.
    """

    engine: Engine
    url: str
    key: str

    def records(self, kind: str) -> "Counter[tuple[str, int]]":
        """
        How many records calls of a kind have, by carrier and answer.
        """
        columns = call_records.c.carrier, call_records.c.sip_code
        ours = call_records.c.call_id.startswith(f"{kind}-")
        with self.engine.connect() as connection:
            rows = connection.execute(select(*columns, func.count()).where(ours).group_by(*columns)).all()
        return Counter({(carrier, code): count for carrier, code, count in rows})

    def await_records(self, kind: str, count: int) -> None:
        """
        Wait until calls of a kind have so many.
        """
        seconds_until(lambda: self.records(kind).total() >= count, pause_s=0.2)


@dataclass(frozen=True)
class Exchange:
    nodes: list[Server]
    kamailio: Kamailio
    folder: Path

    def written(self) -> list[dict[str, Any]]:
        """
        The call records in Kamailio's log.
        """
        lines = self.kamailio.log.read_text().splitlines()
        return [json.loads(line.partition("call record ")[2]) for line in lines if "call record {" in line]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    folder = tmp_path_factory.mktemp("market")
    with ExitStack() as stack:
        found = stack.enter_context(carriers(folder, ANSWERS.values()))
        url = stack.enter_context(stack.enter_context(run_postgres()).database())
        engine = create(url)
        stack.callback(engine.dispose)
        ports = dict(zip(ANSWERS, found, strict=True))
        yield Market(engine, url, furnish(engine, folder / "cards", ports, numbers(DEAD, 150)))


@pytest.fixture(scope="module")
def exchange(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    folder = tmp_path_factory.mktemp("exchange")
    with ExitStack() as stack:
        nodes = [stack.enter_context(node(folder / name, market.url)).server for name in ("one", "two")]
        for one in nodes:
            seconds_until(lambda one=one: knows(one, market.key, f"{DEAD}0000000"))  # type: ignore[misc]
        kamailio = configure(folder / "kamailio", [one.url for one in nodes], ACCOUNT, market.key)
        stack.callback(kamailio.stop)
        kamailio.start()
        yield Exchange(nodes, kamailio, folder)
