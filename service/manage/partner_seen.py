"""
What an account may see of companies, and what of that a report is narrowed to.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from service.manage.partner_tree import COMPANY, below
from service.store.partner import (
    LOCATION_TYPES,
    WHOLE,
    Company,
    Location,
    list_companies,
    list_grants,
    list_locations,
)

LEVELS = (COMPANY, *LOCATION_TYPES)


@dataclass(frozen=True, slots=True)
class Level:
    """
    Some things of a level.

    Attributes:
        type: one of :data:`LEVELS`.
        ids: their numbers; empty: all of that level.
    """

    type: str
    ids: frozenset[int] = frozenset()

    def has(self, kind: str, number: int) -> bool:
        return kind == self.type and (not self.ids or number in self.ids)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """
    What a report is narrowed to.

    Attributes:
        for_who: parts of trees: what is of this level, and all below; None: whole companies.
        level: what is shown of those parts; None: every level.
    """

    for_who: Level | None = None
    level: Level | None = None


@dataclass(slots=True)
class Seen:
    """
    A company as an account sees it, narrowed.

    Attributes:
        is_whole: the account may see all of it.
        has_top: the company itself is among what is left.
        left: locations that are, by number.
        tree: all locations the account may see.
    """

    company: Company
    is_whole: bool
    has_top: bool
    left: frozenset[int]
    tree: list[Location] = field(default_factory=list)

    def covered(self) -> set[int] | None:
        """
        Locations at or below what is left; None: all, and what is at none.
        """
        return None if self.has_top else below(self.tree, self.left)


def seen_companies(
    connection: Connection, environment: str, account: str, narrowed: Narrowed, only: int | None = None
) -> list[Seen]:
    """
    Every company of which an account may see something, by number.

    Args:
        only: number of the one that is asked for; None: all.
    """
    grants: dict[int, set[int]] = {}
    for grant in list_grants(connection, environment, account):
        if only in (None, grant.company_id):
            grants.setdefault(grant.company_id, set()).add(grant.location_id)
    places: dict[int, list[Location]] = {}
    for place in list_locations(connection, environment, grants.keys()):
        places.setdefault(place.company_id, []).append(place)
    companies = list_companies(connection, environment, grants.keys())
    return [_see(one, grants[one.company_id], places.get(one.company_id, []), narrowed) for one in companies]


def _see(company: Company, granted: Collection[int], places: list[Location], narrowed: Narrowed) -> Seen:
    whole = WHOLE in granted
    if not whole:
        reached = below(places, granted)
        places = [place for place in places if place.location_id in reached]
    top, left = _cut(company, places, narrowed.for_who, is_whole=whole)
    if narrowed.level is not None:
        top = top and narrowed.level.has(COMPANY, company.company_id)
        left = [place for place in left if narrowed.level.has(place.type, place.location_id)]
    return Seen(company, whole, top, frozenset(place.location_id for place in left), places)


def _cut(
    company: Company, places: list[Location], part: Level | None, *, is_whole: bool
) -> tuple[bool, Iterable[Location]]:
    """
    The part of a tree that somebody asks for: whether the company itself is in it, and which locations are.
    """
    if part is None:
        return is_whole, places
    if part.type == COMPANY:
        asked = part.has(COMPANY, company.company_id)
        return asked and is_whole, places if asked else []
    tops = [place.location_id for place in places if part.has(place.type, place.location_id)]
    reached = below(places, tops)
    return False, [place for place in places if place.location_id in reached]
