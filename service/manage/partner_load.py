"""
Files of companies, locations and devices into the store: wholly, apart from lines that cannot be taken, or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from ratecards.numberset import ListError, Refusals
from service.manage.partner_fields import Kind
from service.manage.partner_file import read_items
from service.manage.partner_tree import fault
from service.store.audit import record
from service.store.database import changing
from service.store.partner import Company, Device, Location, list_companies, list_locations
from service.store.partner_put import Item, clear_items, companies_in_use, locations_in_use, put_items

Faults = dict[int, str]
"""What is wrong with lines, by their number."""


@dataclass(slots=True)
class Loaded:
    """
    What became of a file.

    Attributes:
        taken: lines.
    """

    taken: int = 0
    refusals: Refusals = field(default_factory=Refusals)

    def as_json(self) -> dict[str, Any]:
        listed = [{"line": one.line, "reason": one.reason} for one in self.refusals.listed]
        return {"taken": self.taken, "refused": self.refusals.count, "problems": listed}


def load_file(
    engine: Engine, environment: str, kind: Kind, data: bytes, source: str, actor: str, *, replace: bool = False
) -> Loaded:
    """
    Put what a file has into the store, beside what is there; what has the same key goes.

    Args:
        source: name of the file, for the audit.
        replace: what the file does not have goes too; then it must not have a line that cannot be taken.

    Raises:
        ListError: it is not the file it should be, or cannot replace what is there; nothing was changed.
    """
    loaded = Loaded()
    items = read_items(data, kind, loaded.refusals)
    with changing(engine) as connection:
        for line, reason in sorted(_CHECKS[kind.item](connection, environment, items, replace).items()):
            loaded.refusals.add(line, reason)
            del items[line]
        loaded.refusals.listed.sort()
        if replace:
            _make_room(connection, environment, kind, items, loaded.refusals)
        loaded.taken = len(items)
        if items or replace:
            put_items(connection, environment, kind.item, list(items.values()))
            detail = {"environment": environment, "file": source[:255], "replace": replace}
            counts = {"taken": loaded.taken, "refused": loaded.refusals.count}
            record(connection, actor, "partner.load", f"partner {kind.name}", **detail, **counts)
    return loaded


def _make_room(
    connection: Connection, environment: str, kind: Kind, items: dict[int, Item], refusals: Refusals
) -> None:
    if refusals.count:
        first = refusals.listed[0]
        raise ListError(f"cannot replace what is there: line {first.line}: {first.reason}")
    if not items:
        raise ListError("has nothing to replace what is there with")
    held = _IN_USE.get(kind.item)
    used = {} if held is None else held(connection, environment)
    for item in items.values():
        used.pop(item.location_id if isinstance(item, Location) else item.company_id, None)
    for number, what in sorted(used.items()):
        raise ListError(f"does not have {number}, for which there are {what}")
    clear_items(connection, environment, kind.item)


def _check_companies(_connection: Connection, _environment: str, _items: dict[int, Item], _replace: bool) -> Faults:
    return {}


def _check_locations(connection: Connection, environment: str, items: dict[int, Item], replace: bool) -> Faults:
    """
    Companies must be there, and each tree must be one, with what is there already.
    """
    new = {line: item for line, item in items.items() if isinstance(item, Location)}
    companies = {one.company_id for one in list_companies(connection, environment)}
    stored = {} if replace else {one.location_id: one for one in list_locations(connection, environment)}
    faults: Faults = {}
    for line, one in new.items():
        before = stored.get(one.location_id, one).company_id
        if one.company_id not in companies:
            faults[line] = f"there is no company {one.company_id}"
        elif before != one.company_id:
            faults[line] = f"location {one.location_id} is of company {before}"
    return faults | _check_trees(stored, {line: one for line, one in new.items() if line not in faults})


def _check_trees(stored: dict[int, Location], new: dict[int, Location]) -> Faults:
    """
    A line left out may have been what others stand below, so this goes on until all that are left stand.
    """
    faults: Faults = {}
    while True:
        left = {line: one for line, one in new.items() if line not in faults}
        known = stored | {one.location_id: one for one in left.values()}
        found = {line: why for line, one in left.items() if (why := fault(one, known)) is not None}
        moved = {one.location_id: line for line, one in left.items()}
        for one in stored.values():  # what stands there must go on standing
            why = None if one.location_id in moved else fault(one, known)
            line = moved.get(one.parent_id or 0)
            if why is not None and line is not None:
                found.setdefault(line, f"location {one.location_id} below it could not be: its {why}")
        if not found:
            return faults
        faults |= found


def _check_devices(connection: Connection, environment: str, items: dict[int, Item], _replace: bool) -> Faults:
    companies = {one.company_id for one in list_companies(connection, environment)}
    places = {one.location_id: one.company_id for one in list_locations(connection, environment)}
    faults: Faults = {}
    for line, one in items.items():
        if one.company_id not in companies:
            faults[line] = f"there is no company {one.company_id}"
        elif isinstance(one, Device) and one.location_id is not None and places.get(one.location_id) != one.company_id:
            faults[line] = f"company {one.company_id} has no location {one.location_id}"
    return faults


_CHECKS: dict[type[Item], Callable[[Connection, str, dict[int, Item], bool], Faults]] = {
    Company: _check_companies,
    Location: _check_locations,
    Device: _check_devices,
}
_IN_USE: dict[type[Item], Callable[[Connection, str], dict[int, str]]] = {
    Company: companies_in_use,
    Location: locations_in_use,
}
