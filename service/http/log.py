"""
The service ``log``: what was decided of late.
"""

import asyncio

from service.access.account import ADMIN
from service.errors import invalid, not_configured
from service.http import ask
from service.http.ratecard_ask import PAGING, page
from service.http.slow import TABLE_FORMATS, Call, Service
from service.manage.decisions import Looked, decisions_table
from service.render.table import Table

KNOWN = PAGING | {"number", "account", "verdict", "service"}
_LONGEST = 64


async def log(call: Call) -> Table:
    """
    Decisions on one's own look-ups; of everybody's for those who may all, their numbers masked.

    Raises:
        ApiError: 404 where no decisions are kept.
    """
    folder = call.desk.run
    if folder is None or not call.desk.logs:
        raise not_configured("decisions are not logged here")
    looked = _looked(call)
    return await asyncio.to_thread(decisions_table, folder, looked, page(call))


def _looked(call: Call) -> Looked:
    """
    What may be looked for. Of other accounts than one's own there is nothing to find, unless one is staff.
    """
    asked, identity = call.parameters, call.identity
    for name in ("account", "verdict", "service"):
        if len(asked.get(name, "")) > _LONGEST:
            raise invalid(name, f"is longer than {_LONGEST} characters")
    own = identity.account.name
    account = asked.get("account", "") if identity.may(ADMIN) else own
    number = ask.number(asked, profile=identity.account.profile) if "number" in asked else ""
    if asked.get("account", account) != account:
        account = "-"  # the name of no account
    # Who shows no credential shares the account with strangers.
    stranger = identity is call.desk.door.anonymous
    return Looked(
        identity.environment,
        account,
        number,
        asked.get("verdict", ""),
        asked.get("service", ""),
        "" if stranger else own,
    )


SERVICES = (Service("log", None, ("GET", "HEAD"), log, KNOWN, formats=TABLE_FORMATS),)
