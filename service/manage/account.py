"""
What an account sees of itself.
"""

from typing import Any

from service.access.account import Identity, Refusing
from service.store.accounts import limits_json


def account_view(identity: Identity, now: int) -> dict[str, Any]:
    """
    Args:
        now: unix seconds.
    """
    account = identity.account
    return {
        "name": account.name,
        "environment": identity.environment,
        "scopes": sorted(identity.scopes),
        "card": account.card or None,
        "cards": "all" if account.cards is None else sorted(account.cards),
        "plan": {"limits": limits_json(account.plan.own)},
        **({} if account.asrplus is None else {"asrplus": str(account.asrplus.mode)}),
        **({} if account.refusing is None else {"refusing": _sets(account.refusing)}),
        "usage": identity.meter.usage(now),
    }


def _sets(refusing: Refusing) -> dict[str, list[str]]:
    return {"number": list(refusing.number), "cli": list(refusing.cli)}
