"""
The store keeps its promises alike on SQLite and on PostgreSQL.
"""

import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from support.cards import NOW, RETAIL, install
from support.patience import promised
from support.postgres import Postgres

from service.store.catalogue import (
    CatalogueError,
    Revision,
    activate_revision,
    active_revisions,
    add_revision,
    list_revisions,
    read_generation,
)
from service.store.database import StoreError, changing, connect, read_url
from service.store.mappings import delete_mapping, find_mapping, list_mappings, save_mapping
from service.store.migrate import create, downgrade, upgrade
from service.store.references import NPA_NXX, Reference, find_reference, set_reference
from service.store.tables import metadata

MANY_CARDS = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO cards (name, created) SELECT 'card-' || i, 0 FROM n
"""
MANY_ACTIVATIONS = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO activations (card_id, revision, at, made, actor)
    SELECT id, i, i, 0, 'test' FROM cards CROSS JOIN n WHERE i <= id % 199 + 1
"""
MANY_REVISIONS = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO revisions (card_id, number, digest, source, currency, rules, refused, created)
    SELECT id, i, 'digest', 'deck.csv', 'USD', 1, 0, 0 FROM cards CROSS JOIN n
"""


def revision(card: str, digest: str = "d") -> Revision:
    return Revision(card, 0, digest, "deck.csv", "USD", 1, 0, NOW)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_migrations_lead_to_the_tables_that_the_code_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrations_can_be_undone_and_done_again(store_url: str, engine: Engine) -> None:
    add_revision(engine, revision("c"), activate=True)
    downgrade(store_url, "base")
    assert tables(engine) == {"alembic_version"}
    upgrade(store_url)
    assert tables(engine) == {"alembic_version", *metadata.tables}
    assert list_revisions(engine) == []


def test_a_migration_that_fails_leaves_nothing_behind(store_url: str) -> None:
    engine = connect(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE cards (other INTEGER)"))
    with pytest.raises(DBAPIError):
        create(store_url)
    assert tables(engine) == {"cards"}
    engine.dispose()


def test_a_store_of_a_newer_version_is_left_alone(store_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        create(store_url)


def test_opening_a_store_that_is_up_to_date_waits_for_no_change(store_url: str, engine: Engine) -> None:
    with changing(engine):
        opened = create(store_url)
        assert read_generation(opened) == read_generation(engine)
        opened.dispose()


def test_a_reader_sees_a_change_once_it_is_whole_and_never_waits(store_url: str, engine: Engine) -> None:
    reader = connect(store_url)
    before = read_generation(reader)
    with changing(engine) as connection:
        connection.execute(text("UPDATE generation SET number = number + 1"))
        assert read_generation(reader) == before
    assert read_generation(reader) == before + 1
    reader.dispose()


def test_a_change_that_waits_too_long_for_another_fails_and_changes_nothing(store_url: str, engine: Engine) -> None:
    hasty = connect(store_url, patience_s=0.2)
    with changing(engine), pytest.raises(OperationalError):
        add_revision(hasty, revision("c"), activate=True)
    assert list_revisions(engine) == []
    add_revision(hasty, revision("c"), activate=True)
    hasty.dispose()


def test_only_what_a_serving_process_must_see_grows_the_generation_and_by_one(engine: Engine) -> None:
    seen = [read_generation(engine)]
    for activate in (True, False, True):
        add_revision(engine, revision("c"), activate=activate)
        seen.append(read_generation(engine))
    activate_revision(engine, "c", 2)
    set_reference(engine, Reference(NPA_NXX, "d", "file.csv", 1, NOW))
    save_mapping(engine, "m", None, {})
    assert seen == [1, 2, 2, 3]
    assert read_generation(engine) == 5


def test_the_revision_that_answers_is_found_for_each_card_that_has_one(engine: Engine) -> None:
    for card in ("b", "a-b", "a.b", "ab", "a1"):
        for digest in ("one", "two"):
            add_revision(engine, revision(card, digest), activate=digest == "one")
    add_revision(engine, revision("silent"), activate=False)
    found = active_revisions(engine)
    assert [(r.card, r.number, r.digest) for r in found] == [(c, 1, "one") for c in ("a-b", "a.b", "a1", "ab", "b")]
    assert found == [r for r in list_revisions(engine) if r.active]
    assert active_revisions(engine, "ab") == found[3:4]
    assert active_revisions(engine, "silent") == []


@pytest.mark.timed
@pytest.mark.parametrize(("cards", "revisions"), [(200, 50), pytest.param(1000, 200, marks=pytest.mark.long)])
def test_many_old_revisions_do_not_slow_the_poll(store_url: str, engine: Engine, cards: int, revisions: int) -> None:
    """
    Of a thousand cards with two hundred each: reading every one takes three seconds and more.
    """
    patient = connect(store_url, patience_s=60)
    with patient.begin() as connection:
        connection.execute(text(MANY_CARDS), {"count": cards})
        connection.execute(text(MANY_REVISIONS), {"count": revisions})
        connection.execute(text(MANY_ACTIVATIONS), {"count": revisions})
    patient.dispose()
    assert len(active_revisions(engine)) == cards
    took = []
    for _ in range(5):
        start = time.perf_counter()
        active_revisions(engine)
        took.append(time.perf_counter() - start)
    assert min(took) < promised(1)
    assert [r.number for r in active_revisions(engine, "card-7")] == [8]


@pytest.mark.parametrize("number", [0, -1, 3, 2**31, 2**63, 10**30])
def test_a_revision_that_is_not_there_cannot_be_made_to_answer(engine: Engine, number: int) -> None:
    add_revision(engine, revision("c"), activate=True)
    before = read_generation(engine)
    with pytest.raises(CatalogueError, match=f"card 'c' has no revision {number}"):
        activate_revision(engine, "c", number)
    assert (read_generation(engine), active_revisions(engine)[0].number) == (before, 1)


def test_a_deck_whose_file_has_a_name_that_is_no_unicode_is_kept(engine: Engine) -> None:
    odd = Revision("c", 0, "d", "d\udce9ck.csv", "USD", 1, 0, NOW)
    add_revision(engine, odd, activate=True)
    assert [r.source for r in list_revisions(engine)] == ["d?ck.csv"]


def test_a_mapping_is_found_by_its_name_and_by_its_header(engine: Engine) -> None:
    save_mapping(engine, "acme", "f" * 64, {"rate": "Preis €", "odd": "\0"})
    save_mapping(engine, "acme", "f" * 64, {"rate": "Price", "odd": "\0"})
    save_mapping(engine, "other", None, {})
    assert find_mapping(engine, name="acme") == find_mapping(engine, fingerprint="f" * 64)
    assert find_mapping(engine, name="acme") == {"rate": "Price", "odd": "\0"}
    with pytest.raises(CatalogueError, match="'acme' is already"):
        save_mapping(engine, "third", "f" * 64, {})
    assert [m["name"] for m in list_mappings(engine)] == ["acme", "other"]
    assert (delete_mapping(engine, "acme"), delete_mapping(engine, "acme")) == (True, False)
    assert find_mapping(engine, name="acme") is None


def test_a_table_of_reference_is_replaced_by_the_next(engine: Engine) -> None:
    assert find_reference(engine, NPA_NXX) is None
    for digest in ("one", "two"):
        set_reference(engine, Reference(NPA_NXX, digest, "file.csv", 1, NOW))
    assert find_reference(engine, NPA_NXX) == Reference(NPA_NXX, "two", "file.csv", 1, NOW)


def test_no_transaction_stays_open(postgres: Postgres, postgres_url: str, tmp_path: Path) -> None:
    engine = create(postgres_url)
    install(tmp_path, "c", RETAIL, engine=engine)
    for look in (read_generation, list_revisions, active_revisions, list_mappings):
        look(engine)
    find_reference(engine, NPA_NXX)
    activity = "SELECT state, application_name FROM pg_stat_activity WHERE datname = %s"
    assert set(postgres.run(activity, engine.url.database)) == {("idle", "ratedip")}
    engine.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_any_name_of_postgresql_is_the_one_driver(postgres_url: str, scheme: str) -> None:
    engine = connect(scheme + postgres_url.removeprefix("postgresql"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    assert engine.driver == "psycopg"
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://a/b", "oracle://a/b"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="SQLite or PostgreSQL"):
        read_url(url)
