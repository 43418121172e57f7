"""
Every route there is, and who may take it.
"""

from dataclasses import dataclass
from typing import Any

from service.http import (
    building,
    bulk,
    cdr,
    log,
    metrics,
    partner,
    quality,
    ratecard,
    ratecard_replay,
    ratecard_routing,
    sets,
    simulate,
)
from service.http.respond import SERVICES, SIPHON
from service.http.slow import Call, Service
from service.manage.account import account_view

FREE = None


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A line of the table of routes.

    Attributes:
        path: as it is asked; ``.format`` of a service is left out.
        scope: what a credential must be for; empty: any credential will do; None: none is wanted.
    """

    path: str
    methods: tuple[str, ...]
    scope: str | None


async def account(call: Call) -> dict[str, Any]:
    """
    The account of whoever asks.
    """
    return account_view(call.identity, int(call.desk.clock()))


_ACCOUNT = Service("account", None, ("GET", "HEAD"), account)
_SINGLE = (_ACCOUNT, simulate.SERVICE)
SLOW = {
    service.name: service
    for service in (
        *_SINGLE,
        *ratecard.SERVICES,
        *building.SERVICES,
        *ratecard_routing.SERVICES,
        *ratecard_replay.SERVICES,
        *cdr.SERVICES,
        *log.SERVICES,
        *quality.SERVICES,
        *bulk.SERVICES,
        *sets.SERVICES,
    )
}
REPORTS = {f"/{service.name}": service for service in partner.SERVICES}
"""Reports by their path, which has no format."""
ABOUT = ("/openapi.json", "/docs", "/changelog")
"""Pages on the interface itself."""


def table() -> list[Entry]:
    """
    Hot services, slow services, reports, and pages.
    """
    hot = [Entry(f"/api/{name}", ("GET", "HEAD", "POST"), "lookup") for name in SERVICES]
    hot.append(Entry(f"/api/{SIPHON.service}", ("POST",), SIPHON.scope))
    slow = [Entry(f"/api/{name}", service.methods, service.scope or "") for name, service in SLOW.items()]
    pages = [Entry(path, ("GET", "HEAD"), FREE) for path in ("/", "/livez", "/readyz", metrics.PATH, *ABOUT)]
    reports = [Entry(path, service.methods, service.scope or "") for path, service in REPORTS.items()]
    return [*hot, *slow, *reports, *pages, Entry("/oauth2/token", ("POST",), FREE)]
