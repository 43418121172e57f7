"""
Call records are kept once, found again, and followed, alike on SQLite and on PostgreSQL.
"""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import polars as pl
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from support.patience import seconds_until
from support.records import RECORD, START_MS, batch, many, record

from service.manage.cdr_search import records_pages
from service.manage.cdr_worker import DAY_MS
from service.store.database import connect
from service.store.migrate import create
from service.store.records import START, Position, Record, latest, tail
from service.store.records_expire import expire
from service.store.records_keep import Kept, keep
from service.store.records_search import Place, Wanted, place_of, search

LIVE = Wanted("live")
WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
"""
"""How many wait for an advisory lock of this database."""


@pytest.fixture
def engine_pg(postgres_url: str) -> Iterator[Engine]:
    engine = create(postgres_url)
    yield engine
    engine.dispose()


def followed(engine: Engine, after: Position = START, limit: int = 3) -> list[Record]:
    """
    The tail to its end, a little at a time.
    """
    found: list[Record] = []
    while True:
        some, after = tail(engine, after, limit)
        found += some
        if len(some) < limit:
            return found


def calls(records: list[Record]) -> list[str]:
    return [one.call_id.partition("@")[0] for one in records]


def test_a_record_comes_back_as_it_was_kept(engine: Engine) -> None:
    odd = replace(record(1), cli="", card="", duration_ms=None, pdd_ms=None, sip_reason='Né "x", \\ y', q850=None)
    assert keep(engine, batch(RECORD, odd)) == Kept(2)
    assert [replace(one, position=0) for one in followed(engine)] == [RECORD, odd]


def test_a_batch_sent_again_is_counted_and_changes_nothing(engine: Engine) -> None:
    keep(engine, many(*range(50)))
    before = followed(engine)
    assert keep(engine, many(*range(50))) == Kept(0, list(range(50)))
    assert keep(engine, many(49, 50, 51)) == Kept(2, [0])
    assert followed(engine)[:50] == before
    assert calls(followed(engine)[50:]) == ["call-50", "call-51"]


def test_of_two_records_with_one_key_the_first_stays(engine: Engine) -> None:
    """
    In one batch or in two, and whatever sets them apart.
    """
    first, other = record(1), record(1, sip_code=404)
    assert keep(engine, batch(first, other, first, record(2))) == Kept(2, [2], [1])
    assert keep(engine, batch(record(1, duration_ms=None), first)) == Kept(0, [1], [0])
    assert [one.sip_code for one in followed(engine)] == [200, 200]


@pytest.mark.parametrize(
    "change", [{"carrier": "b"}, {"account": "other"}, {"environment": "test"}, {"call_id": "CALL-1"}]
)
def test_records_that_differ_in_their_key_are_different_records(engine: Engine, change: dict[str, str]) -> None:
    assert keep(engine, batch(record(1), replace(record(1), **change))).taken == 2
    assert keep(engine, batch(record(1), replace(record(1), **change))) == Kept(0, [0, 1])


def test_a_batch_that_fails_leaves_nothing_and_can_be_sent_again(engine: Engine) -> None:
    wrong = many(1, 2).with_columns(sip_code=pl.lit(None, pl.Int64))
    with pytest.raises(Exception, match="sip_code"):
        keep(engine, wrong)
    assert followed(engine) == []
    assert keep(engine, many(1, 2)).taken == 2


def test_a_follower_sees_each_record_once_in_order_and_goes_on_where_it_was(engine: Engine) -> None:
    assert (tail(engine, START), latest(engine)) == (([], START), START)
    keep(engine, many(*range(10)))
    there = latest(engine)
    found = followed(engine)
    assert calls(found) == [f"call-{n}" for n in range(10)]
    assert [one.position for one in found] == sorted({one.position for one in found})
    assert found[-1].position == there
    keep(engine, many(3, 10, 11))
    assert calls(followed(engine, there)) == ["call-10", "call-11"]


def test_a_position_is_never_given_twice_even_where_all_records_are_forgotten(engine: Engine) -> None:
    keep(engine, many(1, 2, 3))
    there = latest(engine)
    assert expire(engine, START_MS + DAY_MS) == 3
    keep(engine, many(4))
    assert calls(followed(engine, there)) == ["call-4"]


class Slow:
    """
    Holds a transaction of the records open between its writing and its commit.
    """

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written, self.may_commit = threading.Event(), threading.Event()
        dialect, commit = engine.dialect, engine.dialect.do_commit

        def later(connection: object) -> None:
            if not self.written.is_set() and threading.current_thread().name == "slow":
                self.written.set()
                assert self.may_commit.wait(60)
            commit(connection)  # type: ignore[arg-type]

        monkeypatch.setattr(dialect, "do_commit", later)


def test_a_record_committed_late_is_not_passed_over(
    postgres_url: str, engine_pg: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Its position was given before another's that was committed first, had that not had to wait for it.
    """
    slow = Slow(engine_pg, monkeypatch)
    other = connect(postgres_url)
    first = threading.Thread(target=keep, args=(engine_pg, many(1)), name="slow")
    second = threading.Thread(target=keep, args=(other, many(2)))
    first.start()
    assert slow.written.wait(60)
    second.start()
    with engine_pg.connect() as connection:
        seconds_until(lambda: connection.scalar(text(WAITING)) or not second.is_alive())
    some, after = tail(engine_pg, START)
    slow.may_commit.set()
    first.join(60)
    second.join(60)
    found = some + tail(engine_pg, after)[0]
    assert calls(found) == ["call-1", "call-2"]
    other.dispose()


def test_writers_at_one_time_and_a_follower_that_reads_all_along(store_url: str, engine: Engine) -> None:
    """
    Four writers, records of each in other batches of any size, some of them sent by two of them.
    """
    writers = [connect(store_url) for _ in range(4)]
    done = threading.Event()

    def write(number: int) -> int:
        chance, taken, at = random.Random(number), 0, 0
        while at < 200:
            size = chance.randrange(1, 40)
            own = [1000 * number + at + n for n in range(size)]
            taken += keep(writers[number], many(*own, *(chance.randrange(10**6, 10**6 + 50) for _ in range(3)))).taken
            at += size
        return taken

    def follow() -> list[Record]:
        found, after = list[Record](), START
        while True:
            ended = done.is_set()
            some, after = tail(engine, after, 50)
            found += some
            if ended and not some:
                return found

    with ThreadPoolExecutor(5) as pool:
        follower = pool.submit(follow)
        taken = sum(pool.map(write, range(4)))
        done.set()
        found = follower.result(60)
    assert len(found) == len({one.call_id for one in found}) == taken
    assert found == followed(engine, limit=10_000)
    for writer in writers:
        writer.dispose()


def naive(records: list[Record], wanted: Wanted) -> list[Record]:
    """
    What a search should find, told by looking at each record.
    """

    def fits(one: Record) -> bool:
        names = ("environment", "account", "number", "card", "carrier", "sip_code", "call_id")
        return (
            all(getattr(wanted, name) in (None, getattr(one, name)) for name in names)
            and one.number.startswith(wanted.prefix or "")
            and (wanted.from_ms is None or one.start_ms >= wanted.from_ms)
            and (wanted.to_ms is None or one.start_ms < wanted.to_ms)
        )

    return sorted(filter(fits, records), key=lambda one: (-one.start_ms, -one.position))


def paged(engine: Engine, wanted: Wanted, size: int) -> list[Record]:
    found: list[Record] = []
    after: Place | None = None
    while some := search(engine, wanted, after, size):
        found += some
        after = place_of(some[-1])
    return found


def test_a_search_finds_what_looking_at_each_record_finds(engine: Engine) -> None:
    chance = random.Random(5)
    numbers = ["441132456789", "44113", "4411", "44", "4420794600", "33144556677", "4", "9"]
    some = [
        record(
            n,
            number=chance.choice(numbers),
            account=chance.choice(["acme", "other"]),
            environment=chance.choice(["live", "live", "test"]),
            card=chance.choice(["retail", ""]),
            carrier=chance.choice(["a", "b"]),
            sip_code=chance.choice([200, 404, 486]),
            start_ms=START_MS + chance.randrange(30),
        )
        for n in range(300)
    ]
    keep(engine, batch(*some))
    everything = followed(engine, limit=1000)
    for _ in range(40):
        asked = {
            "account": chance.choice([None, "acme", "nobody"]),
            "prefix": chance.choice([None, "4411", "44113245", "9", "441132456789"]),
            "number": chance.choice([None, None, "44113"]),
            "card": chance.choice([None, "retail"]),
            "carrier": chance.choice([None, "b"]),
            "sip_code": chance.choice([None, 404]),
            "from_ms": chance.choice([None, START_MS + 7]),
            "to_ms": chance.choice([None, START_MS + 19]),
        }
        wanted = Wanted(chance.choice(["live", "test"]), **asked)  # type: ignore[arg-type]
        assert paged(engine, wanted, chance.randrange(1, 20)) == naive(everything, wanted), wanted
    assert paged(engine, Wanted("live", call_id=some[0].call_id), 5) == naive(
        everything, Wanted("live", call_id=some[0].call_id)
    )


def test_records_that_come_while_one_pages_move_nothing(engine: Engine) -> None:
    keep(engine, many(*range(0, 40, 2)))
    first = search(engine, LIVE, None, 5)
    keep(engine, many(*range(1, 41, 2)))
    rest, after = list[Record](), place_of(first[-1])
    while some := search(engine, LIVE, after, 5):
        rest += some
        after = place_of(some[-1])
    seen = calls(first + rest)
    assert len(seen) == len(set(seen))
    assert set(seen) >= {f"call-{n}" for n in range(0, 40, 2)}


def test_a_search_that_takes_too_long_is_given_up(
    store_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    SQLite by a clock that is looked at while it searches; PostgreSQL by its own.
    """
    keep(engine, many(*range(4000)))
    impatient = connect(store_url, 0.1)
    if engine.dialect.name == "sqlite":
        monkeypatch.setattr("service.store.records_search.PATIENCE_S", -1.0)
        monkeypatch.setattr("service.store.records_search._STEPS", 10)
    else:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE call_records RENAME TO plain"))
            connection.execute(text("CREATE VIEW call_records AS SELECT plain.* FROM plain, pg_sleep(60)"))
    with pytest.raises(OperationalError):
        search(impatient, replace(LIVE, sip_code=200), None, 5)
    impatient.dispose()


def test_a_file_of_records_has_them_all_a_page_at_a_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.manage.cdr_search.PIECE", 7)
    keep(engine, many(*range(21)))
    pages = list(records_pages(engine, LIVE))
    assert [len(page) for page in pages] == [7, 7, 7]
    assert [row["call_id"] for page in pages for row in page] == [record(n).call_id for n in reversed(range(21))]


def test_old_records_are_forgotten_oldest_first_and_a_few_at_a_time(engine: Engine) -> None:
    keep(engine, many(5, 3, 1, 4, 2))
    assert expire(engine, START_MS + 4, 2) == 2
    assert calls(followed(engine)) == ["call-5", "call-3", "call-4"]
    assert [expire(engine, START_MS + 4, 2) for _ in range(2)] == [1, 0]
    assert calls(followed(engine)) == ["call-5", "call-4"]


def test_one_process_forgets_at_a_time(engine_pg: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(engine_pg, many(1, 2))
    slow = Slow(engine_pg, monkeypatch)
    first = threading.Thread(target=expire, args=(engine_pg, START_MS + 9), name="slow")
    first.start()
    assert slow.written.wait(60)
    assert expire(engine_pg, START_MS + 9) is None
    slow.may_commit.set()
    first.join(60)
    assert (followed(engine_pg), expire(engine_pg, START_MS + 9)) == ([], 0)
