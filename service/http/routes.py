"""
Every route there is, and who may take it.
"""

from dataclasses import dataclass
from typing import Any

from service.http import building, ratecard
from service.http.respond import SERVICES
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
SLOW = {service.name: service for service in (_ACCOUNT, *ratecard.SERVICES, *building.SERVICES)}


def table() -> list[Entry]:
    """
    Hot services, slow services, and pages.
    """
    hot = [Entry(f"/api/{name}", ("GET", "HEAD", "POST"), "lookup") for name in SERVICES]
    slow = [Entry(f"/api/{name}", service.methods, service.scope or "") for name, service in SLOW.items()]
    pages = [Entry(path, ("GET", "HEAD"), FREE) for path in ("/", "/livez", "/readyz")]
    return [*hot, *slow, *pages, Entry("/oauth2/token", ("POST",), FREE)]
