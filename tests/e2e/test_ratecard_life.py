"""
The life of a card: dry run, upload, compare, let it answer, take back, plan, give up, archive, forget.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cards import RETAIL, install
from support.people import account, key, store
from support.ratecards import ROOT, Manager, deck, manager, managing
from support.server import serve

from service.manage.rows import tidy
from service.ops.reload import artifact_path
from service.store.catalogue import list_revisions
from service.store.files import has_file

ROWS = [f"44{n:02d},UK {n},0.0{n % 9 + 1}" for n in range(50)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("life")
    install(folder, "retail", RETAIL)
    return folder


@pytest.fixture(scope="module")
def boss(data: Path) -> Iterator[Manager]:
    with managing(data) as made:
        yield made


@pytest.mark.timed
def test_a_whole_life(boss: Manager) -> None:
    first, second = deck("44,UK,0.01", "49,Germany,0.02"), deck("44,UK,0.015", "49,Germany,0.02", "33,France,0.03")

    said = boss.upload(first, card="acme", filename="june.csv", dry_run=1)
    assert (said["revision"], said["dry_run"], said["report"]["rules"]) == (None, True, 2)
    boss.get("show.json", 404, card="acme")

    said = boss.upload(first, card="acme", filename="june.csv", note="June", activate=1)
    assert (said["revision"], said["active"], said["report"]["file"]) == (1, True, "june.csv")
    boss.wait("acme", "44123", "0.01", promised_s=2.5)

    said = boss.upload(second, card="acme", filename="july.csv")
    assert (said["revision"], said["active"]) == (2, False)
    assert boss.rate("acme", "44123") == "0.01"

    said = boss.get("diff.json", card="acme")
    assert (said["from"], said["to"]) == (1, 2)
    assert {row["prefix"]: row["kind"] for row in said["changes"]} == {"44": "raised", "33": "new"}

    assert boss.post("activate", card="acme", revision=2) == {"card": "acme", "revision": 2, "active": True, "at": None}
    boss.wait("acme", "44123", "0.015", promised_s=2.5)

    assert boss.post("rollback", card="acme")["revision"] == 1
    boss.wait("acme", "44123", "0.01", promised_s=2.5)

    at = int(time.time()) + 2
    assert boss.post("activate", card="acme", revision=2, at=at)["at"] == at
    boss.wait("acme", "44123", "0.015")
    assert time.time() >= at

    later = int(time.time()) + 3600
    boss.post("activate", card="acme", revision=1, at=later, force=1)
    assert [(a["revision"], a["at"]) for a in boss.get("show.json", card="acme")["planned"]] == [(1, later)]
    row = next(card for card in boss.get("list.json")["cards"] if card["name"] == "acme")
    assert (row["revision"], row["next_revision"], row["next_at"]) == (2, 1, later)
    rows = boss.get("revisions.json", card="acme")["revisions"]
    assert [(r["revision"], r["active"], r["planned"]) for r in rows] == [(2, True, None), (1, False, later)]
    assert (rows[1]["note"], rows[1]["source"], rows[1]["refused"]) == ("June", "june.csv", 0)
    assert boss.post("cancel", card="acme", revision=1)["cancelled"] == later
    assert boss.get("show.json", card="acme")["planned"] == []
    assert boss.post("cancel", 400, card="acme", revision=1)["error"]["reason"] == "Not possible"

    assert "archive it first" in boss.post("delete", 400, card="acme")["error"]["detail"]
    boss.post("archive", card="acme")
    boss.wait("acme", "44123", "Not Found")
    assert "acme" not in [card["name"] for card in boss.get("list.json")["cards"]]
    gone = next(card for card in boss.get("list.json", archived=1)["cards"] if card["name"] == "acme")
    assert (gone["revision"], gone["archived"] > 0) == (None, True)
    boss.get("search.json", 404, card="acme", prefix="44")
    assert boss.get("search.json", card="acme", prefix="33", revision=2)["rules"][0]["rate"] == "0.03"
    boss.post("archive", 400, card="acme")

    assert boss.post("restore", card="acme")["revision"] == 2
    boss.wait("acme", "44123", "0.015")

    boss.post("archive", card="acme")
    assert boss.post("delete", card="acme") == {"card": "acme", "deleted": True}
    boss.get("show.json", 404, card="acme")
    changes = boss.get("audit.json", card="acme")["changes"]
    assert [c["action"].removeprefix("card.") for c in changes] == [
        "delete", "archive", "restore", "archive", "cancel", "schedule", "schedule", "activate", "activate", "read",
        "load", "read", "activate", "load",
    ]  # fmt: skip
    assert {c["actor"] for c in changes} == {f"key:{boss.key.split('_')[2]}"}


def test_what_looks_like_a_mistake_needs_force(boss: Manager) -> None:
    """
    A card of fifty prefixes: eleven gone are too many, ten are not; prices of 26 doubled and more are too many.
    """
    boss.upload(deck(*ROWS), card="gates", activate=1, filename="a.csv")
    halves = [row.rpartition(",")[0] + ",0.2" if n < 26 else row for n, row in enumerate(ROWS)]
    for rows in (ROWS[11:], ROWS[10:], halves):
        boss.upload(deck(*rows), card="gates", filename="a.csv", force=1)
    said = boss.post("activate", 400, card="gates", revision=2)["error"]
    assert said["reason"] == "Needs force"
    assert said["reasons"] == ["it loses 11 of the 50 prefixes of revision 1: more than 20 %"]
    said = boss.post("activate", 400, card="gates", revision=4, at=int(time.time()) + 3600)["error"]
    assert len(said["reasons"]) == 1
    assert said["reasons"][0].startswith("26 of the 50 rules it shares with revision 1 more than double")
    assert boss.get("show.json", card="gates")["active"]["revision"] == 1
    boss.post("activate", card="gates", revision=3)
    boss.post("activate", card="gates", revision=4, force=1)
    assert boss.get("show.json", card="gates")["active"]["revision"] == 4


def test_an_empty_revision_needs_force(boss: Manager, data: Path) -> None:
    install(data, "hollow", RETAIL)
    install(data, "hollow", [])
    boss.post("rollback", card="hollow")
    said = boss.post("activate", 400, card="hollow", revision=2)["error"]
    assert said["reasons"] == ["it has no rules: every call would be refused"]
    boss.post("activate", card="hollow", revision=2, force=1)


def test_what_cannot_be_is_refused_and_changes_nothing(boss: Manager) -> None:
    before = boss.get("show.json", card="retail")
    for what, asked, status, said in (
        ("activate", {"card": "retail"}, 400, "Missing Required Parameter 'revision'"),
        ("activate", {"card": "retail", "revision": 0}, 400, "Invalid Parameter 'revision'"),
        ("activate", {"card": "retail", "revision": 9}, 404, "Not Found"),
        ("activate", {"card": "retail", "revision": 1, "at": 1_000_000_000}, 400, "Invalid Parameter 'at': is over"),
        (
            "activate",
            {"card": "retail", "revision": 1, "at": "2999-01-01", "force": 2},
            400,
            "Invalid Parameter 'force'",
        ),
        ("activate", {"card": "retail", "revision": 1, "now": 1}, 400, "Unknown Parameter 'now'"),
        ("rollback", {"card": "retail"}, 400, "Not possible"),
        ("restore", {"card": "retail"}, 400, "Not possible"),
        ("set", {"card": "retail"}, 400, "Nothing to set"),
        ("set", {"card": "retail", "kind": "zebra"}, 400, "Invalid Parameter 'kind'"),
        ("set", {"card": "retail", "company": "x" * 200}, 400, "Invalid Parameter 'company'"),
        ("set", {"card": "retail", "tech_prefix": "12a"}, 400, "Invalid Parameter 'tech_prefix'"),
        ("archive", {}, 400, "Missing Required Parameter 'card'"),
    ):
        assert boss.post(what, status, **asked)["error"]["reason"].startswith(said), (what, asked)
    assert boss.get("show.json", card="retail") == before


def test_what_changes_something_takes_post_and_a_key_for_cards(boss: Manager, data: Path) -> None:
    for what in ("upload", "activate", "cancel", "rollback", "archive", "restore", "delete", "set"):
        answer = boss.client.get(f"{ROOT}{what}.json", params={"card": "retail"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST"), what
    account(data, "switch")
    text = key(data, "switch", "lookup")
    with manager(boss.server, text) as switch:
        switch.wait("retail", "44", "0.01")
        assert switch.get("list.json", 403)["error"]["reason"] == "Unauthorized"
        assert switch.post("archive", 403, card="retail")["error"]["code"] == 403
        assert switch.upload(deck("44,UK,0.5"), 403, card="retail")["error"]["code"] == 403
    assert boss.get("revisions.json", card="retail")["total"] == 1


def test_a_rollback_finds_what_was_tidied_away(tmp_path: Path) -> None:
    """
    A compiled card that nobody needed any more is made again before it is to answer, on a node that never had it.
    """
    install(tmp_path, "retail", RETAIL)
    with managing(tmp_path) as boss:
        for price in ("0.01", "0.02", "0.03"):
            boss.upload(deck(f"44,UK,{price}"), card="a", activate=1, filename="a.csv")
        boss.wait("a", "44", "0.03")
    with store(tmp_path) as engine:
        with engine.begin() as connection:  # as if all that had been long ago
            connection.exec_driver_sql("UPDATE activations SET at = at - 7200, made = made - 7200")
        tidy(engine)
        compiled = {r.digest: has_file(engine, r.digest) for r in list_revisions(engine, "a")}
    assert next(iter(compiled.values())) is False
    for digest in compiled:
        artifact_path(tmp_path / "cards", digest).unlink()
    with serve(tmp_path) as server, manager(server, boss.key) as again:
        assert again.post("activate", card="a", revision=1, force=1)["active"]
        again.wait("a", "44", "0.01")
