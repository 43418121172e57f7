"""
The command line, as a rates manager and a routing engineer type it.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.corpus import get
from support.patience import promised, seconds_until
from support.server import serve
from support.shell import run, told

from ratecards.samples import ACME, SDF

GOOD = (
    "Prefix,Destination,Rate,Connect Fee,First Interval,Next Interval\n"
    "44,UK,0.01,0,60,60\n44113,UK Leeds,0.0075,0,30,6\n"
)
BAD = "Prefix,Destination,Rate\n44,UK,0.01\n4x,UK Mobile,0.02\n49,Germany,\n"


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    path = tmp_path / "deck.csv"
    path.write_text(GOOD)
    return path


def test_a_deck_is_loaded_and_rates_a_number(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "a", str(deck), "--currency", "EUR", "--activate")
    answer = json.loads(run(tmp_path, "rate", "+44 113 245 6789", "--card", "a", "--duration", "37", "--json").stdout)
    assert (answer["rate"], answer["currency"], answer["billed_seconds"], answer["cost"]) == (
        "0.0075",
        "EUR",
        42,
        "0.00525",
    )


def test_the_same_number_is_rated_alike_for_people(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "a", str(deck), "--activate")
    assert "0.00525" in run(tmp_path, "rate", "441132456789", "--card", "a", "--duration", "37").stdout


def test_a_number_without_a_price_is_exit_one_and_says_why(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "a", str(deck), "--activate")
    assert "No rate for number" in run(tmp_path, "rate", "33123", "--card", "a", status=1).stderr
    said = json.loads(run(tmp_path, "rate", "33123", "--card", "a", "--json", status=1).stdout)
    assert said["error"]["verdict"] == "no_rate"
    assert "is not a digit" in run(tmp_path, "rate", "44x", "--card", "a", status=2).stderr


def test_a_card_that_is_not_there_names_those_that_are(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "a", str(deck), "--activate")
    assert "cards: a" in run(tmp_path, "rate", "44", "--card", "b", status=1).stderr


def test_check_reports_every_bad_cell_and_loads_nothing(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(BAD)
    report = json.loads(run(tmp_path, "card", "check", str(bad), "--json", status=1).stdout)
    assert [(r["line"], r["column"], r["value"]) for r in report["refusals"]] == [(3, "Prefix", "4x"), (4, "Rate", "")]
    assert json.loads(run(tmp_path, "card", "list", "--json").stdout) == []


def test_check_says_with_its_exit_how_a_deck_is(tmp_path: Path) -> None:
    clean = tmp_path / "clean.csv"
    clean.write_text("Prefix,Destination,Rate,First Interval,Next Interval,Currency\n44,UK,0.01,1,1,USD\n")
    none = tmp_path / "none.csv"
    none.write_text("nothing to see here\n")
    run(tmp_path, "card", "check", str(clean), status=0)
    run(tmp_path, "card", "check", str(none), status=2)


def test_the_report_as_a_page_escapes_what_the_file_says(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("Prefix,Destination,Rate\n44,UK,0.01\n45,x,<script>alert(1)</script>\n")
    run(tmp_path, "card", "check", str(bad), "--html", str(tmp_path / "report.html"), status=1)
    page = (tmp_path / "report.html").read_text()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in page


def test_a_refused_deck_changes_nothing(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "a", str(deck), "--activate")
    deck.write_text("no header here\n")
    run(tmp_path, "card", "load", "a", str(deck), "--activate", status=2)
    rows = json.loads(run(tmp_path, "card", "list", "--json").stdout)
    assert [(row["number"], row["active"]) for row in rows] == [(1, True)]


def test_a_deck_that_would_wipe_out_a_card_is_refused_without_force(tmp_path: Path) -> None:
    full, cut = tmp_path / "full.csv", tmp_path / "cut.csv"
    rows = [f"44{n:03d},UK {n},0.0{n % 9 + 1}" for n in range(200)]
    full.write_text("\n".join(["Prefix,Destination,Rate", *rows]))
    cut.write_text("\n".join(["Prefix,Destination,Rate", *rows[:100]]))
    run(tmp_path, "card", "load", "a", str(full), "--activate")
    assert "30" in run(tmp_path, "card", "load", "a", str(cut), "--activate", status=2).stderr
    run(tmp_path, "card", "load", "a", str(cut), "--activate", "--force")
    rows_now = json.loads(run(tmp_path, "card", "list", "--json").stdout)
    assert [(row["rules"], row["active"]) for row in rows_now] == [(200, False), (100, True)]


def test_a_revision_not_activated_waits_until_it_is(tmp_path: Path, deck: Path) -> None:
    told = run(tmp_path, "card", "load", "a", str(deck))
    assert "ratedip card activate a 1" in told.stdout
    run(tmp_path, "rate", "44", "--card", "a", status=1)
    run(tmp_path, "card", "activate", "a", "1")
    run(tmp_path, "rate", "44", "--card", "a")
    assert "no revision 7" in run(tmp_path, "card", "activate", "a", "7", status=1).stderr


def test_the_sample_deck_loads_with_its_nine_blank_rates_refused(tmp_path: Path) -> None:
    report = json.loads(run(tmp_path, "card", "load", "sdf", str(SDF), "--activate", "--json").stdout)["report"]
    assert (report["rows_read"], report["rows_taken"]) == (27_523, 27_514)
    lines = [refusal["line"] for refusal in report["refusals"]]
    assert lines == [583, 7151, 24073, 24127, 24128, 24129, 24130, 24131, 27393]
    for code in ("1800", "1855", "1866", "1877", "1888"):
        assert '"rate": "0"' in run(tmp_path, "rate", f"{code}5550100", "--card", "sdf", "--json").stdout


def test_a_notice_as_it_was_mailed_becomes_a_card_and_comes_out_again(tmp_path: Path) -> None:
    run(tmp_path, "card", "load", "acme", str(ACME), "--activate")
    for form in ("csv", "xlsx", "json"):
        copy = tmp_path / f"copy.{form}"
        run(tmp_path, "card", "export", "acme", str(copy))
        run(tmp_path, "card", "load", f"copy-{form}", str(copy), "--activate")
    cards = json.loads(run(tmp_path, "card", "list", "--json").stdout)
    assert len({card["digest"] for card in cards}) == 1
    assert {card["rules"] for card in cards} == {25}


def test_a_saved_mapping_answers_the_next_file_s_question(tmp_path: Path) -> None:
    deck, mapping = tmp_path / "deck.csv", tmp_path / "mapping.json"
    deck.write_text("Prefix,Destination,Rate,Effective\n44,UK,0.01,03/04/2027\n")
    mapping.write_text('{"date_order": "dmy"}')
    run(tmp_path, "card", "load", "a", str(deck), status=2)
    run(tmp_path, "card", "load", "a", str(deck), "--mapping", str(mapping))
    run(tmp_path, "mapping", "save", "acme", str(mapping), "--for", str(deck))
    deck.write_text("Prefix,Destination,Rate,Effective\n44,UK,0.02,05/06/2027\n")
    run(tmp_path, "card", "load", "a", str(deck), "--activate")
    later = run(tmp_path, "rate", "44", "--card", "a", "--at", "2027-06-05", "--json").stdout
    assert json.loads(later)["rate"] == "0.02"
    assert json.loads(run(tmp_path, "mapping", "show", "acme").stdout)["date_order"] == "dmy"
    run(tmp_path, "mapping", "delete", "acme")
    run(tmp_path, "card", "load", "a", str(deck), status=2)


def test_a_number_is_shown_step_by_step(tmp_path: Path) -> None:
    shown = json.loads(run(tmp_path, "number", "0113 245 6789", "--profile", "uk", "--json").stdout)
    assert shown["number"] == "441132456789"
    assert shown["steps"]
    assert "starts with 0" in run(tmp_path, "number", "0113 245 6789", status=1).stdout
    assert "not an ISO 3166 code" in run(tmp_path, "number", "1", "--profile", "nowhere", status=2).stderr


@pytest.mark.timed
def test_a_table_of_exchanges_decides_jurisdiction_on_a_running_server(tmp_path: Path) -> None:
    deck, table = tmp_path / "us.csv", tmp_path / "exchanges.csv"
    deck.write_text("Prefix,Destination,Inter,Intra,Indeterminate\n1212,New York,0.01,0.02,0.03\n")
    table.write_text("917-555,NJ\n")
    run(tmp_path, "card", "load", "us", str(deck), "--currency", "USD", "--activate")
    command = ("rate", "12125550100", "--card", "us", "--cli", "19175550100", "--json")
    assert json.loads(run(tmp_path, *command).stdout)["jurisdiction"] == "intrastate"
    with serve(tmp_path, DEMO="1", DEMO_CARD="us") as server:
        target = "/api/rate.json?number=12125550100&cli=19175550100"
        assert b'"rate":"0.02"' in server.ask(get(target))
        run(tmp_path, "places", "load", str(table))
        took_s = seconds_until(lambda: b'"jurisdiction":"interstate"' in server.ask(get(target)))
        assert took_s < promised(2)
        assert b'"rate":"0.01"' in server.ask(get(target))
        table.write_text("917-555,NJ\n917-55x,NJ\n")
        assert "line 2" in run(tmp_path, "places", "load", str(table), status=2).stderr


def test_the_installed_command_runs_and_its_help_names_every_command() -> None:
    command = [Path(sys.executable).with_name("ratedip"), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for command in ("serve", "rate", "card", "mapping", "number", "places"):
        assert command in said


@pytest.fixture
def loaded(tmp_path: Path) -> Path:
    """
    A data directory with the card ``a``: revision 1 answers, 2 raises one price and adds a country.
    """
    for name, more in (("june.csv", ""), ("july.csv", "33,France,0.02,0,1,1\n")):
        file = tmp_path / name
        file.write_text(GOOD.replace("0.01,", "0.015,") + more if more else GOOD)
        run(tmp_path, "card", "load", "a", str(file), "--note", name, *(() if more else ("--activate",)))
    return tmp_path


def said(data: Path, *words: str) -> Any:
    return told(data, "card", *words)


def test_all_about_a_card_is_shown_and_set(loaded: Path) -> None:
    run(loaded, "card", "set", "a", "--company", "Carrier A", "--kind", "provider", "--tech-prefix", "9001#")
    shown = said(loaded, "show", "a")
    assert (shown["company"], shown["kind"], shown["active"]["revision"], shown["latest"]) == (
        "Carrier A", "provider", 1, 2,
    )  # fmt: skip
    assert shown["fingerprint"]
    assert "Carrier A" in run(loaded, "card", "show", "a").stdout
    assert "--company" in run(loaded, "card", "set", "a", status=2).stderr
    assert "kind is 'x'" in run(loaded, "card", "set", "a", "--kind", "x", status=2).stderr
    assert "ratedip card list" in run(loaded, "card", "show", "nope", status=1).stderr


def test_revisions_are_listed_newest_first(loaded: Path) -> None:
    rows = said(loaded, "revisions", "a")["revisions"]
    assert [(row["revision"], row["note"], row["active"]) for row in rows] == [
        (2, "july.csv", False), (1, "june.csv", True),
    ]  # fmt: skip
    assert "june.csv" in run(loaded, "card", "revisions", "a").stdout


def test_rules_are_found_by_destination_and_by_prefix(loaded: Path) -> None:
    assert [rule["prefix"] for rule in said(loaded, "search", "a", "leeds")["rules"]] == ["44113"]
    rows = said(loaded, "search", "a", "4411")["rules"]
    assert [(rule["prefix"], rule["place"], rule["serves"]) for rule in rows] == [
        ("44", "above", True), ("44113", "below", False),
    ]  # fmt: skip
    assert "0.0075" in run(loaded, "card", "search", "a", "UK").stdout
    assert "--at" in run(loaded, "card", "search", "a", "44", "--at", "soon", status=2).stderr


def test_revisions_are_compared_before_one_takes_over(loaded: Path) -> None:
    found = said(loaded, "diff", "a")
    assert {row["prefix"]: row["kind"] for row in found["changes"]} == {"44": "raised", "33": "new"}
    assert said(loaded, "diff", "a", "--by", "destination", "--kind", "new")["destinations"][0]["name"] == "France"
    assert "raised" in run(loaded, "card", "diff", "a").stdout
    assert "kind is none of" in run(loaded, "card", "diff", "a", "--kind", "x", status=2).stderr


def test_a_revision_is_planned_cancelled_rolled_back_and_its_card_archived(loaded: Path) -> None:
    at = str(int(time.time()) + 3600)
    run(loaded, "card", "activate", "a", "2", "--at", at)
    assert said(loaded, "show", "a")["planned"][0]["at"] == int(at)
    assert "no longer answers from" in run(loaded, "card", "cancel", "a", "2").stdout
    assert "nothing is planned" in run(loaded, "card", "cancel", "a", "2", status=1).stderr
    assert "--at is over" in run(loaded, "card", "activate", "a", "2", "--at", "1", status=2).stderr
    run(loaded, "card", "activate", "a", "2")
    assert said(loaded, "rollback", "a") == {"card": "a", "revision": 1, "active": True}
    assert "archive it first" in run(loaded, "card", "delete", "a", "--yes", status=1).stderr
    run(loaded, "card", "archive", "a")
    run(loaded, "rate", "44", "--card", "a", status=1)
    assert said(loaded, "restore", "a")["revision"] == 1
    run(loaded, "rate", "44", "--card", "a")
    run(loaded, "card", "archive", "a")
    assert said(loaded, "delete", "a", "--yes") == {"card": "a", "deleted": True}
    run(loaded, "card", "show", "a", status=1)


def test_what_looks_like_a_mistake_is_not_activated_without_force(tmp_path: Path) -> None:
    deck = tmp_path / "deck.csv"
    for rate in ("0.01", "0.025"):
        deck.write_text(f"Prefix,Destination,Rate\n44,UK,{rate}\n49,Germany,{rate}\n")
        run(tmp_path, "card", "load", "a", str(deck))
    run(tmp_path, "card", "activate", "a", "1")
    refused = run(tmp_path, "card", "activate", "a", "2", status=2).stderr
    assert "2 of the 2 rules" in refused
    assert "--force" in refused
    assert said(tmp_path, "show", "a")["active"]["revision"] == 1
    assert said(tmp_path, "activate", "a", "2", "--force")["active"] is True


def test_a_deck_is_loaded_for_later_with_the_terms_of_the_one_before(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "a", str(deck), "--activate", "--precision", "4", "--rounding", "up", "--lrn")
    at = str(int(time.time()) + 3600)
    assert "answers from" in run(tmp_path, "card", "load", "a", str(deck), "--at", at, "--no-lrn").stdout
    shown = said(tmp_path, "show", "a")
    assert shown["planned"][0]["revision"] == 2
    run(tmp_path, "card", "activate", "a", "2")
    terms = said(tmp_path, "show", "a")["terms"]
    assert (terms["precision"], terms["rounding"], terms["lrn"]) == (4, "up", False)
    assert "one of them" in run(tmp_path, "card", "load", "a", str(deck), "--at", at, "--activate", status=2).stderr


def test_a_card_of_the_sandbox_is_managed_by_its_whole_name(tmp_path: Path, deck: Path) -> None:
    run(tmp_path, "card", "load", "test/a", str(deck), "--activate")
    assert said(tmp_path, "show", "test/a")["name"] == "test/a"
    run(tmp_path, "card", "show", "a", status=1)
