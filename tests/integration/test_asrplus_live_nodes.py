"""
Nodes that share nothing but a store know the same of numbers within two seconds, and have a checkpoint each.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from support.heard import attempt, follower, known, put
from support.nodes import Node, node
from support.patience import promised, seconds_until
from support.postgres import Postgres
from support.revisions import load

from ratecards.model import Rule
from ratecards.numberset import Policy
from service.ops.answers_build import build
from service.store.database import connect

LIVE_S = 2.0

pytestmark = pytest.mark.timed


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    folder = tmp_path_factory.mktemp("fleet")
    with postgres.database(made=True) as url:
        engine = connect(url)
        load(engine, folder / "elsewhere", "c", [Rule("44", "UK", 1)], activate=True)
        engine.dispose()
        with node(folder / "one", url) as one, node(folder / "two", url) as two:
            yield one, two


@pytest.fixture
def shared(fleet: tuple[Node, Node]) -> Iterator[Engine]:
    engine = connect(fleet[0].url)
    yield engine
    engine.dispose()


def asrplus(one: Node, number: str) -> dict[str, Any]:
    raw = f"GET /api/asrplus.json?number={number} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    return dict(json.loads(one.server.ask(raw.encode()).partition(b"\r\n\r\n")[2].removesuffix(b"<closed>")))


def agree(fleet: tuple[Node, Node], number: str, code: int) -> bool:
    return all(asrplus(one, number).get("code") == code for one in fleet for _ in range(3))


def test_a_record_that_one_node_takes_in_is_known_to_both(fleet: tuple[Node, Node], shared: Engine) -> None:
    for code, number in ((404, "441132456789"), (410, "441132456780")):
        put(shared, attempt(code, number, code, 100))
        assert seconds_until(lambda told=(number, code): agree(fleet, *told), pause_s=0.1) < promised(LIVE_S)
    put(shared, attempt(1, "441132456789", 200, 50))
    assert seconds_until(lambda: agree(fleet, "441132456789", 200), pause_s=0.1) < promised(LIVE_S)


def test_a_list_loaded_on_one_node_is_known_to_both(fleet: tuple[Node, Node], tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text(f"number,code,datetime\n4930000001,604,{int(time.time()) - 90}\n")
    fleet[1].run("asrplus", "load", str(listed))
    assert seconds_until(lambda: agree(fleet, "4930000001", 604), pause_s=0.1) < promised(LIVE_S)


def test_a_node_that_takes_up_a_checkpoint_and_one_that_joins_later_know_the_same(
    fleet: tuple[Node, Node], shared: Engine, tmp_path: Path
) -> None:
    numbers = [f"33123{n:04d}" for n in range(20)]
    put(shared, *(attempt(2000 + n, number, 404, n) for n, number in enumerate(numbers)))
    build(shared, fleet[0].data / "asrplus", Policy(), int(time.time()))
    seconds_until(lambda: agree(fleet, numbers[-1], 404), pause_s=0.1)
    joined = known(follower(shared, tmp_path / "three")[1])
    assert {*numbers} <= {*joined}
    for number in numbers:
        told = [(answer["code"], answer["datetime"]) for answer in (asrplus(one, number) for one in fleet)]
        assert told == [tuple(joined[number])] * 2
