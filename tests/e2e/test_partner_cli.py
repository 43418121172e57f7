"""
Companies of partners as an operator meets them at the command line.
"""

from pathlib import Path

import pytest
from support.partners import COMPANIES, LOCATIONS, install_partners, load
from support.people import account
from support.shell import run, told


@pytest.fixture
def data(tmp_path: Path) -> Path:
    install_partners(tmp_path)
    return tmp_path


def test_the_list_counts_what_there_is_and_names_who_may_see_it(data: Path) -> None:
    rows = {row["company"]: row for row in told(data, "partner", "list")}
    assert rows[14146] == {
        "company": 14146,
        "name": "MasterCompany",
        "doing_business_as": "Master & Söhne",
        "locations": 5,
        "devices": 3,
        "grants": [{"account": "master", "location": None}, {"account": "partner", "location": 14189}],
    }
    assert "partner (14189)" in run(data, "partner", "list").stdout
    assert [row["name"] for row in told(data, "partner", "list", "--test")] == ["SANDBOX", "NOT"]


def test_lines_that_cannot_be_taken_are_told_and_end_the_command_so(data: Path) -> None:
    said = load(data, "companies", COMPANIES + "1,,Nobody\nx,A,B\n", status=1)
    assert "4 taken, 2 refused line 6: CompanyName is empty line 7: CompanyID is not a whole number" in said
    assert "has no column LocationName" in load(data, "locations", "CompanyID,LocationEntityID\n1,1\n", status=2)
    assert "0 taken, 1 refused" in load(data, "imei", "CompanyID,IMEI,PurchaseDate\n99,1,2016-01-01\n", status=2)


def test_what_is_left_out_of_a_file_that_replaces_is_gone(data: Path) -> None:
    load(data, "imei", "CompanyID,IMEI,PurchaseDate\n21090,1,2016-01-01\n", "--replace")
    load(data, "locations", LOCATIONS.replace("14146,14202,Store 2-1,Location,14188\n", ""), "--replace")
    rows = {row["company"]: row for row in told(data, "partner", "list")}
    assert (rows[14146]["locations"], rows[14146]["devices"], rows[21090]["devices"]) == (4, 0, 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["load", "shops", "{file}"], "'shops' is none of companies, locations, imei"),
        (["grant", "nobody-here", "21090"], "no account 'nobody-here'"),
        (["grant", "other", "5"], "no company 5"),
        (["grant", "other", "21090", "--location", "900"], "company 21090 has no location 900"),
        (["revoke", "nobody-here", "21090"], "no account 'nobody-here'"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(data: Path, words: list[str], says: str) -> None:
    before = told(data, "audit")
    words = [word.format(file=data / "companies.csv") for word in words]
    assert says in " ".join(run(data, "partner", *words, status=2).stderr.split())
    assert told(data, "audit") == before


def test_a_grant_is_given_once_and_taken_back_once(data: Path) -> None:
    account(data, "new")
    assert (
        "new sees location 501 of company 21090"
        in run(data, "partner", "grant", "new", "21090", "--location", "501").stdout
    )
    assert "new already sees" in run(data, "partner", "grant", "new", "21090", "--location", "501").stdout
    assert "no longer sees" in run(data, "partner", "revoke", "new", "21090", "--location", "501").stdout
    assert "was not granted" in run(data, "partner", "revoke", "new", "21090", "--location", "501", status=1).stderr
