"""
A set answers what was loaded into it last; a load is whole or it is not, and what cannot be trusted never answers.
"""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from support.patience import FAIL_SAFE_S
from support.sets import WHO, listed_in, put_set, shelf_of

from ratecards.profiles import country
from service.errors import ApiError
from service.manage.ratecards import BadValueError, MissingError
from service.manage.set_order import SetOrder
from service.manage.set_views import delete, has_number, roll_back, set_view, sets_view
from service.manage.sets import load_set
from service.ops.folder import SPARE_S, clean
from service.ops.reload import load_snapshot, refresh
from service.ops.sets import set_path
from service.snapshot import Desk, Snapshot
from service.store.accounts import AccountError, Record, RefusingSets, add_account, set_account
from service.store.audit import list_changes
from service.store.catalogue import CatalogueError, read_generation
from service.store.database import connect
from service.store.files import PART, has_file, put_large
from service.store.sets import FORGOTTEN_S, KEPT, SetRevision, add_set_revision, begin_file, list_sets, set_revisions
from service.store.tables import files, incoming_files

LEEDS, OTHER = "441132456789", "441132456780"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cards"


def snapshot_of(engine: Engine, folder: Path, before: Snapshot | None = None) -> Snapshot:
    return load_snapshot(engine, folder, before or Snapshot())


def stored_files(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(select(files.c.digest)))


def test_what_was_loaded_last_answers_after_one_look(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    desk = Desk(snapshot=snapshot_of(engine, folder))
    assert listed_in(desk.snapshot, LEEDS) == ["dno"]
    put_set(mine, "dno", [OTHER])
    asyncio.run(refresh(desk, engine, folder))
    assert (listed_in(desk.snapshot, LEEDS), listed_in(desk.snapshot, OTHER)) == ([], ["dno"])
    one = desk.snapshot.loaded["dno"]
    assert (one.name, one.kind, one.environment, one.revision, one.rows) == ("dno", "numbers", "live", 2, 1)


def test_a_set_that_is_not_changed_is_kept_as_it_is(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    first = snapshot_of(engine, folder)
    put_set(mine, "dnc", [OTHER])
    second = snapshot_of(engine, folder, first)
    assert second.loaded["dno"] is first.loaded["dno"]
    assert list(second.loaded) == ["dnc", "dno"]


def test_a_node_that_has_no_file_of_it_takes_it_from_the_store(engine: Engine, folder: Path, tmp_path: Path) -> None:
    put_set(shelf_of(engine, folder), "dno", [LEEDS])
    assert listed_in(snapshot_of(engine, tmp_path / "elsewhere"), LEEDS) == ["dno"]


def test_the_sandbox_has_sets_of_its_own(engine: Engine, folder: Path) -> None:
    put_set(shelf_of(engine, folder), "dno", [LEEDS])
    put_set(shelf_of(engine, folder, "test"), "dno", [OTHER])
    found = snapshot_of(engine, folder)
    assert (listed_in(found, LEEDS), listed_in(found, OTHER)) == (["dno"], [])
    assert (listed_in(found, LEEDS, "test"), listed_in(found, OTHER, "test")) == ([], ["dno"])
    assert [row["name"] for row in sets_view(shelf_of(engine, folder, "test")).rows] == ["dno"]


HARMS = {
    "flipped": lambda whole, old: whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
    "cut": lambda whole, old: whole[:-1],
    "nothing like it": lambda whole, old: b"x",
    "swapped": lambda whole, old: old,
}


@pytest.mark.fault
@pytest.mark.parametrize("harm", HARMS)
def test_a_file_damaged_on_a_node_and_in_the_store_leaves_the_old_set_answering(
    engine: Engine, folder: Path, harm: str
) -> None:
    mine = shelf_of(engine, folder)
    old = put_set(mine, "dno", [LEEDS]).revision
    before = snapshot_of(engine, folder)
    new = put_set(mine, "dno", [OTHER]).revision
    path = set_path(folder, new.digest)
    path.write_bytes(HARMS[harm](path.read_bytes(), set_path(folder, old.digest).read_bytes()))
    put_large(engine, new.digest, path)
    after = snapshot_of(engine, folder, before)
    assert (listed_in(after, LEEDS), listed_in(after, OTHER)) == (["dno"], [])
    assert set(after.broken) == {"set numbers dno"}
    assert str(folder) not in after.broken["set numbers dno"]
    fresh = snapshot_of(engine, folder)
    assert fresh.loaded == {}
    with pytest.raises(ApiError, match="Starting"):
        listed_in(fresh, LEEDS)


@pytest.mark.fault
def test_a_file_damaged_on_a_node_is_taken_from_the_store_again(engine: Engine, folder: Path) -> None:
    revision = put_set(shelf_of(engine, folder), "dno", [LEEDS]).revision
    set_path(folder, revision.digest).write_bytes(b"")
    assert listed_in(snapshot_of(engine, folder), LEEDS) == ["dno"]


@pytest.mark.fault
def test_a_file_put_right_answers_without_a_change_in_the_store(engine: Engine, folder: Path) -> None:
    revision = put_set(shelf_of(engine, folder), "dno", [LEEDS]).revision
    path = set_path(folder, revision.digest)
    whole = path.read_bytes()
    for content in (b"damaged", whole):
        path.write_bytes(content)
        put_large(engine, revision.digest, path)
        if content != whole:
            desk = Desk(snapshot=snapshot_of(engine, folder))
            assert desk.snapshot.broken
    asyncio.run(refresh(desk, engine, folder))
    assert (listed_in(desk.snapshot, LEEDS), desk.snapshot.broken) == (["dno"], {})


def test_a_file_with_too_many_bad_lines_is_refused_whole_and_changes_nothing(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    before = read_generation(engine), list_sets(engine)
    good = [f"4411324567{n:02}" for n in range(37)]
    refused = put_set(mine, "dno", [*good, "bad", "worse"])
    assert (refused.revision, refused.reasons) == (None, ["2 of its lines are refused, more than one in 20"])
    assert [(one.line, one.reason) for one in refused.report.refusals.listed] == [
        (38, "'b' is not a digit"), (39, "'w' is not a digit"),
    ]  # fmt: skip
    assert (read_generation(engine), list_sets(engine)) == before
    taken = put_set(mine, "dno", [*good, OTHER, "bad", "worse"])
    assert (taken.reasons, taken.report.rows, taken.revision.refused) == ([], 38, 2)


def test_a_file_without_a_number_never_becomes_an_empty_list(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    for content in ([], ["# a remark"], ["number"], ["bad", "bad"]):
        assert put_set(mine, "dno", content).reasons == ["no row of it can be used"]
    assert listed_in(snapshot_of(engine, folder), LEEDS) == ["dno"]


def test_a_dry_run_reports_and_leaves_nothing(engine: Engine, folder: Path) -> None:
    done = put_set(shelf_of(engine, folder), "dno", [LEEDS, OTHER], dry_run=True)
    assert (done.report.rows, done.revision) == (2, None)
    assert list_sets(engine) == []
    assert list(folder.iterdir()) == []


def test_what_makes_no_sense_is_named_and_changes_nothing(engine: Engine, folder: Path) -> None:
    (folder.parent / "list").write_text(LEEDS)
    wrong: list[tuple[str, dict[str, object], str]] = [
        ("UPPER", {}, "name"),
        ("a/b", {}, "name"),
        ("", {}, "name"),
        ("dno", {"kind": "phones"}, "kind"),
        ("dno", {"kind": "lrn", "column": "tn"}, "column"),
        ("dno", {"profile": {"steps": "none"}}, "country"),
    ]
    for name, order, said in wrong:
        with pytest.raises(BadValueError) as refused:
            load_set(shelf_of(engine, folder), SetOrder(name, str(folder.parent / "list"), **order))
        assert refused.value.name == said
    assert set_revisions(engine) == []


def test_a_set_of_one_kind_never_becomes_another(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    with pytest.raises(CatalogueError, match="set 'dno' is of kind numbers, not lrn"):
        put_set(mine, "dno", ["2025551234,2025550000"], kind="lrn")


def test_numbers_are_read_as_their_country_writes_them(engine: Engine, folder: Path) -> None:
    uk = country("uk").as_json()
    done = put_set(shelf_of(engine, folder), "dnc", ["0113 245 6789", "+44 113 245 6780"], profile=uk)
    assert (done.report.rows, done.report.refusals.count) == (2, 0)
    assert listed_in(snapshot_of(engine, folder), LEEDS) == ["dnc"]


def test_one_can_go_back_and_forth_among_the_revisions_that_are_kept(engine: Engine, folder: Path) -> None:
    mine, numbers = shelf_of(engine, folder), [f"4411324567{n:02}" for n in range(KEPT + 2)]
    digests = [put_set(mine, "dno", [number]).revision.digest for number in numbers]
    shown = set_view(mine, "dno")
    assert [row["revision"] for row in shown["revisions"]] == [5, 4, 3]
    assert [has_file(engine, digest) for digest in digests] == [False, False, True, True, True]
    for revision, kept in ((None, 4), (None, 3), (5, 5), (3, 3)):
        assert roll_back(mine, "dno", revision)["revision"] == kept
        assert listed_in(snapshot_of(engine, folder), numbers[kept - 1]) == ["dno"]
    for gone in (None, 2, 6):
        with pytest.raises(CatalogueError, match=f"the last {KEPT} are kept"):
            roll_back(mine, "dno", gone)
    assert put_set(mine, "dno", [LEEDS]).revision.number == 6
    assert [one.number for one in set_revisions(engine, "dno")] == [4, 5, 6]


def test_a_set_that_is_deleted_is_gone_with_its_files_on_every_node(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    revision = put_set(mine, "dno", [LEEDS]).revision
    put_set(mine, "same", [LEEDS])
    put_set(mine, "other", [OTHER])
    before = snapshot_of(engine, folder)
    delete(mine, "other")
    delete(mine, "dno")
    assert list(snapshot_of(engine, folder, before).loaded) == ["same"]
    assert stored_files(engine) == {revision.digest}
    with pytest.raises(MissingError, match="no set 'dno'"):
        delete(mine, "dno")
    delete(mine, "same")
    assert stored_files(engine) == set()


def test_files_that_nobody_needs_leave_a_node_after_a_while(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    old, new = (put_set(mine, "dno", [number]).revision for number in (LEEDS, OTHER))
    (folder / ".new.set.17-3").write_bytes(b"half")
    (folder / "..new.set.17-3.runs").mkdir()
    assert clean(engine, folder) == []
    gone = clean(engine, folder, time.time() + SPARE_S + 10)
    assert sorted(gone) == ["..new.set.17-3.runs", ".new.set.17-3", f"{old.digest}.set"]
    assert [path.name for path in folder.iterdir()] == [f"{new.digest}.set"]
    roll_back(mine, "dno")
    assert listed_in(snapshot_of(engine, folder), LEEDS) == ["dno"]


def test_every_change_is_in_the_audit_with_who_made_it(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    put_set(mine, "dno", [OTHER])
    roll_back(mine, "dno")
    delete(mine, "dno")
    changes = list_changes(engine, "set dno")
    assert [(change.action, change.actor) for change in changes] == [
        ("set.delete", WHO), ("set.rollback", WHO), ("set.load", WHO), ("set.load", WHO),
    ]  # fmt: skip
    assert (changes[2].detail["rows"], changes[2].detail["source"]) == (1, "dno.txt")


def test_a_number_is_looked_up_without_a_server(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    put_set(mine, "us", ["2025551234,2025550000"], kind="lrn")
    assert (has_number(mine, "dno", LEEDS), has_number(mine, "dno", OTHER)) == (True, False)
    with pytest.raises(MissingError):
        has_number(mine, "nope", LEEDS)
    with pytest.raises(BadValueError, match="of kind lrn"):
        has_number(mine, "us", LEEDS)


def test_a_file_of_many_parts_is_kept_whole_and_a_cut_off_one_goes_on(engine: Engine, tmp_path: Path) -> None:
    whole = b"".join(bytes([n]) * PART for n in range(11)) + b"end"
    file = tmp_path / "large"
    file.write_bytes(whole[: 5 * PART])
    put_large(engine, "f" * 64, file)
    file.write_bytes(whole)
    told: list[int] = []
    put_large(engine, "f" * 64, file, told.append)
    assert told == [8 * PART, len(whole)]
    with engine.connect() as connection:
        query = select(files.c.data).where(files.c.digest == "f" * 64).order_by(files.c.part)
        assert b"".join(connection.scalars(query)) == whole


def test_what_a_killed_load_left_in_the_store_is_forgotten(engine: Engine, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "half").write_bytes(b"half")
    begin_file(engine, "a" * 64)
    put_large(engine, "a" * 64, tmp_path / "half")
    mine = shelf_of(engine, folder)
    first = put_set(mine, "dno", [LEEDS]).revision
    assert stored_files(engine) == {"a" * 64, first.digest}
    with engine.begin() as connection:
        connection.execute(incoming_files.update().values(begun=int(time.time()) - FORGOTTEN_S - 5))
    second = put_set(mine, "dno", [OTHER]).revision
    assert stored_files(engine) == {first.digest, second.digest}


def test_a_revision_whose_file_is_not_in_the_store_is_not_taken(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    revision = put_set(mine, "dno", [LEEDS]).revision
    delete(mine, "dno")
    with pytest.raises(CatalogueError, match="was removed meanwhile"):
        add_set_revision(engine, revision)
    assert list_sets(engine) == []


def test_an_account_refuses_by_sets_that_exist_and_they_are_not_deleted(engine: Engine, folder: Path) -> None:
    mine = shelf_of(engine, folder)
    put_set(mine, "dno", [LEEDS])
    put_set(shelf_of(engine, folder, "test"), "dnc", [LEEDS])
    put_set(mine, "us", ["2025551234,2025550000"], kind="lrn")
    for absent in ("dnc", "test/dnc", "us"):
        with pytest.raises(AccountError, match=f"no set of numbers '{absent}' is loaded"):
            add_account(engine, Record("acme", refusing=RefusingSets(frozenset({absent}))), WHO)
    wanted = RefusingSets(cli=frozenset({"dno"}))
    assert add_account(engine, Record("acme", refusing=wanted), WHO).refusing == wanted
    with pytest.raises(CatalogueError, match="account 'acme' refuses calls by set 'dno'"):
        delete(mine, "dno")
    set_account(engine, Record("acme"), WHO)
    delete(mine, "dno")


def test_files_keep_the_time_they_were_built(folder: Path, engine: Engine) -> None:
    """
    So that one which is built again, and not new by its name, is not taken for one nobody needs.
    """
    mine = shelf_of(engine, folder)
    path = set_path(folder, put_set(mine, "dno", [LEEDS]).revision.digest)
    os.utime(path, (1, 1))
    put_set(mine, "dno", [LEEDS])
    assert time.time() - path.stat().st_mtime < SPARE_S


def test_loads_at_the_same_moment_are_all_kept_one_after_the_other(
    store_url: str, engine: Engine, tmp_path: Path
) -> None:
    """
    Each whole, under a number of its own, two of them of the same numbers; the last one answers.
    """

    def work(n: int) -> SetRevision:
        own = connect(store_url, FAIL_SAFE_S)
        try:
            first = 33 * 10**8 + n // 2
            return put_set(
                shelf_of(own, tmp_path / f"{n}" / "cards"), "many", map(str, range(first, first + 900))
            ).revision
        finally:
            own.dispose()

    with ThreadPoolExecutor(4) as threads:
        done = sorted(threads.map(work, range(4)), key=lambda one: one.number)
    assert [one.number for one in done] == [1, 2, 3, 4]
    assert [(one.number, one.digest) for one in set_revisions(engine)] == [(one.number, one.digest) for one in done[1:]]
    assert stored_files(engine) == {one.digest for one in done[1:]}
    [last] = snapshot_of(engine, tmp_path / "cards").loaded.values()
    assert (last.revision, last.digest, len(last.data)) == (4, done[3].digest, 900)
