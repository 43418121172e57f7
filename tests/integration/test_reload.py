"""
What answers is what the store says, and a file that cannot be trusted never answers.
"""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.cards import NOW, RETAIL, install
from support.patience import seconds_until

from ratecards.model import Rule
from service.lookups.ready import rate_json
from service.ops.reload import artifact_path, load_snapshot, refresh
from service.snapshot import Desk, Snapshot
from service.store.catalogue import CatalogueError, Revision, activate_revision, add_revision, list_revisions


def price(snapshot: Snapshot) -> int:
    return snapshot.cards["c"].index.quote("44", NOW).rate_units


def test_a_new_revision_answers_after_one_look(tmp_path: Path, engine: Engine) -> None:
    install(tmp_path, "c", [Rule("44", "UK", 1)], engine=engine)
    desk = Desk(snapshot=load_snapshot(engine, tmp_path / "cards", Snapshot()))
    assert price(desk.snapshot) == 1
    install(tmp_path, "c", [Rule("44", "UK", 2)], engine=engine)
    asyncio.run(refresh(desk, engine, tmp_path / "cards"))
    assert (price(desk.snapshot), desk.snapshot.cards["c"].revision) == (2, 2)


def test_an_unchanged_card_is_kept_as_it_is(tmp_path: Path, engine: Engine) -> None:
    install(tmp_path, "c", [Rule("44", "UK", 1)], engine=engine)
    first = load_snapshot(engine, tmp_path / "cards", Snapshot())
    install(tmp_path, "other", RETAIL, engine=engine)
    second = load_snapshot(engine, tmp_path / "cards", first)
    assert second.cards["c"] is first.cards["c"]
    assert set(second.cards) == {"c", "other"}


def test_an_older_revision_can_be_made_to_answer_again(tmp_path: Path, engine: Engine) -> None:
    install(tmp_path, "c", [Rule("44", "UK", 1)], engine=engine)
    install(tmp_path, "c", [Rule("44", "UK", 2)], engine=engine)
    activate_revision(engine, "c", 1)
    assert price(load_snapshot(engine, tmp_path / "cards", Snapshot())) == 1
    with pytest.raises(CatalogueError, match="no revision 9"):
        activate_revision(engine, "c", 9)


@pytest.mark.fault
@pytest.mark.parametrize("harm", ["flip", "cut", "gone", "swapped"])
def test_a_damaged_file_leaves_the_old_revision_answering(tmp_path: Path, engine: Engine, harm: str) -> None:
    old = install(tmp_path, "c", [Rule("44", "UK", 1)], engine=engine)
    before = load_snapshot(engine, tmp_path / "cards", Snapshot())
    new = install(tmp_path, "c", [Rule("44", "UK", 2)], engine=engine)
    path = artifact_path(tmp_path / "cards", new.digest)
    whole = path.read_bytes()
    if harm == "flip":
        path.write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    elif harm == "cut":
        path.write_bytes(whole[:-1])
    elif harm == "gone":
        path.unlink()
    else:
        path.write_bytes(artifact_path(tmp_path / "cards", old.digest).read_bytes())
    after = load_snapshot(engine, tmp_path / "cards", before)
    assert price(after) == 1
    assert set(after.broken) == {"c"}
    assert str(tmp_path) not in after.broken["c"]
    fresh = load_snapshot(engine, tmp_path / "cards", Snapshot())
    assert (fresh.cards, set(fresh.broken)) == ({}, {"c"})


def test_a_file_put_right_answers_without_a_change_in_the_store(tmp_path: Path, engine: Engine) -> None:
    new = install(tmp_path, "c", [Rule("44", "UK", 2)], engine=engine)
    path = artifact_path(tmp_path / "cards", new.digest)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    desk = Desk(snapshot=load_snapshot(engine, tmp_path / "cards", Snapshot()))
    assert desk.snapshot.broken
    path.write_bytes(whole)
    asyncio.run(refresh(desk, engine, tmp_path / "cards"))
    assert (price(desk.snapshot), desk.snapshot.broken) == (2, {})


def test_revisions_are_numbered_and_one_answers(tmp_path: Path, engine: Engine) -> None:
    for units in (1, 2, 3):
        install(tmp_path, "c", [Rule("44", "UK", units)], engine=engine)
    assert [(r.number, r.active) for r in list_revisions(engine, "c")] == [(1, False), (2, False), (3, True)]


@pytest.mark.parametrize("name", ["", "UPPER", "a/b", "..", "a b", "x" * 65, "-a", "a\n", "é"])
def test_a_card_s_name_can_stand_in_a_url_and_a_file(engine: Engine, name: str) -> None:
    with pytest.raises(CatalogueError, match="is not a card name"):
        add_revision(engine, Revision(name, 0, "d", "s", "USD", 1, 0, NOW), activate=True)
    assert list_revisions(engine) == []


def test_a_new_revision_has_at_hand_what_the_old_one_was_asked_for(tmp_path: Path, engine: Engine) -> None:
    install(tmp_path, "c", [Rule("44", "UK", 1), Rule("44113", "Leeds", 2)], engine=engine)
    first = load_snapshot(engine, tmp_path / "cards", Snapshot())
    rate_json(first.cards["c"], "441132456789", NOW)
    install(tmp_path, "c", [Rule("44", "UK", 3), Rule("44113", "Leeds", 4)], engine=engine)
    card = load_snapshot(engine, tmp_path / "cards", first).cards["c"]
    assert set(card.rendered) == {"44113"}
    assert b'"revision":2' in rate_json(card, "441132456789", NOW)
    assert b'"rate":"0.0000000004"' in rate_json(card, "441132456789", NOW)


def test_what_was_rendered_of_a_card_that_answers_no_more_is_forgotten(tmp_path: Path, engine: Engine) -> None:
    """
    A little at a time, after the new one has taken over; and nothing of the new one.
    """
    install(tmp_path, "c", [Rule("44", "UK", 1)], engine=engine)
    desk = Desk(snapshot=load_snapshot(engine, tmp_path / "cards", Snapshot()))
    old = desk.snapshot.cards["c"]
    assert rate_json(old, "441132456789", NOW)
    install(tmp_path, "c", [Rule("44", "UK", 2)], engine=engine)
    asyncio.run(refresh(desk, engine, tmp_path / "cards"))
    seconds_until(lambda: not old.rendered and not old.by_head)
    assert desk.snapshot.cards["c"].rendered
