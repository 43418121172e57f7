"""
What numbers' last answers mean to an account is kept, audited, and typed.
"""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.people import store
from support.shell import run, told

from ratecards.numberset import Mode, Policy
from service.ops.people import to_account
from service.store.accounts import AccountError, Asrplus, Record, add_account, find_account, set_account
from service.store.audit import list_changes
from service.store.catalogue import read_generation

STRICT = Asrplus("strict", frozenset({404, 410}), frozenset({"rate", "lcr"}))


def test_what_an_account_wants_comes_back_as_it_was_kept(engine: Engine) -> None:
    add_account(engine, Record("acme", asrplus=STRICT), "test")
    assert find_account(engine, "acme").asrplus == STRICT
    set_account(engine, Record("acme", asrplus=Asrplus("low")), "test")
    assert find_account(engine, "acme").asrplus == Asrplus("low")
    set_account(engine, Record("acme"), "test")
    assert find_account(engine, "acme").asrplus is None


def test_a_change_is_in_the_audit_and_seen_by_every_process(engine: Engine) -> None:
    add_account(engine, Record("acme"), "test")
    before = read_generation(engine)
    set_account(engine, Record("acme", asrplus=STRICT), "key:x")
    change = list_changes(engine, "account acme")[0]
    said = {"mode": "strict", "codes": [404, 410], "services": ["lcr", "rate"]}
    assert (change.actor, change.detail) == ("key:x", {"asrplus": said})
    assert read_generation(engine) == before + 1


@pytest.mark.parametrize(
    "asrplus", [Asrplus("loud"), Asrplus(services=frozenset({"cdr"})), Asrplus(codes=frozenset({200}))]
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(engine: Engine, asrplus: Asrplus) -> None:
    add_account(engine, Record("acme", asrplus=STRICT), "test")
    with pytest.raises(AccountError):
        set_account(engine, Record("acme", asrplus=asrplus), "test")
    assert find_account(engine, "acme").asrplus == STRICT


def test_an_account_that_says_nothing_pays_for_nothing() -> None:
    assert to_account(Record("acme")).asrplus is None


def test_codes_left_out_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATEDIP_ASRPLUS_CODES", "404,604")
    screening = to_account(Record("acme", asrplus=Asrplus("on"))).asrplus
    assert screening is not None
    assert (screening.mode, screening.policy.failed) == (Mode.ON, frozenset({404, 604}))
    own = to_account(Record("acme", asrplus=STRICT)).asrplus
    assert own is not None
    assert own.policy == Policy(frozenset({404, 410}), frozenset())


def test_it_is_typed_with_the_account_and_what_is_not_named_stays(tmp_path: Path) -> None:
    run(tmp_path, "account", "add", "acme", "--asrplus", "on", "--asrplus-in", "rate,lcr", "--asrplus-codes", "404,410")
    run(tmp_path, "account", "set", "acme", "--asrplus", "strict")
    assert told(tmp_path, "account", "set", "acme", "--rps", "5")["asrplus"]["mode"] == "strict"
    with store(tmp_path) as engine:
        assert find_account(engine, "acme").asrplus == STRICT
    changed = told(tmp_path, "account", "set", "acme", "--asrplus-in", "none", "--asrplus-codes", "all")
    assert changed["asrplus"] == {"mode": "strict", "codes": None, "services": []}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--asrplus", "loud"), "should be one of off, low, on, strict"),
        (("--asrplus-in", "rate,hlr"), "refuses nothing in 'hlr'"),
        (("--asrplus-codes", "404,486"), "486 is not kept"),
        (("--asrplus-codes", "many"), "no list of SIP codes"),
    ],
)
def test_what_is_mistyped_is_named_and_changes_nothing(tmp_path: Path, typed: tuple[str, ...], said: str) -> None:
    run(tmp_path, "account", "add", "acme")
    refused = run(tmp_path, "account", "set", "acme", *typed, status=2)
    assert said in " ".join(refused.output.split())
    assert "asrplus" not in told(tmp_path, "account", "show", "acme")


def test_an_account_is_told_its_mode(tmp_path: Path) -> None:
    run(tmp_path, "account", "add", "acme", "--asrplus", "low")
    assert json.loads(run(tmp_path, "account", "list", "--json").stdout)[0]["asrplus"]["mode"] == "low"
