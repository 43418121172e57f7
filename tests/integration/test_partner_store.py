"""
Companies of partners in every kind of store: a file is taken whole or not at all, and nobody's tree breaks.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from ratecards.numberset import ListError
from service.manage.partner_fields import KINDS
from service.manage.partner_list import companies_view
from service.manage.partner_load import load_file
from service.manage.partner_reports import Asker, NoCompanyError, report_dealers, report_imei, report_relationships
from service.manage.partner_seen import Level, Narrowed
from service.store.accounts import AccountError, Record, add_account
from service.store.audit import list_changes
from service.store.partner import Grant, grant_access, list_locations, revoke_access

WHO = "cli:anna"
LIVE = "live"
COMPANIES = "CompanyID,CompanyName,DoingBusinessAs\n"
LOCATIONS = "CompanyID,LocationEntityID,LocationName,LocationType,ParentID\n"
DEVICES = "CompanyID,IMEI,PurchaseDate,ReturnDate,ClientID,LocationEntityID\n"
ALL = Narrowed()


def load(engine: Engine, kind: str, text: str, *, replace: bool = False, environment: str = LIVE) -> dict[str, Any]:
    header = {"companies": COMPANIES, "locations": LOCATIONS, "imei": DEVICES}[kind]
    data = (header + text).encode()
    return load_file(engine, environment, KINDS[kind], data, f"{kind}.csv", WHO, replace=replace).as_json()


@pytest.fixture
def partners(engine: Engine) -> Engine:
    load(engine, "companies", "1,ONE,One\n2,TWO,Two\n")
    load(engine, "locations", "1,12,B,Location,11\n1,11,A,Region,\n2,21,C,Region,\n")
    load(engine, "imei", "1,0123,2016-04-17,,,12\n1,0124,2016-04-18,,,\n")
    for name in ("acme", "other"):
        add_account(engine, Record(name), WHO)
    grant_access(engine, LIVE, Grant("acme", 1), WHO)
    return engine


def dealers(engine: Engine, account: str = "acme", narrowed: Narrowed = ALL) -> list[int]:
    return [row["LocationEntityID"] for row in report_dealers(engine, Asker(account, LIVE), narrowed).rows]


def test_what_is_loaded_is_reported_to_whom_it_is_granted(partners: Engine) -> None:
    assert dealers(partners) == [11, 12]
    assert dealers(partners, "other") == []
    assert grant_access(partners, LIVE, Grant("other", 1, 12), WHO) is True
    assert dealers(partners, "other") == [12]
    assert report_relationships(partners, Asker("other", LIVE), ALL).rows == []
    imeis = ["0124", "0123"]
    assert [row["IMEI"] for row in report_imei(partners, Asker("acme", LIVE), ALL, 1, imeis).rows] == imeis
    assert [row["IMEI"] for row in report_imei(partners, Asker("other", LIVE), ALL, 1, imeis).rows] == ["0123"]
    with pytest.raises(NoCompanyError):
        report_imei(partners, Asker("other", LIVE), ALL, 2, imeis)
    assert revoke_access(partners, LIVE, Grant("other", 1, 12), WHO) is True
    assert dealers(partners, "other") == []


def test_a_level_is_not_mistaken_for_another_with_the_same_number(partners: Engine) -> None:
    load(partners, "locations", "1,1,Same,District,11\n")
    assert dealers(partners, narrowed=Narrowed(Level("District", frozenset({1})))) == [1]
    assert dealers(partners, narrowed=Narrowed(level=Level("Region", frozenset({1})))) == []


def test_a_line_with_the_same_key_takes_the_place_of_what_was_there(partners: Engine) -> None:
    load(partners, "companies", "1,ONE,Uno\n")
    load(partners, "locations", "1,12,B,Location,\n")
    load(partners, "imei", "1,0123,2016-04-17,2016-05-01,,\n")
    (row,) = report_relationships(partners, Asker("acme", LIVE), ALL).rows
    assert row["DoingBusinessAs"] == "Uno"
    assert dealers(partners, narrowed=Narrowed(Level("Region"))) == [11]
    (sold,) = report_imei(partners, Asker("acme", LIVE), ALL, 1, ["0123"]).rows
    assert sold["ReturnDate"] == "2016-05-01T00:00:00"


def test_lines_that_fit_nothing_are_refused_and_the_others_taken(partners: Engine) -> None:
    told = load(
        partners, "locations", "9,91,X,Region,\n1,13,X,Region,21\n1,21,X,Region,\n1,14,Y,Region,13\n1,15,Z,Region,\n"
    )
    assert (told["taken"], told["refused"]) == (1, 4)
    assert told["problems"] == [
        {"line": 2, "reason": "there is no company 9"},
        {"line": 3, "reason": "ParentID 21 is no location of company 1"},
        {"line": 4, "reason": "location 21 is of company 2"},
        {"line": 5, "reason": "location 13 above it: ParentID 21 is no location of company 1"},
    ]
    assert dealers(partners) == [11, 12, 15]
    told = load(partners, "imei", "9,1,2016-01-01,,,\n1,2,2016-01-01,,,21\n1,3,2016-01-01,,,11\n")
    assert [one["reason"] for one in told["problems"]] == ["there is no company 9", "company 1 has no location 21"]


def test_a_change_that_would_break_the_tree_below_is_refused(partners: Engine) -> None:
    told = load(partners, "locations", "1,11,A,Location,\n")
    assert "location 12 below it could not be" in told["problems"][0]["reason"]
    told = load(partners, "locations", "1,11,A,Region,12\n")
    assert told["taken"] == 0
    with partners.connect() as connection:
        assert [(one.location_id, one.parent_id) for one in list_locations(connection, LIVE, {1})] == [
            (11, None),
            (12, 11),
        ]


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("companies", "1,ONE,One\n", "does not have 2, for which there are locations"),
        ("locations", "1,11,A,Region,\n", "does not have 12, for which there are devices"),
        ("companies", "1,ONE,One\n2,,Two\n", "cannot replace what is there: line 3: CompanyName is empty"),
        ("imei", "", "has nothing to replace what is there with"),
    ],
)
def test_what_cannot_be_replaced_stays_wholly(partners: Engine, kind: str, text: str, says: str) -> None:
    before = companies_view(partners, LIVE)
    changes = list_changes(partners)
    with pytest.raises(ListError, match=says):
        load(partners, kind, text, replace=True)
    assert companies_view(partners, LIVE) == before
    assert list_changes(partners) == changes


def test_a_file_that_replaces_leaves_nothing_else_and_nothing_of_the_sandbox_is_touched(partners: Engine) -> None:
    load(partners, "companies", "5,FIVE,Five\n", environment="test")
    load(partners, "imei", "1,0999,2016-04-17,,,\n", replace=True)
    load(partners, "locations", "2,21,C,Region,\n1,30,New,Channel,\n", replace=True)
    assert dealers(partners) == [30]
    assert report_imei(partners, Asker("acme", LIVE), ALL, 1, ["0123"]).rows == []
    assert [row["company"] for row in companies_view(partners, "test")] == [5]


def test_every_change_is_in_the_audit(partners: Engine) -> None:
    assert grant_access(partners, LIVE, Grant("acme", 1), WHO) is False
    loads = [change for change in list_changes(partners) if change.action == "partner.load"]
    assert [(one.object, one.detail["taken"]) for one in reversed(loads)] == [
        ("partner companies", 2),
        ("partner locations", 3),
        ("partner imei", 2),
    ]
    (grant,) = list_changes(partners, "account acme", limit=1)
    assert (grant.action, grant.actor, grant.detail["company"]) == ("partner.grant", WHO, 1)


@pytest.mark.parametrize(
    ("grant", "says"),
    [
        (Grant("nobody", 1), "no account 'nobody'"),
        (Grant("acme", 9), "no company 9"),
        (Grant("acme", 1, 21), "company 1 has no location 21"),
    ],
)
def test_nothing_is_granted_that_is_not_there(partners: Engine, grant: Grant, says: str) -> None:
    with pytest.raises(AccountError, match=says):
        grant_access(partners, LIVE, grant, WHO)


def test_many_lines_at_once_from_several_at_one_time_are_all_there(partners: Engine) -> None:
    texts = [
        "".join(f"1,{n},2016-04-17,,,\n" for n in range(start, start + 3_000)) for start in (10_000, 12_000, 20_000)
    ]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda text: load(partners, "imei", text), texts))
    (one, _) = companies_view(partners, LIVE)
    assert one["devices"] == 2 + 8_000
