"""
Cards swapped under load: no look-up fails, each answer is of one revision, and what was is let go.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.cards import install, random_rules
from support.load import Load, load
from support.memory import mapped, memory
from support.patience import promised, seconds_until
from support.revisions import load as add
from support.server import Server, serve

from ratecards.model import Rule
from ratecards.money import format_units
from service.ops.folder import SPARE_S, clean
from service.ops.reload import artifact_path, load_snapshot
from service.snapshot import Snapshot
from service.store.catalogue import Revision, activate_revision
from service.store.files import fetch
from service.store.migrate import create

pytestmark = pytest.mark.fault
LIVE_S = 2.0
LARGE = 60_000
NUMBER = "441132456789"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create(f"sqlite:///{tmp_path / 'ratedip.db'}")
    yield engine
    engine.dispose()


def card(units: int, more: int = 3000) -> list[Rule]:
    """
    A price that tells the revision, for what the load asks, and other rules.
    """
    others = [rule for rule in random_rules(1, more) if not rule.prefix.startswith("44")]
    leeds = [Rule(f"44113{i:02d}", f"Leeds {i}", units * 10**6) for i in range(100)]
    return [Rule("44", "UK", units * 10**6), *leeds, *others]


def revision_of(server: Server) -> int:
    raw = f"GET /api/rate.json?number={NUMBER} HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    answer = json.loads(server.ask(raw.encode()).partition(b"\r\n\r\n")[2].removesuffix(b"<closed>"))
    return int(answer["revision"])


def all_agree(server: Server, number: int) -> bool:
    return all(revision_of(server) == number for _ in range(8))


def whole(seen: Load) -> set[int]:
    """
    Revisions that answered; that each had its own price, no other.
    """
    revisions = set()
    for body in seen.bodies:
        fields = json.loads(b"{" + body)
        assert fields["rate"] == format_units(fields["revision"] * 10**6)
        revisions.add(fields["revision"])
    return revisions


@pytest.mark.timed
@pytest.mark.parametrize("swaps", [3, pytest.param(60, marks=pytest.mark.long)])
def test_a_card_swapped_under_load_fails_nobody(tmp_path: Path, engine: Engine, swaps: int) -> None:
    add(engine, tmp_path / "cards", "c", card(1), activate=True)
    with (
        serve(tmp_path, WORKERS="2", DEMO="1", DEMO_CARD="c", DEMO_RPS="1000000000") as server,
        load(server, "Connection: keep-alive", connections=6, pause_s=0.004) as seen,
    ):
        seconds_until(lambda: seen.admitted > 200)
        for number in range(2, swaps + 2):
            asked = seen.admitted
            made = add(engine, tmp_path / "cards", "c", card(number))
            at = None if number % 2 else int(time.time()) + 2
            activate_revision(engine, "c", made.number, at=at)
            start = time.time() if at is None else at
            seconds_until(lambda number=number: all_agree(server, number))
            assert time.time() - start < promised(LIVE_S)
            seconds_until(lambda asked=asked: seen.admitted > asked + 200)
    assert seen.failed == []
    assert seen.statuses.keys() == {200}
    assert whole(seen) == set(range(1, swaps + 2))


@pytest.mark.parametrize(
    ("rules", "swaps"),
    [
        (LARGE // 6, 3),
        pytest.param(LARGE, 10, marks=pytest.mark.long),
        pytest.param(400_000, 20, marks=pytest.mark.long),
    ],
)
def test_ten_swaps_later_memory_is_what_it_was(
    tmp_path: Path, engine: Engine, rules: int, swaps: int, record_property: Callable[[str, object], None]
) -> None:
    """
    After as much as every revision costs has been paid once, and a moment after the last has taken over.
    """
    made = [add(engine, tmp_path / "cards", "c", card(units, rules)) for units in (1, 2)]
    activate_revision(engine, "c", 1)
    with (
        serve(tmp_path, WORKERS="2", DEMO="1", DEMO_CARD="c", DEMO_RPS="1000000000") as server,
        load(server, "Connection: keep-alive", connections=4, pause_s=0.01) as seen,
    ):
        for one in (*made[::-1], *made[::-1]):
            swap(server, engine, one)
        before, cards = memory(server.process.pid), mapped(server.process.pid)
        for turn in range(swaps):
            swap(server, engine, made[1 - turn % 2])

        def is_let_go() -> bool:
            after = memory(server.process.pid)
            record_property("memory", {"before": before, "after": after})
            return all(after[kind] <= 1.1 * size for kind, size in before.items())

        seconds_until(is_let_go, promised(5), 0.2)
        seconds_until(lambda: 0 < mapped(server.process.pid) <= cards)
    assert seen.failed == []


def swap(server: Server, engine: Engine, revision: Revision) -> None:
    activate_revision(engine, "c", revision.number)
    seconds_until(lambda: all_agree(server, revision.number))


def test_cards_that_nobody_needs_leave_the_disk_and_no_other(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "cards"
    later = int(time.time()) + 10_000
    idle, held, answers, planned, young = (
        add(engine, folder, "c", card(units, 50), activate=units in {2, 3}, at=later if units == 4 else None)
        for units in range(1, 6)
    )
    alone = install(tmp_path, "old", [Rule("44", "UK", 1)], engine=engine)
    install(tmp_path, "old", [Rule("44", "UK", 2)], engine=engine)
    activate_revision(engine, "c", held.number)
    mapped = load_snapshot(engine, folder, Snapshot())
    activate_revision(engine, "c", answers.number)
    paths = {one: artifact_path(folder, one.digest) for one in (idle, held, answers, planned, young, alone)}
    for one in (idle, answers, planned, young):
        fetch(engine, one.digest, paths[one])
    half, writing = folder / f".{idle.digest}.card.abc", folder / f".{idle.digest}.card.def"
    for path in (half, writing):
        path.write_bytes(b"half")
    for path in {*folder.iterdir()} - {paths[young], writing}:
        then = time.time() - SPARE_S - 60
        os.utime(path, (then, then))
    later_s = time.time() + 30
    assert set(clean(engine, folder, later_s)) == {paths[idle].name, half.name}
    assert mapped.cards["c"].revision == held.number
    del mapped
    assert set(clean(engine, folder, later_s)) == {paths[held].name}
    assert all(paths[one].exists() for one in (answers, planned, young, alone))
    assert clean(engine, folder, later_s) == []
