"""
The three reports of partners: companies, their locations, and devices.

Source: the tables of fields of the reports Relationship, DealerRelationship and IMEI.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine

from service.manage.partner_seen import Narrowed, Seen, seen_companies
from service.render.report import Column, Report
from service.render.table import Row
from service.store.partner import Device, Location, list_devices

NO_LENGTH = -1
"""Of a column whose values have no length of their own, or whose length has no end."""
RELATIONSHIPS = (
    Column("CompanyID", "INTEGER", NO_LENGTH),
    Column("CompanyName", "VARCHAR", 50),
    Column("DoingBusinessAs", "NVARCHAR", NO_LENGTH),
)
DEALERS = (
    Column("CompanyID", "BIGINT", NO_LENGTH),
    Column("CompanyName", "NVARCHAR", 128),
    Column("LocationEntityID", "BIGINT", NO_LENGTH),
    Column("LocationName", "NVARCHAR", NO_LENGTH),
)
IMEI = (
    Column("IMEI", "VARCHAR", 100),
    Column("PurchaseDate", "DATE", NO_LENGTH),
    Column("ReturnDate", "DATE", NO_LENGTH),
    Column("ClientID", "UNIQUEIDENTIFIER", NO_LENGTH),
)


class NoCompanyError(LookupError):
    """
    A company that is not there, or not for whoever asks: which of the two is nobody's business.
    """


@dataclass(frozen=True, slots=True)
class Asker:
    """
    Whose report it is.

    Attributes:
        account: its name.
        environment: ``live`` or ``test``.
    """

    account: str
    environment: str

    def see(self, connection: Connection, narrowed: Narrowed, only: int | None = None) -> list[Seen]:
        return seen_companies(connection, self.environment, self.account, narrowed, only)


def report_relationships(engine: Engine, asker: Asker, narrowed: Narrowed) -> Report:
    """
    Companies the account may see the whole of, of which something is left.
    """
    with engine.connect() as connection:
        companies = [
            one.company for one in asker.see(connection, narrowed) if one.is_whole and (one.has_top or one.left)
        ]
    rows = [
        {"CompanyID": one.company_id, "CompanyName": one.name, "DoingBusinessAs": one.doing_business_as}
        for one in companies
    ]
    return Report("relationships", RELATIONSHIPS, rows, [_of_company(row) for row in rows])


def report_dealers(engine: Engine, asker: Asker, narrowed: Narrowed) -> Report:
    """
    Locations of all levels that the account may see.
    """
    with engine.connect() as connection:
        companies = asker.see(connection, narrowed)
    found = [(one, place) for one in companies for place in one.tree if place.location_id in one.left]
    rows = [_dealer(one, place) for one, place in found]
    return Report("dealers", DEALERS, rows, [_of_location(place) for _, place in found])


def _dealer(one: Seen, place: Location) -> Row:
    company = {"CompanyID": place.company_id, "CompanyName": one.company.name}
    return company | {"LocationEntityID": place.location_id, "LocationName": place.name}


def report_imei(engine: Engine, asker: Asker, narrowed: Narrowed, company_id: int, imeis: Sequence[str]) -> Report:
    """
    When devices were sold by a company and came back, in the order they are asked in.

    Raises:
        NoCompanyError: the account may see nothing of that company.
    """
    with engine.connect() as connection:
        seen = next(iter(asker.see(connection, narrowed, company_id)), None)
        if seen is None:
            raise NoCompanyError(f"no company {company_id}")
        devices = list_devices(connection, asker.environment, company_id, imeis)
    covered = seen.covered()
    order = {imei: place for place, imei in reversed(list(enumerate(imeis)))}
    shown = [one for one in devices if covered is None or one.location_id in covered]
    return Report("imei", IMEI, [_device(one) for one in sorted(shown, key=lambda one: order[one.imei])], [])


def _device(one: Device) -> Row:
    return {
        "IMEI": one.imei,
        "PurchaseDate": _midnight(one.purchased),
        "ReturnDate": None if one.returned is None else _midnight(one.returned),
        "ClientID": one.client_id,
    }


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00"


def _of_company(row: Row) -> dict[str, str]:
    asked = f"?ForWho=Company&ForWhoIDs={row['CompanyID']}"
    return {"self": f"/partner/relationships{asked}", "dealers": f"/partner/relationships/dealers{asked}"}


def _of_location(place: Location) -> dict[str, str]:
    """
    Of a location: itself, all below it, and its company.
    """
    root = "/partner/relationships"
    return {
        "self": f"{root}/dealers?LocationType={place.type}&LocationTypeIDs={place.location_id}",
        "below": f"{root}/dealers?ForWho={place.type}&ForWhoIDs={place.location_id}",
        "company": f"{root}?ForWho=Company&ForWhoIDs={place.company_id}",
    }
