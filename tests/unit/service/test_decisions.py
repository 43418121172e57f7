"""
Who finds which decisions, and how much of their numbers.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.access.account import LIVE, TEST, Account, Identity
from service.manage.decisions import Looked, decisions_table
from service.quota.meters import Meters
from service.quota.plan import Plan
from service.render.table import Page
from service.watch.decision import pack
from service.watch.run import Place

NUMBER = b"441132456789"
METER = Meters(1).of("p:1", Plan())


def decided(at: float, account: str, environment: str = LIVE, prefix: str = "44113", number: bytes = NUMBER) -> bytes:
    who = Identity(Account(1, account, ""), environment, frozenset(), METER)
    return pack(at, who, number, (("rate", 200, "ok"), ("retail", 1, prefix)), 1_000)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """
    Where two processes have told what they decided.
    """
    one, two = Place(tmp_path, 64), Place(tmp_path, 64)
    one.ring.add(decided(1.0, "acme") + decided(3.0, "acme", TEST) + decided(5.0, "other"))
    two.ring.add(decided(2.0, "acme") + decided(4.0, "acme", prefix="44113245678") + pack(6.0, None, b"44", 0, 1))
    yield tmp_path
    one.leave()
    two.leave()


def times(folder: Path, looked: Looked, page: Page | None = None) -> list[float]:
    return [row["at"] for row in decisions_table(folder, looked, page or Page()).rows]


def test_decisions_of_all_processes_come_in_one_order_the_latest_first(folder: Path) -> None:
    assert times(folder, Looked(LIVE)) == [6.0, 5.0, 4.0, 2.0, 1.0]
    assert times(folder, Looked(LIVE), Page(2, 2)) == [4.0, 2.0]
    table = decisions_table(folder, Looked(LIVE), Page(2, 2))
    assert (table.total, table.about) == (5, {"since": 1.0})


def test_nothing_is_seen_of_another_environment(folder: Path) -> None:
    assert times(folder, Looked(TEST)) == [3.0]
    assert times(folder, Looked(LIVE, "acme")) == [4.0, 2.0, 1.0]


def test_a_number_is_looked_for_whole(folder: Path) -> None:
    assert times(folder, Looked(LIVE, number=NUMBER.decode())) == [5.0, 4.0, 2.0, 1.0]
    assert times(folder, Looked(LIVE, number="44113")) == []


def test_a_number_is_told_to_its_account_alone_and_no_prefix_gives_it_away(folder: Path) -> None:
    own = decisions_table(folder, Looked(LIVE, "acme", open_to="acme"), Page()).rows
    assert [(row["number"], row["prefix"]) for row in own] == [
        ("441132456789", "44113245678"), ("441132456789", "44113"), ("441132456789", "44113"),
    ]  # fmt: skip
    staff = decisions_table(folder, Looked(LIVE, open_to="boss"), Page()).rows
    assert {row["number"] for row in staff if row["account"]} == {"4411********"}
    assert [row["prefix"] for row in staff] == [None, "44113", "4411*******", "44113", "44113"]


def test_who_may_not_ask_has_no_account(folder: Path) -> None:
    (row,) = decisions_table(folder, Looked(LIVE, verdict="unknown_number"), Page()).rows
    assert (row["account"], row["service"], row["status"]) == (None, "asrplus", 404)
