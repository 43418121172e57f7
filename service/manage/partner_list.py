"""
What there is for partners to report on, for whoever runs the service.
"""

from collections import Counter
from typing import Any

from sqlalchemy import Engine

from service.store.partner import WHOLE, count_devices, list_companies, list_grants, list_locations


def companies_view(engine: Engine, environment: str) -> list[dict[str, Any]]:
    """
    Every company by its number, with counts of what it has, and its grants.
    """
    with engine.connect() as connection:
        companies = list_companies(connection, environment)
        locations = Counter(place.company_id for place in list_locations(connection, environment))
        devices = count_devices(connection, environment)
        grants: dict[int, list[dict[str, Any]]] = {}
        for one in list_grants(connection, environment):
            location = None if one.location_id == WHOLE else one.location_id
            grants.setdefault(one.company_id, []).append({"account": one.account, "location": location})
    return [
        {
            "company": one.company_id,
            "name": one.name,
            "doing_business_as": one.doing_business_as,
            "locations": locations[one.company_id],
            "devices": devices.get(one.company_id, 0),
            "grants": grants.get(one.company_id, []),
        }
        for one in companies
    ]
