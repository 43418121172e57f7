"""
Partner reports at a real server, each kind of answer opened by a reader that is not ours.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from support.partners import Partners, reporting
from support.patience import FAIL_SAFE_S
from support.ratecards import sheet

IMEI = "ingrammicro/imei"
DEALERS = "relationships/dealers"
ONE = {"CompanyID": 21090, "IMEI": "014497002384313"}
KENTEL = {"CompanyID": 21090, "CompanyName": "KENTEL", "DoingBusinessAs": "Kentel Corp"}
REGION = {"CompanyID": 14146, "CompanyName": "MasterCompany", "LocationEntityID": 14189, "LocationName": "Region 1"}
SOLD = {
    "IMEI": "014497002384313",
    "PurchaseDate": "2016-04-17T00:00:00",
    "ReturnDate": "2016-12-30T00:00:00",
    "ClientID": "24168022-3ed4-422f-90a0-31c70869c1d7",
}
REPORTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "relationships": ({"ForWho": "Company", "ForWhoIDs": 21090}, KENTEL),
    DEALERS: ({"LocationType": "Region", "LocationTypeIDs": 14189}, REGION),
    IMEI: (ONE, SOLD),
}
"""Report -> what to ask for, and the one row that is the answer."""
FIELDS = [
    ("relationships", "CompanyID", "INTEGER", "int", -1),
    ("relationships", "CompanyName", "VARCHAR", "string", 50),
    ("relationships", "DoingBusinessAs", "NVARCHAR", "string", -1),
    (DEALERS, "CompanyID", "BIGINT", "long", -1),
    (DEALERS, "CompanyName", "NVARCHAR", "string", 128),
    (DEALERS, "LocationEntityID", "BIGINT", "long", -1),
    (DEALERS, "LocationName", "NVARCHAR", "string", -1),
    (IMEI, "IMEI", "VARCHAR", "string", 100),
    (IMEI, "PurchaseDate", "DATE", "dateTime", -1),
    (IMEI, "ReturnDate", "DATE", "dateTime", -1),
    (IMEI, "ClientID", "UNIQUEIDENTIFIER", "string", -1),
]
each_report = pytest.mark.parametrize("report", REPORTS)


@pytest.fixture(scope="module")
def partners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partners]:
    with reporting(tmp_path_factory.mktemp("partners")) as made:
        yield made


def names(report: str) -> list[str]:
    return [name for where, name, *_ in FIELDS if where == report]


@pytest.mark.parametrize(("report", "name", "kind", "safe", "length"), FIELDS)
def test_a_field_is_called_and_typed_as_the_table_of_its_report_has_it(
    partners: Partners, report: str, name: str, kind: str, safe: str, length: int
) -> None:
    asked, row = REPORTS[report]
    table = partners.ask(report, Response="JsonDataTable", **asked).json()
    place = names(report).index(name)
    assert table["Schema"][place] == {"Column_Name": name, "Type": kind, "SafeType": safe, "Length": length}
    assert table["Records"][0][name] == row[name]


@each_report
def test_the_usual_answer_is_an_array_of_exactly_those_fields_in_their_order(partners: Partners, report: str) -> None:
    asked, row = REPORTS[report]
    for kind in ({}, {"Response": "Default"}):
        answer = partners.ask(report, **asked, **kind)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == [row]
        assert list(answer.json()[0]) == names(report)


@each_report
def test_the_table_in_xml_says_the_same_as_the_one_in_json(partners: Partners, report: str) -> None:
    asked, row = REPORTS[report]
    answer = partners.ask(report, Response="XmlDataTable", **asked)
    assert answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.content)
    assert [child.tag for child in root] == ["Record"] + ["Schema"] * len(names(report))
    assert {cell.tag: cell.text for cell in root[0]} == {name: str(value) for name, value in row.items()}
    said = [{cell.tag: cell.text for cell in column} for column in root.findall("Schema")]
    schema = partners.ask(report, Response="JsonDataTable", **asked).json()["Schema"]
    assert said == [{name: str(value) for name, value in column.items()} for column in schema]


@each_report
def test_csv_has_a_header_and_a_line_a_row(partners: Partners, report: str) -> None:
    asked, row = REPORTS[report]
    answer = partners.ask(report, Response="CSV", **asked)
    assert answer.headers["content-type"].startswith("text/csv")
    assert list(csv.reader(io.StringIO(answer.text))) == [names(report), [str(value) for value in row.values()]]


@each_report
def test_the_workbook_is_named_after_the_report_and_the_day(partners: Partners, report: str) -> None:
    asked, row = REPORTS[report]
    before = datetime.now(UTC).date()
    answer = partners.ask(report, Response="Excel", **asked)
    days = {before.isoformat(), datetime.now(UTC).date().isoformat()}
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    found = re.fullmatch(r"attachment;filename=([a-z]+)-([0-9-]{10})\.xlsx", answer.headers["content-disposition"])
    assert found is not None
    assert found[1] == report.rpartition("/")[2]
    assert found[2] in days
    assert sheet(answer.content) == [names(report), list(row.values())]


def test_what_is_not_known_of_a_device_is_null_or_empty(partners: Partners) -> None:
    asked = {"CompanyID": 21090, "IMEI": "014497002384321"}
    assert partners.ask(IMEI, **asked).json()[0] | {"ReturnDate": None, "ClientID": None} == {
        "IMEI": "014497002384321",
        "PurchaseDate": "2016-05-01T00:00:00",
        "ReturnDate": None,
        "ClientID": None,
    }
    record = ElementTree.fromstring(partners.ask(IMEI, Response="XmlDataTable", **asked).content)[0]
    assert record.findtext("ReturnDate") == ""
    assert partners.ask(IMEI, Response="CSV", **asked).text.splitlines()[1].endswith("T00:00:00,,")


def test_devices_come_in_the_order_they_are_asked_in_and_unknown_ones_not_at_all(partners: Partners) -> None:
    asked = "014497002384321,000000000000000, 014497002384313"
    rows = partners.ask(IMEI, CompanyID=21090, IMEI=asked).json()
    assert [row["IMEI"] for row in rows] == ["014497002384321", "014497002384313"]


def ids(answer: httpx.Response) -> list[int]:
    return [row.get("LocationEntityID", row["CompanyID"]) for row in answer.json()]


@pytest.mark.parametrize(
    ("who", "asked", "seen"),
    [
        ("partner", {}, [14189, 14200, 14201, 500, 501]),
        ("master", {}, [14188, 14189, 14200, 14201, 14202]),
        ("other", {}, [900]),
        ("nobody", {}, []),
        ("sandbox", {}, []),
        ("master", {"ForWho": "Region"}, [14188, 14189, 14200, 14201, 14202]),
        ("master", {"ForWho": "Region", "ForWhoIDs": "14188"}, [14188, 14202]),
        ("master", {"ForWho": "District"}, [14200, 14201]),
        ("master", {"ForWho": "Company", "ForWhoIDs": "14146"}, [14188, 14189, 14200, 14201, 14202]),
        ("master", {"ForWho": "Company", "ForWhoIDs": "30000"}, []),
        ("master", {"ForWho": "Region", "ForWhoIDs": "900"}, []),
        ("master", {"LocationType": "Region"}, [14188, 14189]),
        ("master", {"LocationType": "Location", "LocationTypeIDs": "14202,900"}, [14202]),
        ("master", {"ForWho": "Region", "ForWhoIDs": "14189", "LocationType": "Location"}, [14201]),
        ("master", {"LocationType": "Company"}, []),
        ("partner", {"LocationType": "Region", "LocationTypeIDs": "14188"}, []),
    ],
)
def test_dealers_are_the_locations_an_account_may_see_narrowed_as_asked(
    partners: Partners, who: str, asked: dict[str, str], seen: list[int]
) -> None:
    assert ids(partners.ask(DEALERS, who, **asked)) == seen


@pytest.mark.parametrize(
    ("who", "asked", "seen"),
    [
        ("partner", {}, [21090, 31000]),
        ("master", {}, [14146]),
        ("other", {}, [30000]),
        ("nobody", {}, []),
        ("partner", {"ForWho": "Channel"}, [21090]),
        ("partner", {"ForWho": "Company", "ForWhoIDs": "31000"}, [31000]),
        ("partner", {"LocationType": "Location", "LocationTypeIDs": "501"}, [21090]),
        ("partner", {"ForWho": "Company", "ForWhoIDs": "30000"}, []),
    ],
)
def test_relationships_are_the_companies_an_account_may_see_the_whole_of(
    partners: Partners, who: str, asked: dict[str, str], seen: list[int]
) -> None:
    assert ids(partners.ask("relationships", who, **asked)) == seen


@pytest.mark.parametrize(
    ("who", "asked", "seen"),
    [
        ("master", {}, ["669", "677", "685"]),
        ("partner", {}, ["669"]),
        ("master", {"ForWho": "Region", "ForWhoIDs": "14188"}, ["677"]),
        ("master", {"LocationType": "Region", "LocationTypeIDs": "14189"}, ["669"]),
        ("master", {"ForWho": "Company"}, ["669", "677", "685"]),
        ("master", {"ForWho": "Channel"}, []),
    ],
)
def test_devices_are_those_of_the_locations_an_account_may_see(
    partners: Partners, who: str, asked: dict[str, str], seen: list[str]
) -> None:
    every = ",".join(f"014497002384{end}" for end in ("669", "677", "685", "693", "313"))
    rows = partners.ask(IMEI, who, CompanyID=14146, IMEI=every, **asked).json()
    assert [row["IMEI"][-3:] for row in rows] == seen


def test_a_company_of_others_looks_like_one_that_is_not_there(partners: Partners) -> None:
    asked = {"IMEI": "014497002384693"}
    theirs = partners.ask(IMEI, "partner", 404, CompanyID=30000, **asked).json()
    missing = partners.ask(IMEI, "partner", 404, CompanyID=30001, **asked).json()
    assert json.dumps(theirs).replace("30000", "30001") == json.dumps(missing)
    assert partners.ask(IMEI, "other", CompanyID=30000, **asked).json()[0]["IMEI"] == asked["IMEI"]


def test_the_sandbox_sees_nothing_of_production(partners: Partners) -> None:
    assert [row["CompanyName"] for row in partners.ask("relationships", "sandbox").json()] == ["SANDBOX"]
    assert partners.ask(IMEI, "sandbox", **ONE).json() == []


def test_a_short_lived_token_stands_in_the_address_and_a_key_does_not(partners: Partners) -> None:
    url = partners.server.url
    form = {"grant_type": "client_credentials", "client_id": "partner", "client_secret": partners.keys["partner"]}
    token = httpx.post(f"{url}/oauth2/token", data=form, timeout=FAIL_SAFE_S).json()["access_token"]
    ask = f"{url}/partner/relationships"
    assert len(httpx.get(ask, params={"Auth": token}, timeout=FAIL_SAFE_S).json()) == 2
    refused = httpx.get(ask, params={"Auth": partners.keys["partner"]}, timeout=FAIL_SAFE_S)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (401, "Token is invalid")


def test_a_credential_for_look_ups_is_not_one_for_reports(partners: Partners) -> None:
    refused = partners.ask("relationships", "caller", 403, Response="XmlDataTable")
    assert refused.headers["content-type"] == "application/xml"
    assert ElementTree.fromstring(refused.content).findtext("error/reason") == "Unauthorized"


@pytest.mark.parametrize(
    ("path", "asked", "reason"),
    [
        ("relationships", {"Response": "Pdf"}, "Invalid Parameter 'Response': is none of Default, JsonDataTable"),
        ("relationships", {"ForWhoIDs": "1"}, "Missing Required Parameter 'ForWho'"),
        ("relationships", {"LocationTypeIDs": "1"}, "Missing Required Parameter 'LocationType'"),
        ("relationships", {"ForWho": "Planet"}, "Invalid Parameter 'ForWho': is none of Company, Region"),
        (DEALERS, {"ForWho": "Region", "ForWhoIDs": "1,x"}, "Invalid Parameter 'ForWhoIDs'"),
        (DEALERS, {"ForWho": "Region", "ForWhoIDs": str(2**63)}, "Invalid Parameter 'ForWhoIDs'"),
        (DEALERS, {"CompanyID": "1"}, "Unknown Parameter 'CompanyID'"),
        (IMEI, {"IMEI": "1"}, "Missing Required Parameter 'CompanyID'"),
        (IMEI, {"CompanyID": "1"}, "Missing Required Parameter 'IMEI'"),
        (IMEI, {"CompanyID": "0", "IMEI": "1"}, "Invalid Parameter 'CompanyID'"),
        (IMEI, {"CompanyID": "\u0661", "IMEI": "1"}, "Invalid Parameter 'CompanyID'"),
        (IMEI, {"CompanyID": "21090", "IMEI": "1,,2"}, "Invalid Parameter 'IMEI'"),
        (IMEI, {"CompanyID": "21090", "IMEI": "' OR 1=1"}, "Invalid Parameter 'IMEI'"),
        (IMEI, {"CompanyID": "21090", "IMEI": ",".join(["1"] * 1001)}, "Invalid Parameter 'IMEI'"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_what_is_wrong_with_it(
    partners: Partners, path: str, asked: dict[str, str], reason: str
) -> None:
    assert partners.ask(path, "partner", 400, **asked).json()["error"]["reason"].startswith(reason)


def test_an_answer_of_more_than_a_kibibyte_is_packed_for_those_who_take_it(partners: Partners) -> None:
    path = f"{partners.server.url}/partner/relationships/dealers"
    shown = {"Authorization": f"Bearer {partners.keys['master']}"}
    with httpx.Client(timeout=FAIL_SAFE_S) as client:
        for kind, packed in (("XmlDataTable", "gzip"), ("CSV", None), ("Excel", None)):
            asked = {"Response": kind}
            request = client.build_request("GET", path, params=asked, headers=shown | {"Accept-Encoding": "gzip"})
            answer = client.send(request, stream=True)
            raw = b"".join(answer.iter_raw())
            assert answer.headers.get("content-encoding") == packed, kind
            if packed:
                plain = client.get(path, params=asked, headers=shown | {"Accept-Encoding": "identity"}).content
                assert gzip.decompress(raw) == plain


def test_no_cell_is_obeyed_as_a_formula(partners: Partners) -> None:
    dealers = csv.DictReader(io.StringIO(partners.ask(DEALERS, Response="CSV", ForWho="Company").text))
    told = {row["LocationEntityID"]: row["LocationName"] for row in dealers}
    assert (told["500"], told["501"]) == ("'@North", "'-South")
    cells = sheet(partners.ask("relationships", Response="Excel").content)
    assert [row[2] for row in cells[1:]] == ["Kentel Corp", "'=cmd|'/c calc'!A1"]
    assert partners.ask("relationships").json()[1]["DoingBusinessAs"] == "=cmd|'/c calc'!A1"


def test_programs_that_want_links_get_them(partners: Partners) -> None:
    shown = {"Authorization": f"Bearer {partners.keys['master']}", "Accept": "application/hal+json"}
    with httpx.Client(base_url=partners.server.url, headers=shown, timeout=FAIL_SAFE_S) as client:
        answer = client.get("/partner/relationships")
        assert answer.headers["content-type"] == "application/hal+json"
        (company,) = answer.json()["_embedded"]["relationships"]
        dealers = client.get(company["_links"]["dealers"]["href"]).json()
        assert [row["LocationEntityID"] for row in dealers["_embedded"]["dealers"]] == [
            14188,
            14189,
            14200,
            14201,
            14202,
        ]
        region = dealers["_embedded"]["dealers"][1]
        itself = client.get(region["_links"]["self"]["href"]).json()["_embedded"]["dealers"]
        assert itself == [region]
        assert dealers["_links"]["item"][1] == region["_links"]["self"]


def test_a_report_takes_no_post_and_says_what_it_takes(partners: Partners) -> None:
    answer = httpx.post(f"{partners.server.url}/partner/relationships", timeout=FAIL_SAFE_S)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
