"""
From what a request shows to the account that asks.
"""

from service.access.account import Account
from service.errors import bad_credential


def identify(authorization: bytes | None, token: str | None, anonymous: Account | None) -> Account:
    """
    Find the account of a request.

    Args:
        authorization: the Authorization header.
        token: the ``Auth`` parameter.
        anonymous: account of those who show nothing.

    Raises:
        ApiError: 401; a credential that is wrong is never taken for none.

    """
    if authorization is None and token is None and anonymous is not None:
        return anonymous
    raise bad_credential()
