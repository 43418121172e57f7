"""
A database that is away, hangs or refuses: what is loaded goes on answering, nothing waits for ever, no secret is told.
"""

import asyncio
import os
import signal
import socket
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from support.cards import NOW, RETAIL, install
from support.patience import seconds_until, until, within
from support.postgres import PASSWORD, Postgres
from support.server import Server, serve

from ratecards.model import Rule
from service.ops import reload
from service.ops.reload import follow, load_snapshot
from service.quota.meters import Meters
from service.snapshot import Desk, Snapshot
from service.store.catalogue import Revision, add_revision, list_revisions, read_generation
from service.store.database import StoreError, changing, connect
from service.store.migrate import create

SECRET = "my%40s3cret"
SHOWN = "s3cret"


def price(desk: Desk) -> int:
    return desk.snapshot.cards["c"].index.quote("44", NOW).rate_units


@pytest.fixture
def away_engine(postgres_url: str) -> Iterator[Engine]:
    engine = create(postgres_url)
    yield engine
    engine.dispose()


@pytest.mark.fault
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_cards_answer_while_the_database_is_away_and_change_once_it_is_back(
    tmp_path: Path,
    away_engine: Engine,
    postgres: Postgres,
    how: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reload, "PERIOD_S", 0.02)
    install(tmp_path, "c", [Rule("44", "UK", 1)], engine=away_engine)
    desk = Desk(snapshot=load_snapshot(away_engine, tmp_path / "cards", Snapshot()))

    async def run() -> None:
        task = asyncio.create_task(follow(desk, away_engine, tmp_path / "cards", Meters(1)))
        with postgres.down(how):
            await until(lambda: "does not answer" in caplog.text)
            assert (price(desk), task.done()) == (1, False)
        install(tmp_path, "c", [Rule("44", "UK", 2)], engine=away_engine)
        await until(lambda: price(desk) == 2)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert PASSWORD not in caplog.text


def ask(server: Server) -> bytes:
    return server.ask(b"GET /api/rate.json?number=441132456789&card=retail HTTP/1.1\r\nHost: t\r\n\r\n")


@pytest.mark.fault
def test_a_server_answers_through_an_outage_and_tells_no_password(
    tmp_path: Path, away_engine: Engine, postgres: Postgres, postgres_url: str
) -> None:
    install(tmp_path, "retail", RETAIL, engine=away_engine)
    with serve(tmp_path, DATABASE_URL=postgres_url, DEMO="1", DEMO_CARD="retail", DEMO_RPS="1000000") as server:
        assert b'"revision":1' in ask(server)
        with postgres.down():
            seconds_until(lambda: b'"revision":1' in ask(server) and b"does not answer" in server.log.read_bytes())
        install(tmp_path, "retail", RETAIL, engine=away_engine)
        seconds_until(lambda: b'"revision":2' in ask(server))
    assert PASSWORD.encode() not in server.log.read_bytes()


def answers(engine: Engine) -> bool:
    """
    Within its patience, which a machine that is held up may try.
    """
    try:
        return read_generation(engine) == 1
    except SQLAlchemyError:
        return False


@pytest.mark.fault
@pytest.mark.timed
def test_a_connection_that_hangs_is_left_for_another(postgres_url: str, away_engine: Engine) -> None:
    engine = connect(postgres_url, patience_s=0.5)
    with engine.connect() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
    os.kill(backend, signal.SIGSTOP)
    try:
        with within(5):
            seconds_until(lambda: answers(engine))
    finally:
        os.kill(backend, signal.SIGCONT)
        engine.dispose()


@pytest.mark.fault
@pytest.mark.timed
def test_a_statement_that_hangs_is_given_up(postgres_url: str, away_engine: Engine) -> None:
    engine = connect(postgres_url, patience_s=0.5)
    connection = engine.connect()
    backend = connection.scalar(text("SELECT pg_backend_pid()"))
    os.kill(backend, signal.SIGSTOP)
    try:
        with within(5), pytest.raises(SQLAlchemyError):
            connection.execute(text("SELECT 1"))
    finally:
        os.kill(backend, signal.SIGCONT)
    connection.close()
    seconds_until(lambda: answers(engine))
    engine.dispose()


@pytest.mark.fault
@pytest.mark.timed
def test_a_statement_that_takes_too_long_is_stopped(postgres_url: str) -> None:
    engine = connect(postgres_url, patience_s=0.2)

    def is_stopped() -> bool:
        with engine.connect() as connection, pytest.raises(SQLAlchemyError) as stopped:
            connection.execute(text("SELECT pg_sleep(60)"))
        return "statement timeout" in str(stopped.value)  # unless a server that is held up does not say so in time

    with within(3):
        seconds_until(is_stopped)
    engine.dispose()


@pytest.mark.fault
@pytest.mark.timed
def test_a_server_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = connect(f"postgresql://u:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/db")
        with within(8), pytest.raises(SQLAlchemyError) as caught:
            read_generation(engine)
    assert SHOWN not in told(caught.value)


@pytest.mark.fault
def test_a_change_left_half_done_does_not_hold_up_others(postgres_url: str, away_engine: Engine) -> None:
    stuck = connect(postgres_url, patience_s=0.2)

    def leave() -> None:
        with changing(stuck):
            add_revision(away_engine, Revision("c", 0, "d", "deck.csv", "USD", 1, 0, NOW), activate=True)

    with pytest.raises(SQLAlchemyError):
        leave()
    assert len(list_revisions(away_engine)) == 1
    stuck.dispose()


def told(error: BaseException) -> str:
    """
    Everything of an error that might reach a log.
    """
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize("place", ["{right}", "127.0.0.1:9/db", "no-such-host.invalid/db", "127.0.0.1:9/db?bogus=1"])
def test_an_error_of_connecting_tells_no_password(postgres_url: str, place: str) -> None:
    right = postgres_url.partition("@")[2]
    engine = connect(f"postgresql://ratedip:{SECRET}@{place.format(right=right)}")
    with pytest.raises(SQLAlchemyError) as caught:
        read_generation(engine)
    assert SHOWN not in told(caught.value) + repr(engine) + str(engine.url)


@pytest.mark.parametrize(
    "url",
    [
        "s3cret",
        "postgresql:/u:s3cret@h/db",
        "postgresql://u:p@s3cret@h/db",
        "postgresql://u:p@x:s3cret@h/db",
        "postgresql://u@h:s3cret/db",
        "my-sql://u:s3cret@h/db",
    ],
)
def test_an_error_of_reading_a_url_tells_no_part_of_it(url: str) -> None:
    with pytest.raises(StoreError, match="RATEDIP_DATABASE_URL is not a URL") as caught:
        connect(url)
    assert SHOWN not in str(caught.value)
    assert caught.value.__context__ is None


def test_an_error_of_a_statement_tells_no_value(engine: Engine) -> None:
    with pytest.raises(SQLAlchemyError) as caught, engine.connect() as connection:
        connection.execute(text("SELECT nothing FROM cards WHERE name = :name"), {"name": SHOWN})
    assert SHOWN not in told(caught.value)


def test_an_option_in_the_url_is_taken_over_the_service_s_own(postgres_url: str) -> None:
    engine = connect(f"{postgres_url}&application_name=theirs")
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW application_name")) == "theirs"
    engine.dispose()
