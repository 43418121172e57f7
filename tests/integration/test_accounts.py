"""
Accounts and keys as the store keeps them, on every store there is.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from service.access.keys import new_key
from service.quota.ledger import Entry
from service.quota.plan import Limits, Plan
from service.quota.remote import StoreDown
from service.store.accounts import AccountError, Record, add_account, as_json, find_account, list_accounts, set_account
from service.store.audit import list_changes
from service.store.catalogue import read_generation
from service.store.database import connect
from service.store.keys import KeyRecord, add_key, list_keys, revoke_key, signing_secret
from service.store.tables import accounts, audit, keys
from service.store.usage import Usage

WHO = "cli:anna"
FULL = Record(
    "acme",
    card="retail",
    cards=frozenset({"gold", "silver"}),
    networks=frozenset({"192.0.2.0/24", "2001:db8::/48"}),
    profile={"name": "uk", "steps": []},
    plan=Plan(Limits(10, 20, 1000, 20_000, 8), {"rate": Limits(5, 5, 100, None)}, dry_run=True),
    created=1_800_000_000,
)


def key(account: str = "acme", environment: str = "live", expires: int | None = None, age_s: int = 0) -> KeyRecord:
    made = new_key(environment)
    scopes = frozenset({"lookup", "cards"})
    return KeyRecord(made.id, account, environment, made.digest, scopes, "switch 1", int(time.time()) - age_s, expires)


def test_an_account_is_kept_as_it_was_given(engine: Engine) -> None:
    made = add_account(engine, FULL, WHO)
    assert replace(made, id=0) == FULL
    assert list_accounts(engine) == [made]


def test_a_change_replaces_what_it_names_and_is_seen_by_every_process(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    before = read_generation(engine)
    changed = replace(FULL, plan=Plan(Limits(7, 7)), cards=frozenset(), networks=frozenset({"198.51.100.0/24"}))
    assert replace(set_account(engine, changed, WHO), id=0) == changed
    assert read_generation(engine) == before + 1


@pytest.mark.parametrize("name", ["", "UPPER", "a b", "a/b", "-a", "x" * 65, "é", "a\n", "a:b"])
def test_an_account_s_name_can_stand_anywhere(engine: Engine, name: str) -> None:
    with pytest.raises(AccountError, match="is not an account name"):
        add_account(engine, Record(name), WHO)
    assert (list_accounts(engine), list_changes(engine)) == ([], [])


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(0, 0), "per_second is 0"),
        (Limits(-1, 1), "per_second is -1"),
        (Limits(per_day=0), "per_day is 0"),
        (Limits(per_month=10**12 + 1), "per_month is"),
        (Limits(10, 9), "the burst is 9, should be at least the 10 of a second"),
        (Limits(10, None), "the burst is None"),
        (Limits(None, 9), "a burst is set, but no limit a second"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_by_name(engine: Engine, limits: Limits, reason: str) -> None:
    with pytest.raises(AccountError, match=reason):
        add_account(engine, Record("acme", plan=Plan(limits)), WHO)
    with pytest.raises(AccountError, match=f"rate: {reason}"):
        add_account(engine, Record("acme", plan=Plan(services={"rate": limits})), WHO)
    assert list_accounts(engine) == []


def test_a_name_or_network_that_is_taken_is_refused_and_changes_nothing(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    other = Record("other", networks=frozenset({"192.0.2.0/24"}))
    with pytest.raises(AccountError, match="there is an account 'acme' already"):
        add_account(engine, Record("acme"), WHO)
    with pytest.raises(AccountError, match=r"the network 192.0.2.0/24 belongs to account 'acme'"):
        add_account(engine, other, WHO)
    add_account(engine, Record("other"), WHO)
    with pytest.raises(AccountError, match="belongs to account 'acme'"):
        set_account(engine, other, WHO)
    assert find_account(engine, "other").networks == frozenset()
    assert len(list_changes(engine)) == 2


def test_there_is_no_account_that_was_not_added(engine: Engine) -> None:
    for act in (lambda: find_account(engine, "x"), lambda: set_account(engine, Record("x"), WHO)):
        with pytest.raises(AccountError, match="no account 'x'"):
            act()
    with pytest.raises(AccountError, match="no account 'x'"):
        add_key(engine, key("x"), WHO)


def test_two_keys_of_an_environment_hold_at_a_time(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    first, second, third = key(age_s=2), key(age_s=1), key()
    add_key(engine, first, WHO)
    add_key(engine, second, WHO)
    with pytest.raises(AccountError, match=f"has 2 live keys that hold .*ratedip key revoke {first.id}"):
        add_key(engine, third, WHO)
    add_key(engine, key(environment="test"), WHO)
    revoke_key(engine, first.id, WHO)
    add_key(engine, third, WHO)
    holding = [k.id for k in list_keys(engine, "acme") if k.holds(time.time()) and k.environment == "live"]
    assert holding == [second.id, third.id]


def test_a_key_past_its_time_stands_in_nobody_s_way(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    for _ in range(3):
        add_key(engine, key(expires=int(time.time()) - 1), WHO)
    assert [held.holds(time.time()) for held in list_keys(engine, "acme")] == [False] * 3


def test_of_many_who_add_a_key_at_once_two_succeed(engine: Engine) -> None:
    add_account(engine, FULL, WHO)

    def try_it(_: int) -> bool:
        try:
            add_key(engine, key(), WHO)
        except AccountError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(8))) == 2


def test_a_key_is_revoked_once_and_every_process_sees_it(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    one = key()
    add_key(engine, one, WHO)
    before = read_generation(engine)
    revoke_key(engine, one.id, WHO)
    assert read_generation(engine) == before + 1
    assert not list_keys(engine)[0].holds(time.time())
    with pytest.raises(AccountError, match="has been revoked already"):
        revoke_key(engine, one.id, WHO)
    with pytest.raises(AccountError, match="no key 'nope'"):
        revoke_key(engine, "nope", WHO)


def test_every_change_is_in_the_audit_with_who_made_it_and_no_secret(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    set_account(engine, replace(FULL, disabled=True), "key:0123456789")
    made = new_key("live")
    add_key(engine, KeyRecord(made.id, "acme", "live", made.digest, frozenset({"lookup"}), "", 1), WHO)
    revoke_key(engine, made.id, WHO)
    changes = list_changes(engine)
    assert [(c.actor, c.action, c.object) for c in changes] == [
        (WHO, "key.revoke", f"key {made.id}"),
        (WHO, "key.new", f"key {made.id}"),
        ("key:0123456789", "account.set", "account acme"),
        (WHO, "account.add", "account acme"),
    ]
    assert changes[2].detail == {"disabled": True}
    assert changes[3].detail["plan"] == as_json(FULL)["plan"]
    assert [c.id for c in list_changes(engine, limit=2, before=changes[1].id)] == [c.id for c in changes[2:]]
    assert len(list_changes(engine, "account acme")) == 2
    assert made.digest not in json.dumps([c.detail for c in changes])


def test_no_key_can_be_read_from_the_store(engine: Engine) -> None:
    add_account(engine, FULL, WHO)
    made = new_key("live")
    add_key(engine, KeyRecord(made.id, "acme", "live", made.digest, frozenset({"lookup"}), "", 1), WHO)
    with engine.connect() as connection:
        tables = (keys, audit, accounts)
        rows = [str(row) for table in tables for row in connection.execute(select(table))]
    assert made.text.rsplit("_", 1)[1] not in "".join(rows)
    assert made.id in "".join(rows)


def test_all_nodes_sign_tokens_alike(engine: Engine) -> None:
    assert signing_secret(engine) == signing_secret(engine)
    assert len(signing_secret(engine)) == 64


def test_use_is_added_up_whoever_reports_it(engine: Engine) -> None:
    ledger = Usage(engine)

    def report(_: int) -> None:
        ledger.add([Entry("p:1", "day", 20_000, 3), Entry("p:1", "month", 657, 3), Entry("p:2", "day", 20_000, 1)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(report, range(10)))
    assert sorted(ledger.load(["p:1"])) == [("p:1", "day", 20_000, 30), ("p:1", "month", 657, 30)]
    ledger.add([Entry("p:2", "day", 20_002, 5)])
    assert sorted(ledger.load(["p:2"])) == [("p:2", "day", 20_002, 5)]


def test_use_that_cannot_be_written_down_is_not_half_written(tmp_path: Path) -> None:
    ledger = Usage(connect(f"sqlite:///{tmp_path / 'none' / 'ratedip.db'}"))
    with pytest.raises(StoreDown, match="the store does not answer"):
        ledger.add([Entry("p:1", "day", 20_000, 3)])
    with pytest.raises(StoreDown, match="the store does not answer"):
        ledger.load(["p:1"])
