"""
Every process knows what the records say of numbers: from a checkpoint, from the tail, or from both, always the same.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, text, update
from support.heard import attempt, catch_up, follower, known, put
from support.patience import FAIL_SAFE_S, until
from support.server import free_port

from ratecards.numberset import Answer, Base, Policy
from service.heard import Heard
from service.ops import answers as following
from service.ops import answers_keep
from service.ops.answers_build import build
from service.ops.answers_file import building, checkpoint_path
from service.ops.answers_keep import keep_answers
from service.quality import Wanted, add_up
from service.snapshot import Desk
from service.store.attempts import attempts_after, position_at
from service.store.database import connect
from service.store.listed import AT_ONCE, forget_listed, keep_listed
from service.store.migrate import create, downgrade, upgrade
from service.store.positions import last_given
from service.store.tables import call_records

DAY_S = 86_400
NUMBERS = [f"4411324567{n:02d}" for n in range(40)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "asrplus"


def now() -> int:
    return int(time.time())


def write(engine: Engine, folder: Path, policy: Policy | None = None) -> None:
    assert build(engine, folder, policy or Policy(), now()) is not None


def test_a_record_is_known_at_the_next_look_and_an_answered_call_clears_a_failure(engine: Engine, folder: Path) -> None:
    one, heard = follower(engine, folder)
    assert (heard.is_ready, known(heard)) == (True, {})
    put(engine, attempt(1, "4411", 404, 60))
    catch_up(one)
    assert known(heard)["4411"].code == 404
    put(engine, attempt(2, "4411", 200, 30), attempt(3, "4411", 486))
    catch_up(one)
    assert known(heard)["4411"].code == 200


def test_a_cause_that_says_unallocated_counts_whatever_a_gateway_made_of_it(engine: Engine, folder: Path) -> None:
    put(engine, attempt(1, "4411", 503, q850=1), attempt(2, "4412", 503, q850=34))
    assert {number: answer.code for number, answer in known(follower(engine, folder)[1]).items()} == {"4411": 404}


def test_environments_are_kept_apart_and_accounts_are_not(engine: Engine, folder: Path) -> None:
    put(engine, attempt(1, "4411", 404, account="a"), attempt(2, "4412", 404, account="b"))
    put(engine, attempt(3, "4413", 404, environment="test"))
    _, heard = follower(engine, folder)
    assert ({*known(heard)}, {*known(heard, "test")}) == ({"4411", "4412"}, {"4413"})


def test_a_record_counts_by_when_it_was_received_whenever_it_is_read(engine: Engine, folder: Path) -> None:
    """
    One from the future stays unknown when its time has come, and one of 31 days was too old when it came.
    """
    ages_s = {"441": 28 * DAY_S, "442": 30 * DAY_S - 100, "443": 30 * DAY_S + 100, "444": 31 * DAY_S, "445": -100}
    put(engine, *(attempt(n, number, 404, age_s) for n, (number, age_s) in enumerate(ages_s.items())))
    _, heard = follower(engine, folder)
    later = now() + 150
    kept = [number for number in ages_s if heard.numbers["live"].find(number, later)]
    assert kept == ["441"]
    assert heard.numbers["live"].find("442", now()) is not None


def test_one_record_that_has_no_number_does_not_hold_up_those_behind_it(engine: Engine, folder: Path) -> None:
    put(engine, attempt(1, "0", 404), attempt(2, "4411", 404))
    assert {*known(follower(engine, folder)[1])} == {"4411"}


def test_nodes_that_saw_the_records_otherwise_know_the_same(engine: Engine, tmp_path: Path) -> None:
    """
    One follows as they come, one starts again and again from checkpoints, one reads all of it at the end; a dictionary
    says what they should know.
    """
    rng, events, made = random.Random(5), 0, {"one": tmp_path / "one", "two": tmp_path / "two"}
    steady, heard = follower(engine, made["one"])
    expected: dict[str, tuple[int, int]] = {}
    for _ in range(12):
        records = []
        for _ in range(rng.randrange(60)):
            number, code, age_s = rng.choice(NUMBERS), rng.choice((200, 404, 410, 486, 503)), rng.randrange(40 * DAY_S)
            events += 1
            records.append(attempt(events, number, code, age_s))
            if code in {200, 404, 410} and age_s < 30 * DAY_S - 60:
                expected[number] = max(expected.get(number, (0, 0)), (records[-1].start_ms // 1000, code))
        records = [one for one in records if not 30 * DAY_S - 60 <= now() - one.start_ms // 1000 <= 30 * DAY_S + 60]
        put(engine, *records)
        if rng.random() < 0.4:
            write(engine, made["two"])
        catch_up(steady)
        restarted = known(follower(engine, made["two"])[1])
        assert restarted == known(heard)
    assert known(follower(engine, tmp_path / "none")[1]) == restarted
    assert restarted == {number: Answer(code, at) for number, (at, code) in sorted(expected.items())}


def test_a_start_reads_only_what_came_after_the_checkpoint(engine: Engine, folder: Path) -> None:
    """
    What it was made of is not looked at again, and need not be there any more.
    """
    put(engine, *(attempt(n, number, 404, n) for n, number in enumerate(NUMBERS)))
    before = known(follower(engine, folder)[1])
    write(engine, folder)
    for change in (update(call_records).values(number="99"), delete(call_records)):
        with engine.begin() as connection:
            connection.execute(change)
        assert known(follower(engine, folder)[1]) == before
    put(engine, attempt(1000, "33123", 200))
    after = known(follower(engine, folder)[1])
    assert after.pop("33123").code == 200
    assert after == before


def test_a_checkpoint_that_is_put_in_place_is_taken_up_by_those_who_run(engine: Engine, folder: Path) -> None:
    one, heard = follower(engine, folder)
    put(engine, *(attempt(n, number, 404, n) for n, number in enumerate(NUMBERS)))
    catch_up(one)
    before = known(heard)
    assert heard.numbers["live"].fresh == len(NUMBERS)
    write(engine, folder)
    catch_up(one)
    assert (heard.numbers["live"].fresh, known(heard)) == (0, before)
    assert [path.name for path in sorted(folder.glob("*.answers"))] == ["live.answers", "test.answers"]


@pytest.mark.parametrize("environment", ["live", "test"])
def test_a_damaged_checkpoint_is_refused_once_and_made_anew_from_the_records(
    engine: Engine, folder: Path, environment: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(engine, attempt(1, "4411", 404), attempt(2, "4412", 410, environment="test"))
    write(engine, folder)
    path = checkpoint_path(folder, environment)
    damaged = bytearray(path.read_bytes())
    damaged[-40] ^= 1
    path.write_bytes(damaged)
    one, heard = follower(engine, folder)
    catch_up(one)
    assert ({*known(heard)}, {*known(heard, "test")}) == ({"4411"}, {"4412"})
    told = f"what is known of numbers is read anew from the records: {environment}.answers: damaged"
    assert [message.startswith(told) for message in caplog.messages] == [True]
    assert one.is_due
    write(engine, folder)
    catch_up(one)
    assert not one.is_due
    assert Base.open(path).numbers == 1


def test_a_checkpoint_of_another_store_or_of_other_settings_is_not_used(
    engine: Engine, folder: Path, tmp_path: Path
) -> None:
    other = create(f"sqlite:///{tmp_path / 'other.db'}")
    put(other, attempt(1, "33123", 404))
    write(other, folder)
    other.dispose()
    put(engine, attempt(1, "4411", 404))
    assert {*known(follower(engine, folder)[1])} == {"4411"}
    write(engine, folder)
    narrower = Heard(Policy(frozenset({410}), frozenset()))
    assert known(follower(engine, folder, narrower)[1]) == {}


def test_a_checkpoint_beyond_the_end_of_the_records_is_of_a_store_that_lost_some(engine: Engine, folder: Path) -> None:
    put(engine, attempt(1, "4411", 404), attempt(2, "4412", 404))
    write(engine, folder)
    rewind = {
        "sqlite": "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'call_records'",
        "postgresql": "SELECT setval(pg_get_serial_sequence('call_records', 'position'), 1)",
    }
    with engine.begin() as connection:
        connection.execute(delete(call_records).where(call_records.c.number == "4412"))
        connection.execute(text(rewind[engine.dialect.name]))
    assert {*known(follower(engine, folder)[1])} == {"4411"}


def test_a_checkpoint_is_due_after_many_numbers_or_many_records(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, heard = follower(engine, folder)
    put(engine, *(attempt(n, "4411", 404, n) for n in range(5)))
    catch_up(one)
    assert not one.is_due
    monkeypatch.setattr(following, "DUE_RECORDS", 5)
    assert one.is_due
    monkeypatch.undo()
    monkeypatch.setattr(following, "MERGE_AT", 1)
    assert one.is_due
    write(engine, folder)
    catch_up(one)
    assert (one.is_due, heard.numbers["live"].fresh) == (False, 0)


def test_nothing_more_is_read_while_too_much_is_held_and_reading_goes_on_with_a_checkpoint(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, heard = follower(engine, folder)
    monkeypatch.setattr(following, "MOST_FRESH", 1)
    put(engine, attempt(1, "4411", 404))
    catch_up(one)
    put(engine, attempt(2, "4412", 404))
    catch_up(one)
    assert {*known(heard)} == {"4411"}
    write(engine, folder)
    put(engine, attempt(3, "4413", 404))
    catch_up(one)
    assert {*known(heard)} == {"4411", "4412", "4413"}


def test_one_process_of_a_node_writes_checkpoints_at_a_time(engine: Engine, folder: Path) -> None:
    with building(folder) as free:
        assert free
        assert build(engine, folder, Policy(), now()) is None
    write(engine, folder)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("times", [2, pytest.param(40, marks=pytest.mark.long)])
def test_a_builder_that_is_killed_leaves_the_checkpoint_there_was(
    engine: Engine, store_url: str, folder: Path, times: int
) -> None:
    """
    At some moments of its life; whatever it leaves half written goes with the next.
    """
    put(engine, attempt(0, "4411", 404, 5))
    write(engine, folder)
    keep_listed(engine, "live", [(f"4412{n:06d}", 404, now() - n % 1000) for n in range(AT_ONCE)], now())
    environment = {**os.environ, "RATEDIP_DATABASE_URL": store_url}
    command = [sys.executable, "-m", "service.manage.asrplus_process"]
    started = time.monotonic()
    first = subprocess.run(command, input=b"/dev/null/nowhere", env=environment, stderr=subprocess.DEVNULL, check=False)
    whole_s = time.monotonic() - started
    assert first.returncode == 1
    rng, seen = random.Random(2), set[int]()
    for _ in range(times):
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
            assert process.stdin is not None
            process.stdin.write(str(folder).encode())
            process.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.5, 1.6) * whole_s)
            process.send_signal(signal.SIGKILL)
        seen.add(Base.open(checkpoint_path(folder, "live")).numbers)
    assert seen <= {1, AT_ONCE + 1}
    (folder / ".live.answers.left").write_bytes(b"half")
    done = subprocess.run(command, input=str(folder).encode(), env=environment, check=True, timeout=FAIL_SAFE_S)
    assert done.returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "live.answers", "test.answers"]
    assert len(known(follower(engine, folder)[1])) == AT_ONCE + 1


def test_a_serving_process_has_a_checkpoint_written_when_one_is_due(
    engine: Engine, store_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATEDIP_DATABASE_URL", store_url)
    monkeypatch.setattr(following, "DUE_RECORDS", 3)
    for name in ("PERIOD_S", "APART_S"):
        monkeypatch.setattr(answers_keep, name, 0.01)
    put(engine, *(attempt(n, number, 404, n) for n, number in enumerate(NUMBERS)))
    desk = Desk()

    async def run() -> None:
        task = asyncio.create_task(keep_answers(desk, engine, folder))
        await until(lambda: desk.heard.is_ready and desk.heard.numbers["live"].position)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert len(known(desk.heard)) == len(NUMBERS)
    assert desk.heard.numbers["live"].position["records"] == last_given(engine, "call_records")


def test_a_store_that_does_not_answer_is_waited_for(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """
    It is logged once, and nobody is told that there is nothing to know.
    """
    away, desk = connect(f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"), Desk()

    async def run() -> None:
        task = asyncio.create_task(keep_answers(desk, away, folder))
        await until(lambda: any("does not answer" in message for message in caplog.messages))
        await asyncio.sleep(1.2)
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert not desk.heard.is_ready
    assert len([message for message in caplog.messages if "does not answer" in message]) == 1
    away.dispose()


def test_a_list_is_known_to_whoever_follows_and_once_however_often_it_is_loaded(engine: Engine, folder: Path) -> None:
    one, heard = follower(engine, folder)
    lines = [("4411", 404, now() - 50), ("4412", 200, now() - 40), ("4411", 410, now() - 60)]
    assert keep_listed(engine, "live", lines, now()) == 3
    assert keep_listed(engine, "live", [*lines, ("4413", 404, now())], now()) == 1
    assert keep_listed(engine, "live", [], now()) == 0
    catch_up(one)
    assert {number: answer.code for number, answer in known(heard).items()} == {"4411": 404, "4412": 200, "4413": 404}
    put(engine, attempt(1, "4411", 200, 10))
    catch_up(one)
    assert known(heard)["4411"].code == 200
    assert known(follower(engine, folder)[1]) == known(heard)


def test_lines_that_are_too_old_to_say_anything_are_forgotten(engine: Engine, folder: Path) -> None:
    keep_listed(engine, "live", [("4411", 404, now() - 40 * DAY_S), ("4412", 404, now())], now() - 20 * DAY_S)
    write(engine, folder)
    assert forget_listed(engine, now() + 1) == 1


def test_after_a_start_the_longest_window_of_quality_is_counted_from_records_before_the_checkpoint_too(
    engine: Engine, folder: Path
) -> None:
    put(engine, *(attempt(n, "4411", 200, 60, duration_ms=1000) for n in range(30)))
    write(engine, folder)
    put(engine, *(attempt(n, "4411", 503, 60, duration_ms=0) for n in range(100, 110)))
    one, heard = follower(engine, folder)
    counts = add_up(counts for _, counts in heard.quality.rows(Wanted("live"), 3600))
    assert (counts.attempts, counts.answered, heard.quality.is_whole) == (40, 30, True)
    write(engine, folder)
    catch_up(one)
    assert add_up(counts for _, counts in heard.quality.rows(Wanted("live"), 3600)).attempts == 40


def test_attempts_passed_over_for_a_newer_checkpoint_are_counted_all_the_same(engine: Engine, folder: Path) -> None:
    one, heard = follower(engine, folder)
    put(engine, *(attempt(n, "4411", 404, 60) for n in range(30)))
    write(engine, folder)
    catch_up(one)
    assert add_up(counts for _, counts in heard.quality.rows(Wanted("live"), 3600)).attempts == 30


def test_a_position_is_found_by_when_records_were_received(engine: Engine) -> None:
    put(engine, *(attempt(n, "4411", 404) for n in range(20)))
    with engine.begin() as connection:
        connection.execute(text("UPDATE call_records SET received = 1000 + position / 2"))
        connection.execute(delete(call_records).where(call_records.c.position.in_([3, 4, 9, 20])))
    for received in range(998, 1012):
        after = position_at(engine, received, 20)
        expected = [p for p in range(1, 20) if p not in {3, 4, 9} and 1000 + p // 2 >= received]
        assert [one.position for one in attempts_after(engine, after)] == expected


def test_the_last_position_given_is_known_when_what_had_it_is_gone(engine: Engine) -> None:
    assert last_given(engine, "call_records") == 0
    put(engine, attempt(1, "4411", 404), attempt(2, "4412", 404))
    with engine.begin() as connection:
        connection.execute(delete(call_records))
    assert last_given(engine, "call_records") == 2


def test_records_from_before_keep_their_positions_and_count_as_received_when_the_store_was_brought_up_to_date(
    store_url: str, engine: Engine
) -> None:
    put(engine, attempt(1, "4411", 404), attempt(2, "4412", 404), attempt(3, "4413", 404))
    with engine.begin() as connection:
        connection.execute(delete(call_records).where(call_records.c.number == "4413"))
    engine.dispose()
    downgrade(store_url, "0006")
    before = now()
    upgrade(store_url)
    found = attempts_after(engine, 0)
    assert [(one.position, one.number) for one in found] == [(1, "4411"), (2, "4412")]
    assert all(before - 5 <= one.received <= now() + 5 for one in found)
    put(engine, attempt(4, "4414", 404))
    assert attempts_after(engine, 2)[0].position == 4
