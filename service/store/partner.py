"""
Companies that partners report on: their locations, the devices sold there, and who may see them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import Connection, Engine, delete, func, select

from service.store.accounts import AccountError
from service.store.audit import record
from service.store.database import changing
from service.store.tables import accounts, partner_companies, partner_devices, partner_grants, partner_locations

Item = TypeVar("Item")
LOCATION_TYPES = ("Region", "Channel", "District", "Location")
WHOLE = 0
"""Stands for the whole company where a grant names a location."""
_AT_ONCE = 500
"""Values in one list of a query: SQLite takes 999 on old machines."""


@dataclass(frozen=True, slots=True)
class Company:
    """
    Attributes:
        name: of its database, as the field has it; 50 characters at most.
        doing_business_as: how it is known.
    """

    company_id: int
    name: str
    doing_business_as: str


@dataclass(frozen=True, slots=True)
class Location:
    """
    A place in the tree of a company.

    Attributes:
        type: one of :data:`LOCATION_TYPES`.
        parent_id: location above it; None: the company.
    """

    location_id: int
    company_id: int
    name: str
    type: str
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """
    A sale of a device.

    Attributes:
        client_id: UUID of who bought it; None: not known, as ``returned`` and ``location_id``.
    """

    company_id: int
    imei: str
    purchased: date
    returned: date | None = None
    client_id: str | None = None
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """
    Attributes:
        account: its name.
        location_id: what of the company it may see, with all below; :data:`WHOLE`: all of it.
    """

    account: str
    company_id: int
    location_id: int = WHOLE


def list_companies(connection: Connection, environment: str, wanted: Collection[int] | None = None) -> list[Company]:
    """
    Companies by their number.

    Args:
        wanted: numbers; None: all.
    """
    table = partner_companies
    query = select(table.c.company_id, table.c.name, table.c.doing_business_as).order_by(table.c.company_id)
    query = query.where(table.c.environment == environment)
    if wanted is None:
        return [Company(*row) for row in connection.execute(query)]
    parts = (query.where(table.c.company_id.in_(part)) for part in _parts(sorted(wanted)))
    return [Company(*row) for part in parts for row in connection.execute(part)]


def list_locations(
    connection: Connection, environment: str, companies: Collection[int] | None = None
) -> list[Location]:
    """
    Locations by company and number.

    Args:
        companies: whose; None: all.
    """
    table = partner_locations
    columns = (table.c.location_id, table.c.company_id, table.c.name, table.c.type, table.c.parent_id)
    query = select(*columns).where(table.c.environment == environment)
    query = query.order_by(table.c.company_id, table.c.location_id)
    if companies is None:
        return [Location(*row) for row in connection.execute(query)]
    parts = (query.where(table.c.company_id.in_(part)) for part in _parts(sorted(companies)))
    return [Location(*row) for part in parts for row in connection.execute(part)]


def list_devices(connection: Connection, environment: str, company_id: int, imeis: Iterable[str]) -> list[Device]:
    """
    Sales of some devices by one company, by IMEI and date.
    """
    table = partner_devices
    names = ("company_id", "imei", "purchased", "returned", "client_id", "location_id")
    query = select(*(table.c[name] for name in names)).where(
        table.c.environment == environment, table.c.company_id == company_id
    )
    query = query.order_by(table.c.imei, table.c.purchased)
    parts = (query.where(table.c.imei.in_(part)) for part in _parts(sorted(set(imeis))))
    return [Device(*row) for part in parts for row in connection.execute(part)]


def count_devices(connection: Connection, environment: str) -> dict[int, int]:
    """
    Sales of devices by company.
    """
    table = partner_devices
    query = select(table.c.company_id, func.count()).where(table.c.environment == environment)
    rows = connection.execute(query.group_by(table.c.company_id))
    return {row[0]: row[1] for row in rows}


def list_grants(connection: Connection, environment: str, account: str | None = None) -> list[Grant]:
    """
    Who may see what, by account, company and location.

    Args:
        account: its name; None: all.
    """
    grants = partner_grants
    query = select(accounts.c.name, grants.c.company_id, grants.c.location_id).join_from(grants, accounts)
    query = query.where(grants.c.environment == environment)
    if account is not None:
        query = query.where(accounts.c.name == account)
    ordered = query.order_by(accounts.c.name, grants.c.company_id, grants.c.location_id)
    return [Grant(*row) for row in connection.execute(ordered)]


def grant_access(engine: Engine, environment: str, grant: Grant, actor: str) -> bool:
    """
    Let an account see a company, or a location of it and all below; False: it may already.

    Raises:
        AccountError: there is no such account, company or location.
    """
    with changing(engine) as connection:
        number = _account(connection, grant.account)
        _check(connection, environment, grant)
        if grant in list_grants(connection, environment, grant.account):
            return False
        connection.execute(partner_grants.insert().values(_values(environment, grant, number)))
        _changed(connection, actor, "partner.grant", environment, grant)
    return True


def revoke_access(engine: Engine, environment: str, grant: Grant, actor: str) -> bool:
    """
    Take back what was granted; False: it was not.

    Raises:
        AccountError: there is no such account.
    """
    with changing(engine) as connection:
        number = _account(connection, grant.account)
        held = [partner_grants.c[name] == value for name, value in _values(environment, grant, number).items()]
        gone = connection.execute(delete(partner_grants).where(*held)).rowcount > 0
        if gone:
            _changed(connection, actor, "partner.revoke", environment, grant)
    return gone


def _account(connection: Connection, name: str) -> int:
    number = connection.scalar(select(accounts.c.id).where(accounts.c.name == name))
    if number is None:
        raise AccountError(f"no account '{name}'")
    return int(number)


def _check(connection: Connection, environment: str, grant: Grant) -> None:
    if not list_companies(connection, environment, {grant.company_id}):
        raise AccountError(f"no company {grant.company_id}")
    known = {place.location_id for place in list_locations(connection, environment, {grant.company_id})}
    if grant.location_id not in known | {WHOLE}:
        raise AccountError(f"company {grant.company_id} has no location {grant.location_id}")


def _values(environment: str, grant: Grant, account: int) -> dict[str, int | str]:
    given = {"company_id": grant.company_id, "location_id": grant.location_id}
    return {"account_id": account, "environment": environment, **given}


def _changed(connection: Connection, actor: str, action: str, environment: str, grant: Grant) -> None:
    location = None if grant.location_id == WHOLE else grant.location_id
    detail = {"environment": environment, "company": grant.company_id, "location": location}
    record(connection, actor, action, f"account {grant.account}", **detail)


def _parts(values: list[Item]) -> Iterable[list[Item]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
