"""
Real servers, one a door, on one data directory.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cards import RETAIL, RULES, install, random_rules, sdf_rules
from support.routes import install_carriers
from support.server import Server, serve

ENDLESS = "1000000000"


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A data directory with the contract's card at revision 3, the real deck, and one with everything in it.
    """
    folder = tmp_path_factory.mktemp("data")
    for _ in range(3):
        install(folder, "retail", RETAIL)
    install(folder, "sdf", sdf_rules())
    install_carriers(folder)
    install(folder, "everything", random_rules(7, RULES))
    return folder


@pytest.fixture(scope="session")
def hot(data: Path) -> Iterator[Server]:
    with serve(data, DEMO="1", DEMO_RPS=ENDLESS, DEMO_CARD="retail") as server:
        yield server


@pytest.fixture(scope="session")
def plain(data: Path) -> Iterator[Server]:
    """
    The same with its hot door shut.
    """
    with serve(data, DEMO="1", DEMO_RPS=ENDLESS, DEMO_CARD="retail", HOT_DOOR="0") as server:
        yield server


@pytest.fixture(params=["hot", "plain"])
def door(request: pytest.FixtureRequest) -> Server:
    return request.getfixturevalue(request.param)
