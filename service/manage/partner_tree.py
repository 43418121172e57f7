"""
The tree of a company: it, its regions, channels and districts, and its locations.
"""

from collections.abc import Collection, Iterable, Mapping

from service.store.partner import Location

COMPANY = "Company"
"""The level above all locations."""
MAX_DEPTH = 16


def below(locations: Iterable[Location], tops: Collection[int]) -> set[int]:
    """
    Some locations and all below them, by number.
    """
    children: dict[int, list[int]] = {}
    for place in locations:
        if place.parent_id is not None:
            children.setdefault(place.parent_id, []).append(place.location_id)
    found: set[int] = set()
    waiting = list(tops)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += children.get(number, [])
    return found


def fault(place: Location, known: Mapping[int, Location]) -> str | None:
    """
    What is wrong with where a location stands; None: nothing.

    Args:
        known: all locations by number, this one among them.
    """
    above, depth = place, 0
    while above.parent_id is not None:
        parent = known.get(above.parent_id)
        whose = "" if above is place else f"location {above.location_id} above it: "
        if parent is None or parent.company_id != place.company_id:
            return f"{whose}ParentID {above.parent_id} is no location of company {place.company_id}"
        if parent.type == "Location":
            return f"{whose}ParentID {above.parent_id} is a Location, which has none below it"
        above, depth = parent, depth + 1
        if depth > MAX_DEPTH or above is place:
            return f"ParentID leads in a circle, or deeper than {MAX_DEPTH} levels"
    return None
