"""
Nodes that share nothing but a store, and the processes of each, tell the same of a number within two seconds of a load.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.nodes import Node, node
from support.patience import promised, seconds_until
from support.postgres import Postgres
from support.revisions import load
from support.sets import put_set, shelf_of

from ratecards.model import Rule
from service.manage.set_views import delete, roll_back
from service.store.database import connect

LIVE_S = 2.0
LEEDS, OTHER = "441132456789", "441132456780"

pytestmark = pytest.mark.timed


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    """
    Two nodes, the first of two processes.
    """
    folder = tmp_path_factory.mktemp("fleet")
    with postgres.database(made=True) as url:
        engine = connect(url)
        load(engine, folder / "elsewhere", "c", [Rule("44", "UK", 1)], activate=True)
        engine.dispose()
        with node(folder / "one", url, workers=2) as one, node(folder / "two", url) as two:
            yield one, two


def tps(one: Node, number: str, query: str = "") -> dict[str, Any]:
    raw = f"GET /api/tps.json?number={number}{query} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    return dict(json.loads(one.server.ask(raw.encode()).partition(b"\r\n\r\n")[2].removesuffix(b"<closed>")))


def agree(fleet: tuple[Node, Node], number: str, sets: list[str]) -> bool:
    return all(tps(one, number).get("list") == sets for one in fleet for _ in range(4))


def test_what_one_node_loads_every_process_of_both_tells(fleet: tuple[Node, Node], tmp_path: Path) -> None:
    assert tps(fleet[0], LEEDS)["error"]["reason"] == "Not configured"
    (tmp_path / "list").write_text(LEEDS)
    fleet[0].run("set", "load", "dno", str(tmp_path / "list"))
    assert seconds_until(lambda: agree(fleet, LEEDS, ["dno"]), pause_s=0.1) < promised(LIVE_S)
    engine = connect(fleet[0].url)
    one, two = (shelf_of(engine, place.data / "cards") for place in fleet)
    put_set(two, "dno", [OTHER])
    assert seconds_until(lambda: agree(fleet, OTHER, ["dno"]), pause_s=0.1) < promised(LIVE_S)
    assert agree(fleet, LEEDS, [])
    roll_back(one, "dno")
    assert seconds_until(lambda: agree(fleet, LEEDS, ["dno"]), pause_s=0.1) < promised(LIVE_S)
    delete(two, "dno")
    assert seconds_until(lambda: not any("list" in tps(place, LEEDS) for place in fleet), pause_s=0.1) < promised(
        LIVE_S
    )
    engine.dispose()
