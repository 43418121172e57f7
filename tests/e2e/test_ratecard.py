"""
Rate cards looked through: which there are, what is in them, and what differs between two revisions.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.cards import NOW, RETAIL, install
from support.patience import seconds_until
from support.people import key
from support.ratecards import ROOT, Manager, manager, managing, sheet

from ratecards.deck import read_deck
from ratecards.model import Rule
from ratecards.money import format_units, parse_units
from ratecards.rules import from_frame

HAL = {"Accept": "application/hal+json"}
FORMULAS = ["=1+1", "+44 Premium", "-5 off", "@SUM(A1)", '=HYPERLINK("http://x","y")']
NEW_RETAIL = [
    replace(RETAIL[0], rate_units=parse_units("0.02")),
    replace(RETAIL[1], rate_units=parse_units("0.005")),
    *RETAIL[2:6],
    Rule("33", "France", parse_units("0.011")),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    for rules in (RETAIL, NEW_RETAIL):
        install(folder, "retail", rules)
    install(folder, "gold", RETAIL[:2])
    install(folder, "formulas", [Rule(f"44{n}", name, 10**8 + n) for n, name in enumerate(FORMULAS)])
    install(folder, "test/retail", RETAIL[:1])
    install(folder, "test/only-here", RETAIL[:1])
    return folder


@pytest.fixture(scope="module")
def boss(data: Path) -> Iterator[Manager]:
    with managing(data) as made:
        made.post("set", card="gold", company="Gold AG", kind="customer", direction="outbound")
        yield made


TABLES = {
    "list": {},
    "search": {"card": "retail", "prefix": "44"},
    "revisions": {"card": "retail"},
    "diff": {"card": "retail", "from": 1, "to": 2},
    "audit": {},
}
ROWS = {"list": "cards", "search": "rules", "revisions": "revisions", "diff": "changes", "audit": "changes"}


@pytest.mark.parametrize("service", TABLES)
def test_a_table_says_the_same_in_every_format(boss: Manager, service: str) -> None:
    asked = TABLES[service]
    rows = boss.get(f"{service}.json", **asked)[ROWS[service]]
    assert rows
    root = ElementTree.fromstring(boss.get(f"{service}.xml", **asked).text)
    assert root.tag == service
    table = list(csv.DictReader(io.StringIO(boss.get(f"{service}.csv", **asked).text)))
    cells = sheet(boss.get(f"{service}.xlsx", **asked).content)
    page = boss.get(f"{service}.html", **asked)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert len(root.findall(ROWS[service])) == len(table) == len(cells) - 1 == len(rows)
    assert list(rows[0]) == list(table[0]) == cells[0]
    for column, value in rows[0].items():
        if isinstance(value, str) and value:
            assert root.find(f"{ROWS[service]}/{column}").text == value
            assert table[0][column] == value
            assert value in page.text


def test_all_about_a_card_in_every_format_it_has(boss: Manager) -> None:
    boss.post("set", card="gold", private_name="Gold secret", notes="call Ann", tech_prefix="9001#", endpoint="sip:g")
    said = boss.get("show.json", card="gold")
    about = ("private_name", "notes", "tech_prefix", "endpoint", "company", "kind", "direction")
    assert [said[name] for name in about] == [
        "Gold secret", "call Ann", "9001#", "sip:g", "Gold AG", "customer", "outbound",
    ]  # fmt: skip
    assert said["terms"] == {
        "currency": "USD", "precision": 8, "rounding": "half_up", "lrn": False, "origin_group": "",
    }  # fmt: skip
    assert (said["revisions"], said["active"]["revision"], said["planned"], said["fingerprint"]) == (1, 1, [], None)
    assert ElementTree.fromstring(boss.get("show.xml", card="gold").text).findtext("notes") == "call Ann"
    assert "Gold secret" in boss.get("show.html", card="gold").text
    assert boss.get("show.csv", 406, card="gold").json()["error"]["code"] == 406
    assert boss.get("show.yaml", 404, card="gold").status_code == 404


def test_the_list_can_be_narrowed(boss: Manager) -> None:
    assert [card["name"] for card in boss.get("list.json")["cards"]] == ["formulas", "gold", "retail"]
    assert [card["name"] for card in boss.get("list.json", company="Gold AG")["cards"]] == ["gold"]
    assert [card["name"] for card in boss.get("list.json", kind="customer")["cards"]] == ["gold"]
    assert boss.get("list.json", kind="provider")["cards"] == []
    assert boss.get("list.json", kind="other", status=400)["error"]["reason"].startswith("Invalid Parameter 'kind'")


def test_links_lead_through_every_page_and_back(boss: Manager) -> None:
    page = boss.get("list.json", headers=HAL, per_page=1)
    seen, pages = [], [page]
    while True:
        seen += [card["name"] for card in page["_embedded"]["cards"]]
        assert page["_links"]["item"][0]["href"].endswith(f"show.json?card={seen[-1]}")
        if "next" not in page["_links"]:
            break
        page = boss.client.get(page["_links"]["next"]["href"], headers=HAL).json()
        pages.append(page)
    assert seen == ["formulas", "gold", "retail"]
    assert "prev" not in pages[0]["_links"]
    back = boss.client.get(page["_links"]["prev"]["href"], headers=HAL).json()
    assert back == pages[1]
    assert boss.client.get(pages[0]["_links"]["last"]["href"], headers=HAL).json() == pages[-1]


def test_every_link_of_a_card_and_of_a_revision_leads_somewhere(boss: Manager) -> None:
    cards = boss.get("list.json", headers=HAL)["_embedded"]["cards"]
    revisions = boss.get("revisions.json", headers=HAL, card="retail")["_embedded"]["revisions"]
    assert "activate" in revisions[1]["_links"]
    assert "activate" not in revisions[0]["_links"]
    count = 0
    for thing in (*cards, *revisions, boss.get("show.json", headers=HAL, card="gold")):
        for name, link in thing["_links"].items():
            takes_post = name in {"set", "archive", "rollback", "activate", "restore", "delete", "cancel"}
            status = boss.client.get(link["href"]).status_code
            assert status == (405 if takes_post else 200), link
            count += 1
    assert count > 20


def test_links_are_for_those_who_ask_for_them(boss: Manager) -> None:
    plain = boss.client.get(f"{ROOT}list.json")
    assert plain.headers["content-type"] == "application/json"
    assert "_links" not in plain.json()
    assert boss.client.get(f"{ROOT}list", headers=HAL).headers["content-type"] == "application/hal+json"
    assert boss.client.get(f"{ROOT}list.xml", headers=HAL).headers["content-type"] == "application/xml"
    paged = boss.client.get(f"{ROOT}list.csv", params={"per_page": 1})
    assert 'page=2>; rel="next"' in paged.headers["link"]


def test_a_destination_is_found_by_part_of_its_name(boss: Manager) -> None:
    found = boss.get("search.json", card="retail", name="uk l")["rules"]
    assert [(rule["prefix"], rule["rate"], rule["billing"]) for rule in found] == [("44113", "0.005", "30/6")]
    assert boss.get("search.json", card="retail", name="SÜD")["rules"][0]["prefix"] == "49"
    assert boss.get("search.json", card="retail", name="(")["rules"] == []


def test_a_prefix_is_found_with_what_serves_it_and_what_is_below(boss: Manager) -> None:
    found = boss.get("search.json", card="retail", prefix="4477", revision=1, at=NOW)["rules"]
    assert [(rule["prefix"], rule["place"], rule["serves"]) for rule in found] == [("44", "above", True)]
    found = boss.get("search.json", card="retail", prefix="447", revision=1)["rules"]
    assert [(r["prefix"], r["place"]) for r in found] == [
        ("44", "above"), ("4470", "below"), ("4477", "below"), ("4478", "below"),
    ]  # fmt: skip
    assert [r["prefix"] for r in found if r["serves"]] == ["44"]
    found = boss.get("search.json", card="retail", prefix="44113", at=NOW)["rules"]
    assert [(r["prefix"], r["place"], r["serves"]) for r in found] == [("44", "above", False), ("44113", "at", True)]


def test_prices_are_exact_decimal_texts(boss: Manager) -> None:
    found = {r["prefix"]: r for r in boss.get("search.json", card="retail", prefix="4", revision=1)["rules"]}
    for rule in RETAIL[:6]:
        assert found[rule.prefix]["rate"] == format_units(rule.rate_units)
        assert found[rule.prefix]["connect_fee"] == format_units(rule.connect_fee_units)
        assert found[rule.prefix]["blocked"] == rule.blocked


def test_what_is_no_question_is_refused_by_name(boss: Manager) -> None:
    for asked, named in (
        ({"card": "retail"}, "'name' or 'prefix'"),
        ({"card": "retail", "name": "a", "prefix": "4"}, "'name'"),
        ({"card": "retail", "prefix": "4x"}, "'prefix'"),
        ({"card": "retail", "prefix": "4", "at": "soon"}, "'at'"),
        ({"card": "retail", "prefix": "4", "page": 0}, "'page'"),
        ({"card": "retail", "prefix": "4", "per_page": 1001}, "'per_page'"),
        ({"card": "retail", "prefix": "4", "revision": "x"}, "'revision'"),
        ({"prefix": "4"}, "'card'"),
        ({"card": "retail", "prefix": "4", "colour": "red"}, "Unknown Parameter 'colour'"),
    ):
        assert named in boss.get("search.json", status=400, **asked)["error"]["reason"], asked


def test_two_revisions_side_by_side(boss: Manager) -> None:
    said = boss.get("diff.json", card="retail", **{"from": 1, "to": 2, "at": NOW})
    assert {k: v for k, v in said["summary"].items() if k in ("new", "removed", "raised", "lowered", "unchanged")} == {
        "new": 1, "removed": 1, "raised": 1, "lowered": 1, "unchanged": 4,
    }  # fmt: skip
    rows = {row["prefix"]: row for row in said["changes"]}
    assert (rows["44"]["kind"], rows["44"]["old_rate"], rows["44"]["new_rate"]) == ("raised", "0.01", "0.02")
    assert rows["44"]["change_percent"] == "100"
    assert (rows["44113"]["kind"], rows["44113"]["change_percent"]) == ("lowered", "-33.33")
    assert (rows["33"]["kind"], rows["5"]["kind"]) == ("new", "removed")
    raised = boss.get("diff.json", card="retail", kind="raised", **{"from": 1, "to": 2})
    assert [row["prefix"] for row in raised["changes"]] == ["44"]
    names = boss.get("diff.json", card="retail", by="destination", **{"from": 1, "to": 2})["destinations"]
    assert {row["name"] for row in names} == {"UK", "UK Leeds", "France", "Gone"}
    assert boss.get("diff.json", card="retail")["changes"] == []
    cells = sheet(boss.get("diff.xlsx", card="retail", **{"from": 1, "to": 2}).content)
    line = next(row for row in cells if row[0] == "44113")
    assert line[cells[0].index("change_percent")] == -33.33
    assert "'by'" in boss.get("diff.json", 400, card="retail", by="x")["error"]["reason"]
    assert boss.get("diff.json", 404, card="retail", to=9)["error"]["detail"] == "card 'retail' has no revision 9"


def test_a_download_reads_back_as_the_same_card(boss: Manager) -> None:
    for form in ("csv", "xlsx", "json"):
        answer = boss.client.get(f"{ROOT}download.{form}", params={"card": "retail", "revision": 1})
        assert answer.headers["content-disposition"] == f'attachment; filename="retail-r1.{form}"'
        again = list(from_frame(read_deck(answer.content, name=f"a.{form}", now=NOW).rules))
        assert sorted(again, key=lambda rule: rule.prefix) == sorted(RETAIL, key=lambda rule: rule.prefix), form
    assert boss.get("download.html", 406, card="retail").status_code == 406
    assert boss.client.get(f"{ROOT}download.csv", params={"card": "retail"}).text.count("France") == 1


def test_no_cell_of_a_file_is_a_formula(boss: Manager) -> None:
    for service in ("search", "download"):
        asked = {"card": "formulas"} | ({"prefix": "44"} if service == "search" else {})
        rows = list(csv.reader(io.StringIO(boss.get(f"{service}.csv", **asked).text)))[1:]
        texts = [cell for row in rows for cell in row]
        assert not [text for text in texts if text.startswith(("=", "+", "-", "@", "\t"))]
        assert {f"'{name}" for name in FORMULAS} <= set(texts)
        cells = [cell for row in sheet(boss.get(f"{service}.xlsx", **asked).content) for cell in row]
        assert {f"'{name}" for name in FORMULAS} <= {cell for cell in cells if isinstance(cell, str)}
    numbers = [row[5] for row in sheet(boss.get("search.xlsx", card="formulas", prefix="44").content)[1:]]
    assert numbers == [0.01 + n / 10**10 for n in range(len(FORMULAS))]


def test_long_answers_are_packed_for_those_who_take_it(boss: Manager) -> None:
    asked = {"card": "retail", "prefix": "4"}
    plain = boss.client.get(f"{ROOT}search.json", params=asked, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    request = boss.client.build_request("GET", f"{ROOT}search.json", params=asked, headers={"Accept-Encoding": "gzip"})
    packed = boss.client.send(request, stream=True)
    body = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert len(body) < len(plain.content) / 2
    assert json.loads(gzip.decompress(body))["rules"] == plain.json()["rules"]
    assert "Accept-Encoding" in packed.headers["vary"]
    short = boss.client.get(f"{ROOT}show.json", params={"card": "nope"}, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in short.headers
    refused = boss.client.get(f"{ROOT}search.json", params=asked, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_the_same_at_the_numbered_address(boss: Manager) -> None:
    v1 = boss.client.get("/api/v1/ratecard/show.json", params={"card": "gold"})
    assert v1.json() == boss.get("show.json", card="gold")


def test_a_sandbox_has_its_own_cards_and_nothing_of_production(boss: Manager, data: Path) -> None:
    """
    By each service: another environment's card answers like one that is nowhere.
    """
    text = key(data, "manager", "cards", environment="test")
    with manager(boss.server, text) as sandbox:
        seconds_until(lambda: sandbox.client.get(f"{ROOT}list.json").status_code == 200)
        assert [card["name"] for card in sandbox.get("list.json")["cards"]] == ["only-here", "retail"]
        assert sandbox.get("show.json", card="retail")["active"]["rules"] == 1
        assert boss.get("show.json", card="retail")["active"]["rules"] == 7
        assert {row["card"] for row in sandbox.get("audit.json")["changes"]} == {"only-here", "retail"}
        assert not {"only-here", "test/only-here"} & {row["card"] for row in boss.get("audit.json")["changes"]}
        for who, theirs in ((sandbox, "gold"), (boss, "only-here"), (boss, "test/only-here"), (sandbox, "test/retail")):
            _looks_missing(who, theirs)


def _looks_missing(who: Manager, card: str) -> None:
    more = {"search": {"prefix": "4"}, "activate": {"revision": 1}, "cancel": {"revision": 1}, "set": {"company": "x"}}
    for service in ("show", "search", "revisions", "diff", "download", "audit"):
        said = who.get(f"{service}.json", 404, card=card, **more.get(service, {}))
        missing = who.get(f"{service}.json", 404, card="nowhere", **more.get(service, {}))
        assert json.dumps(said).replace(card, "nowhere") == json.dumps(missing), service
    for service in ("activate", "cancel", "rollback", "archive", "restore", "delete", "set"):
        said = who.post(service, 404, card=card, **more.get(service, {}))
        missing = who.post(service, 404, card="nowhere", **more.get(service, {}))
        assert json.dumps(said).replace(card, "nowhere") == json.dumps(missing), service
