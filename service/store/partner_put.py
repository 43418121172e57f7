"""
Companies, locations and devices put into the store: many at a time, in place of what had their keys.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, Date, Table, bindparam, delete, select, text

from service.store.partner import Company, Device, Location
from service.store.tables import partner_companies, partner_devices, partner_grants, partner_locations

Item = Company | Location | Device
TABLES: dict[type[Item], Table] = {
    Company: partner_companies,
    Location: partner_locations,
    Device: partner_devices,
}
_AT_ONCE = 10_000


def put_items(connection: Connection, environment: str, kind: type[Item], items: Sequence[Item]) -> None:
    """
    Put them beside those that are there; one with the same key goes.
    """
    table = TABLES[kind]
    names = [column.name for column in table.columns if column.name != "environment"]
    is_sqlite = connection.dialect.name == "sqlite"
    statement = text(f"INSERT INTO {table.name} (environment, {', '.join(names)}) {_source(table, names, is_sqlite)}")
    for start in range(0, len(items), _AT_ONCE):
        rows = [asdict(item) for item in items[start : start + _AT_ONCE]]
        if is_sqlite:
            connection.execute(
                statement.bindparams(*_dates(table)), [{"environment": environment, **row} for row in rows]
            )
        else:  # one statement with a list a column: a row at a time it is some times slower
            lists = {name: [row[name] for row in rows] for name in names}
            connection.execute(statement, {"environment": environment, **lists})


def _source(table: Table, names: list[str], is_sqlite: bool) -> str:
    """
    Where the rows come from, and what becomes of those that are there already.
    """
    keys = [column.name for column in table.primary_key]
    others = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {others}"
    if is_sqlite:
        return f"VALUES (:environment, {', '.join(f':{name}' for name in names)}) {conflict}"
    lists = ", ".join(f"CAST(:{name} AS {_word(table, name)}[])" for name in names)
    return f"SELECT :environment, one.* FROM unnest({lists}) AS one({', '.join(names)}) {conflict}"  # noqa: S608 - names


def _word(table: Table, name: str) -> str:
    kind = table.c[name].type
    return "bigint" if isinstance(kind, BigInteger) else "date" if isinstance(kind, Date) else "text"


def _dates(table: Table) -> list[BindParameter[Any]]:
    """
    Parameters that SQLite must be told the kind of.
    """
    return [bindparam(column.name, type_=Date) for column in table.columns if isinstance(column.type, Date)]


def clear_items(connection: Connection, environment: str, kind: type[Item]) -> None:
    """
    Forget all of a kind.
    """
    table = TABLES[kind]
    connection.execute(delete(table).where(table.c.environment == environment))


def companies_in_use(connection: Connection, environment: str) -> dict[int, str]:
    """
    Companies that something else names, and what.
    """
    used: dict[int, str] = {}
    for table, what in ((partner_devices, "devices"), (partner_grants, "grants"), (partner_locations, "locations")):
        named = select(table.c.company_id).where(table.c.environment == environment).distinct()
        used |= dict.fromkeys(connection.scalars(named), what)
    return used


def locations_in_use(connection: Connection, environment: str) -> dict[int, str]:
    """
    Locations that something else names, and what.
    """
    used: dict[int, str] = {}
    for table, what in ((partner_devices, "devices"), (partner_grants, "grants")):
        place = table.c.location_id
        named = select(place).where(table.c.environment == environment, place.is_not(None), place > 0).distinct()
        used |= dict.fromkeys(connection.scalars(named), what)
    return used
