"""
Lines of files of companies, locations and devices, checked field by field.

Source: the tables of the three reports: names of fields, their types and lengths.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.store.partner import LOCATION_TYPES, Company, Device, Location
from service.store.partner_put import Item

MAX_INTEGER, MAX_BIGINT = 2**31 - 1, 2**63 - 1
MAX_COMPANY_NAME, MAX_NAME = 50, 4_000
_WHOLE = re.compile(r"[0-9]{1,19}", re.ASCII)
_IMEI = re.compile(r"[0-9A-Za-z]{1,100}", re.ASCII)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ]00:00:00)?", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
Line = Mapping[str, str | None]
"""Cells of a line by the name of their column; None where blank."""


class FieldError(ValueError):
    """
    A line that cannot be taken; the message names the column.
    """


@dataclass(frozen=True, slots=True)
class Kind:
    """
    A kind of file.

    Attributes:
        needed: columns it must have; ``others``: that it may.
        read: a line into what is kept.
        key: what two lines may not share.
    """

    name: str
    item: type[Item]
    needed: tuple[str, ...]
    others: tuple[str, ...]
    read: Callable[[Line], Item]
    key: Callable[[Item], object]


def read_company(line: Line) -> Company:
    number = read_id(line, "CompanyID", MAX_INTEGER)
    return Company(number, _text(line, "CompanyName", MAX_COMPANY_NAME), _text(line, "DoingBusinessAs", MAX_NAME))


def read_location(line: Line) -> Location:
    company, number = read_id(line, "CompanyID", MAX_INTEGER), read_id(line, "LocationEntityID", MAX_BIGINT)
    kind = _text(line, "LocationType", MAX_NAME).capitalize()
    if kind not in LOCATION_TYPES:
        raise FieldError(f"LocationType is none of {', '.join(LOCATION_TYPES)}")
    above = None if line.get("ParentID") is None else read_id(line, "ParentID", MAX_BIGINT)
    return Location(number, company, _text(line, "LocationName", MAX_NAME), kind, above)


def read_device(line: Line) -> Device:
    imei = _text(line, "IMEI", MAX_NAME)
    if not _IMEI.fullmatch(imei):
        raise FieldError("IMEI is not 1 to 100 letters and digits")
    bought = _date(line, "PurchaseDate")
    returned = None if line.get("ReturnDate") is None else _date(line, "ReturnDate")
    if returned is not None and returned < bought:
        raise FieldError("ReturnDate is before PurchaseDate")
    place = None if line.get("LocationEntityID") is None else read_id(line, "LocationEntityID", MAX_BIGINT)
    return Device(read_id(line, "CompanyID", MAX_INTEGER), imei, bought, returned, _uuid(line, "ClientID"), place)


def read_id(line: Line, name: str, most: int) -> int:
    """
    A number that something is known by, from 1.
    """
    text = line.get(name) or ""
    if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= most:
        raise FieldError(f"{name} is not a whole number from 1 to {most}" if text else f"{name} is empty")
    return int(text)


def _text(line: Line, name: str, most: int) -> str:
    text = line.get(name) or ""
    if not text or len(text) > most:
        raise FieldError(f"{name} has more than {most} characters" if text else f"{name} is empty")
    if _CONTROL.search(text):
        raise FieldError(f"{name} has a control character in it")
    return text


def _date(line: Line, name: str) -> date:
    text = line.get(name) or ""
    found = _DATE.fullmatch(text)
    try:
        if found is not None:
            return date.fromisoformat(found[1])
    except ValueError:
        pass  # such as the 30th of February
    raise FieldError(f"{name} is not a date such as 2016-04-17" if text else f"{name} is empty")


def _uuid(line: Line, name: str) -> str | None:
    text = line.get(name)
    try:
        return None if text is None else str(UUID(text))
    except ValueError:
        raise FieldError(f"{name} is no UUID") from None


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            *("companies", Company, ("CompanyID", "CompanyName", "DoingBusinessAs"), ()),
            read=read_company,
            key=lambda one: one.company_id,
        ),
        Kind(
            *("locations", Location, ("CompanyID", "LocationEntityID", "LocationName", "LocationType"), ("ParentID",)),
            read=read_location,
            key=lambda one: one.location_id if isinstance(one, Location) else None,
        ),
        Kind(
            *("imei", Device, ("CompanyID", "IMEI", "PurchaseDate"), ("ReturnDate", "ClientID", "LocationEntityID")),
            read=read_device,
            key=lambda one: (one.company_id, one.imei, one.purchased) if isinstance(one, Device) else None,
        ),
    )
}
"""By the name a command knows them by."""
