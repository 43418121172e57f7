"""
Nodes that share nothing but a store know the same of numbers within two seconds, and have a checkpoint each.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.heard import attempt, put
from support.nodes import Node, node
from support.patience import promised, seconds_until
from support.postgres import Postgres
from support.revisions import load

from ratecards.model import Rule
from service.store.migrate import create

LIVE_S = 2.0

pytestmark = pytest.mark.timed


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    """
    A node of two processes and one of one.
    """
    folder = tmp_path_factory.mktemp("fleet")
    with postgres.database() as url:
        engine = create(url)
        load(engine, folder / "elsewhere", "c", [Rule("44", "UK", 1)], activate=True)
        engine.dispose()
        with node(folder / "one", url, 2) as one, node(folder / "two", url) as two:
            yield one, two


def asrplus(one: Node, number: str) -> dict[str, Any]:
    """
    On a connection of its own, so that any of the processes may answer.
    """
    raw = f"GET /api/asrplus.json?number={number} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    return dict(json.loads(one.server.ask(raw.encode()).partition(b"\r\n\r\n")[2].removesuffix(b"<closed>")))


def agree(fleet: tuple[Node, Node], number: str, code: int) -> bool:
    return all(asrplus(one, number).get("code") == code for one in fleet for _ in range(6))


def test_a_record_that_one_node_takes_in_is_known_to_every_process_of_both(fleet: tuple[Node, Node]) -> None:
    engine = create(fleet[0].url)
    for code, number in ((404, "441132456789"), (410, "441132456780")):
        put(engine, attempt(code, number, code, 100))
        assert seconds_until(lambda told=(number, code): agree(fleet, *told)) < promised(LIVE_S)
    put(engine, attempt(1, "441132456789", 200, 50))
    assert seconds_until(lambda: agree(fleet, "441132456789", 200)) < promised(LIVE_S)
    engine.dispose()


def test_a_list_loaded_on_one_node_is_known_to_both(fleet: tuple[Node, Node], tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"number,code,datetime\n4930000001,604,{int(time.time()) - 90}\n")
    fleet[1].run("asrplus", "load", str(listed))
    assert seconds_until(lambda: agree(fleet, "4930000001", 604)) < promised(LIVE_S)


def test_a_node_that_joins_later_and_one_with_a_checkpoint_know_the_same(
    fleet: tuple[Node, Node], tmp_path: Path
) -> None:
    engine = create(fleet[0].url)
    put(engine, *(attempt(2000 + n, f"33123{n:04d}", 404, n) for n in range(50)))
    engine.dispose()
    seconds_until(lambda: agree(fleet, "331230049", 404))
    fleet[0].run("asrplus", "checkpoint")
    written = [one.run("asrplus", "export") for one in fleet]
    assert written[0] == written[1]
    assert written[0].count("\n") >= 51
    with node(tmp_path / "three", fleet[0].url) as three:
        seconds_until(lambda: agree((three, fleet[0]), "331230049", 404))
        assert three.run("asrplus", "export") == written[0]
