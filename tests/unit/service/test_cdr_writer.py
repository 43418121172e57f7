"""
Records of many requests go into one transaction, and each request is told of its own.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError
from support.records import batch, many, record

from service.manage.cdr_store import Writer
from service.manage.cdr_worker import DAY_MS, forget
from service.store import records_expire
from service.store.database import connect
from service.store.migrate import create
from service.store.records import tail
from service.store.records_keep import Kept, keep


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create(f"sqlite:///{tmp_path / 'ratedip.db'}")
    yield engine
    engine.dispose()


def test_requests_at_one_time_share_a_transaction_and_are_told_apart(engine: Engine) -> None:
    commits = []
    event.listen(engine, "commit", commits.append)
    writer = Writer(lambda: engine)

    async def run() -> list[Kept]:
        await writer.add(many(7))
        sent = [many(1), many(2, 7), batch(record(3), record(1, sip_code=404)), *(many(n) for n in range(20, 60))]
        return await asyncio.gather(*map(writer.add, sent))

    told = asyncio.run(run())
    assert told[:3] == [Kept(1), Kept(1, [1]), Kept(1, [], [1])]
    assert [one.taken for one in told[3:]] == [1] * 40
    assert len(tail(engine, 0)[0]) == 44
    assert len(commits) <= 3


def test_a_store_that_does_not_answer_is_told_to_all_who_wait_and_the_next_are_kept(engine: Engine) -> None:
    found = [connect("sqlite:////nowhere/at/all.db"), engine]
    writer = Writer(lambda: found.pop(0) if len(found) > 1 else found[0])

    async def run() -> list[Kept | BaseException]:
        lost = await asyncio.gather(writer.add(many(1)), writer.add(many(2)), return_exceptions=True)
        return [*lost, await writer.add(many(1, 2))]

    first, second, third = asyncio.run(run())
    assert isinstance(first, OperationalError)
    assert isinstance(second, OperationalError)
    assert third == Kept(2)


def test_records_are_forgotten_when_their_days_are_over(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    At their day to the millisecond, some at a time until none is left.
    """
    monkeypatch.setattr("service.manage.cdr_store.engine", lambda: engine)
    monkeypatch.setattr("service.manage.cdr_worker.SOME", 2)
    monkeypatch.setattr(records_expire.expire, "__defaults__", (2,))
    now_s = 1_800_000_000
    edge_ms = now_s * 1000 - 30 * DAY_MS
    keep(engine, batch(*(record(n, start_ms=edge_ms + n) for n in range(-5, 3))))
    assert asyncio.run(forget(30, now_s, pause_s=0)) == 5
    assert [one.start_ms - edge_ms for one in tail(engine, 0)[0]] == [0, 1, 2]
