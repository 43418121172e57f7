"""
Short-lived tokens: what a key was good for, signed, so that any process can tell without asking another.

Source: RFC 6749 clause 4.4 (client credentials), RFC 7519 (JSON Web Token).
"""

from dataclasses import dataclass
from typing import Any

import jwt

LIFE_S = 900
MAX_TOKEN = 1024
_ALGORITHM = "HS256"
_AUDIENCE = "ratedip"


@dataclass(frozen=True, slots=True)
class Grant:
    """
    Attributes:
        key: public part of the key it was given for.
        until: unix seconds from which it no longer holds.
    """

    key: str
    scopes: frozenset[str]
    until: int


def sign(grant: Grant, secret: str) -> str:
    """
    Put a grant into a token.

    Args:
        secret: shared by all nodes.
    """
    claims = {"aud": _AUDIENCE, "sub": grant.key, "scope": " ".join(sorted(grant.scopes)), "exp": grant.until}
    return jwt.encode(claims, secret, _ALGORITHM)


def read(token: str, secret: str, now: float) -> Grant | None:
    """
    The grant of a token; None: it is none of ours, was changed, or its time is over.

    Args:
        now: unix seconds.
    """
    if len(token) > MAX_TOKEN or token.count(".") != 2 or not token.isascii():
        return None
    try:
        claims: dict[str, Any] = jwt.decode(
            token, secret, [_ALGORITHM], audience=_AUDIENCE, options={"verify_exp": False, "require": ["exp", "sub"]}
        )
    except jwt.InvalidTokenError:
        return None
    return _grant(claims, now)


def _grant(claims: dict[str, Any], now: float) -> Grant | None:
    key, scope, until = claims["sub"], claims.get("scope"), claims["exp"]
    if not isinstance(until, int) or not isinstance(scope, str) or now >= until:
        return None
    return Grant(key, frozenset(scope.split()), until)
