"""
Lines of files of companies, locations and devices: taken as their report's table of fields has it, or refused by name.
"""

import io
from collections.abc import Mapping
from datetime import date

import pytest
import xlsxwriter

from ratecards.numberset import ListError, Refusals
from service.manage.partner_fields import KINDS
from service.manage.partner_file import MAX_LINES, read_items
from service.manage.partner_tree import MAX_DEPTH, below, fault
from service.store.partner import Company, Device, Location
from service.store.partner_put import Item

DEVICE = {"CompanyID": "7", "IMEI": "014497002384313", "PurchaseDate": "2016-04-17"}
PLACE = {"CompanyID": "7", "LocationEntityID": "9", "LocationName": "Store", "LocationType": "Location"}
COMPANY = {"CompanyID": "7", "CompanyName": "KENTEL", "DoingBusinessAs": "Kentel"}
USUAL = {"companies": COMPANY, "locations": PLACE, "imei": DEVICE}


def read(kind: str, text: str | bytes) -> tuple[dict[int, Item], list[tuple[int, str]]]:
    refusals = Refusals()
    data = text.encode() if isinstance(text, str) else text
    items = read_items(data, KINDS[kind], refusals)
    return items, [tuple(one) for one in refusals.listed]


def table(*lines: Mapping[str, str]) -> str:
    names = list(lines[0])
    return "\n".join([",".join(names), *(",".join(f'"{line[name]}"' for name in names) for line in lines)]) + "\n"


def book(*lines: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        for row, cells in enumerate([list(lines[0]), *(list(line.values()) for line in lines)]):
            sheet.write_row(row, 0, cells)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("companies", Company(7, "KENTEL", "Kentel")),
        ("locations", Location(9, 7, "Store", "Location")),
        ("imei", Device(7, "014497002384313", date(2016, 4, 17))),
    ],
)
def test_csv_and_workbooks_say_the_same(kind: str, item: Item) -> None:
    line = USUAL[kind]
    assert read(kind, table(line)) == ({2: item}, [])
    assert read(kind, table(line).replace(",", ";")) == ({2: item}, [])
    assert read(kind, book(line)) == ({2: item}, [])


@pytest.mark.parametrize(
    ("kind", "column", "value", "reason"),
    [
        ("companies", "CompanyID", "", "CompanyID is empty"),
        ("companies", "CompanyID", "0", "CompanyID is not a whole number from 1 to 2147483647"),
        ("companies", "CompanyID", "2147483648", "CompanyID is not a whole number"),
        ("companies", "CompanyID", "\u0661", "CompanyID is not a whole number"),
        ("companies", "CompanyName", "x" * 51, "CompanyName has more than 50 characters"),
        ("companies", "DoingBusinessAs", "", "DoingBusinessAs is empty"),
        ("companies", "DoingBusinessAs", "a\x07b", "DoingBusinessAs has a control character in it"),
        ("locations", "LocationEntityID", str(2**63), "LocationEntityID is not a whole number"),
        ("locations", "LocationType", "Planet", "LocationType is none of Region, Channel, District, Location"),
        ("locations", "ParentID", "x", "ParentID is not a whole number"),
        ("imei", "IMEI", "1.4E+16", "IMEI is not 1 to 100 letters and digits"),
        ("imei", "IMEI", "1" * 101, "IMEI is not 1 to 100 letters and digits"),
        ("imei", "PurchaseDate", "17/04/2016", "PurchaseDate is not a date such as 2016-04-17"),
        ("imei", "PurchaseDate", "2016-02-30", "PurchaseDate is not a date"),
        ("imei", "PurchaseDate", "2016-04-17T10:00:00", "PurchaseDate is not a date"),
        ("imei", "ReturnDate", "2016-04-16", "ReturnDate is before PurchaseDate"),
        ("imei", "ClientID", "24168022", "ClientID is no UUID"),
        ("imei", "LocationEntityID", "-1", "LocationEntityID is not a whole number"),
    ],
)
def test_a_cell_that_cannot_be_taken_costs_its_line_alone_and_is_named(
    kind: str, column: str, value: str, reason: str
) -> None:
    good = {column: {"ParentID": "8", "ReturnDate": "2016-05-01"}.get(column, "")} | USUAL[kind]
    items, refused = read(kind, table(good | {column: value}, good))
    assert list(items) == [3]
    assert [line for line, _ in refused] == [2]
    assert refused[0][1].startswith(reason)


def test_what_a_line_may_leave_out_is_taken_where_it_is_there() -> None:
    more = {"ReturnDate": "2016-12-30T00:00:00", "ClientID": "24168022-3ED4-422F-90A0-31C70869C1D7"}
    items, _ = read("imei", table(DEVICE | more | {"LocationEntityID": "9"}))
    client = "24168022-3ed4-422f-90a0-31c70869c1d7"
    assert items[2] == Device(7, "014497002384313", date(2016, 4, 17), date(2016, 12, 30), client, 9)


def test_the_second_line_of_one_thing_is_refused() -> None:
    items, refused = read("companies", table(COMPANY, COMPANY | {"CompanyName": "OTHER"}))
    assert (list(items), refused) == ([2], [(3, "is in line 2 already")])
    again = read("imei", table(DEVICE, DEVICE | {"PurchaseDate": "2017-01-01"}))
    assert (len(again[0]), again[1]) == (2, [])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("CompanyID,CompanyName\n1,A\n", "has no column DoingBusinessAs"),
        ("CompanyID,CompanyName,DoingBusinessAs,Colour\n1,A,B,red\n", "the column 'Colour' is not known"),
        ("CompanyID,CompanyName,DoingBusinessAs,companyid\n1,A,B,1\n", "the column 'companyid' is there twice"),
        ("%PDF-1.7", "is a PDF"),
        ("CompanyID,CompanyName,DoingBusinessAs\n" + "1,A,B\n" * (MAX_LINES + 1), "has more than 100,000 lines"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_whole(text: str, says: str) -> None:
    with pytest.raises(ListError) as raised:
        read("companies", text)
    assert says in str(raised.value)


def place(number: int, parent: int | None, kind: str = "Region", company: int = 7) -> Location:
    return Location(number, company, str(number), kind, parent)


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ([place(1, None), place(2, 1)], None),
        ([place(1, 2), place(2, 1)], "circle"),
        ([place(1, 1)], "circle"),
        ([place(1, 5)], "is no location of company 7"),
        ([place(2, 1), place(1, None, company=8)], "is no location of company 7"),
        ([place(2, 1), place(1, None, "Location")], "is a Location, which has none below it"),
        ([place(99, 0), place(0, None), *(place(n, n - 1) for n in range(1, 4))], None),
        (
            [place(MAX_DEPTH + 2, MAX_DEPTH + 1), *(place(n, n - 1) for n in range(1, MAX_DEPTH + 2)), place(0, None)],
            "deeper",
        ),
    ],
)
def test_a_location_stands_below_one_of_its_company_that_may_have_some_below_it(
    tree: list[Location], says: str | None
) -> None:
    found = fault(tree[0], {one.location_id: one for one in tree})
    assert found is None if says is None else says in (found or "")


def test_below_a_location_is_itself_and_all_that_hangs_on_it() -> None:
    tree = [place(1, None), place(2, 1), place(3, 2), place(4, 1), place(5, None)]
    assert below(tree, [2]) == {2, 3}
    assert below(tree, [1]) == {1, 2, 3, 4}
    assert below(tree, [9]) == {9}
