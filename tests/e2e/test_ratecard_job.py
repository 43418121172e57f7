"""
Heavy work is done by a process of its own, and comes to the same as if it were done here.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cards import NOW, RETAIL, install
from support.patience import FAIL_SAFE_S, seconds_until, until, within

from service.manage import ratecard_process
from service.manage.ratecard_job import do
from service.manage.ratecard_process import JobDiedError, JobSlowError, run_job
from service.manage.ratecard_work import answer_of, table_of
from service.manage.ratecards import ForceError, MissingError, Shelf, shelf_of

DIFF = {"card": "a", "old": 1, "new": 2, "at": NOW, "page": {"number": 1, "size": 3}}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """
    The card ``a`` with two revisions, and no process left when it is over.
    """
    monkeypatch.setenv("RATEDIP_DATA", str(tmp_path))
    monkeypatch.delenv("RATEDIP_DATABASE_URL", raising=False)
    for rules in (RETAIL, RETAIL[:3]):
        install(tmp_path, "a", rules)
    made = shelf_of("live", "key:abc")
    yield made
    made.engine.dispose()
    _end()


def _end() -> None:
    while ratecard_process._free:
        worker = ratecard_process._free.pop()
        worker.kill()
        worker.communicate()


def ask(shelf: Shelf, kind: str, asked: dict[str, object], time_s: float = 60) -> dict[str, object]:
    return asyncio.run(run_job(shelf, kind, asked, time_s))


def test_a_job_comes_to_the_same_wherever_it_is_done(shelf: Shelf, tmp_path: Path) -> None:
    there, here = ask(shelf, "diff", DIFF), do(shelf, "diff", DIFF)
    assert table_of(answer_of(there)) == table_of(answer_of(here))
    assert len(table_of(answer_of(there)).rows) == 3
    for place in ("there", "here"):
        asked = {"card": "a", "form": "csv", "revision": 1, "to": str(tmp_path / place)}
        assert answer_of(ask(shelf, "download", asked) if place == "there" else do(shelf, "download", asked))
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()
    assert len(ratecard_process._free) == 1, "one process did all"


def test_a_problem_comes_back_as_what_it_was(shelf: Shelf) -> None:
    with pytest.raises(MissingError, match="no card 'nope'"):
        answer_of(ask(shelf, "rollback", {"card": "nope"}))
    answer_of(ask(shelf, "activate", {"card": "a", "revision": 1}))
    with pytest.raises(ForceError) as found:
        answer_of(ask(shelf, "activate", {"card": "a", "revision": 2}))
    assert found.value.reasons == ["it loses 4 of the 7 prefixes of revision 1: more than 20 %"]


@pytest.mark.timed
def test_a_job_that_takes_too_long_is_ended(shelf: Shelf) -> None:
    with within(5), pytest.raises(JobSlowError):
        ask(shelf, "diff", DIFF, time_s=0.05)
    assert ratecard_process._free == []


def test_whoever_no_longer_waits_ends_the_process(shelf: Shelf) -> None:
    started: list[int] = []

    async def give_up() -> None:
        task = asyncio.create_task(run_job(shelf, "diff", DIFF))
        await until(_children)
        started.extend(_children())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    seconds_until(lambda: not set(started) & set(_children()))
    _end()


def test_whoever_leaves_while_the_process_is_being_started_ends_it_too(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, left, worker = threading.Event(), threading.Event(), ratecard_process._worker

    def slowly() -> ratecard_process.Worker:
        made = worker()
        started.set()
        assert left.wait(FAIL_SAFE_S)
        return made

    async def give_up() -> None:
        task = asyncio.create_task(run_job(shelf, "diff", DIFF))
        await until(started.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        left.set()

    monkeypatch.setattr(ratecard_process, "_worker", slowly)
    asyncio.run(give_up())
    seconds_until(lambda: not _children(), 10)
    assert ratecard_process._free == []


def _children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").glob("*/children"):
        found += [int(c) for c in task.read_text().split() if b"ratecard_job" in _command(c)]
    return found


def _command(process: str) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_waiting_process_that_is_gone_is_replaced(shelf: Shelf) -> None:
    answer_of(ask(shelf, "diff", DIFF))
    (worker,) = ratecard_process._free
    worker.kill()
    os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
    assert table_of(answer_of(ask(shelf, "diff", DIFF))).total == 4


def test_a_process_that_ends_in_the_middle_is_not_asked_twice(shelf: Shelf) -> None:
    answer_of(ask(shelf, "diff", DIFF))
    (worker,) = ratecard_process._free
    os.kill(worker.pid, signal.SIGSTOP)

    async def killed() -> None:
        task = asyncio.create_task(run_job(shelf, "activate", {"card": "a", "revision": 1}))
        await until(lambda: not ratecard_process._free)
        await asyncio.sleep(0.2)  # until the job is sent
        worker.kill()
        await task

    with pytest.raises(JobDiedError):
        asyncio.run(killed())
    assert ratecard_process._free == []
    assert table_of(answer_of(do(shelf, "diff", DIFF | {"old": None, "new": 1}))).about["from"] == 2
