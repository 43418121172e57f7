"""
From what a request shows to the account that asks.
"""

from dataclasses import dataclass, field

from service.access.account import Identity
from service.access.directory import Directory
from service.access.networks import Networks, client_address, read_address
from service.errors import bad_credential, forbidden, invalid


@dataclass(frozen=True, slots=True)
class Shown:
    """
    What a request shows of who asks.

    Attributes:
        authorization: the Authorization header field.
        token: the ``Auth`` parameter.
        peer: address of the connection.
        forwarded: the X-Forwarded-For header field.
    """

    authorization: bytes | None = None
    token: str | None = None
    peer: str = ""
    forwarded: bytes = b""


@dataclass(frozen=True, slots=True)
class Door:
    """
    Who is let in besides those with a key.

    Attributes:
        anonymous: account of those who show nothing; None: they may not ask.
        proxies: addresses whose word on where a request comes from is believed.
    """

    anonymous: Identity | None = None
    proxies: Networks[bool] = field(default_factory=lambda: Networks({}))


def identify(directory: Directory, door: Door, shown: Shown, now: float) -> Identity:
    """
    Find the account of a request.

    Args:
        now: unix seconds.

    Raises:
        ApiError: 401; a credential that is wrong is never taken for none. 403 for an account that is disabled. 400 for
            two credentials, RFC 6750 clause 3.1.
    """
    found = _find(directory, door, shown, now)
    if found is None:
        raise bad_credential()
    if found.account.disabled:
        raise forbidden("the account is disabled")
    return found


def _find(directory: Directory, door: Door, shown: Shown, now: float) -> Identity | None:
    if shown.authorization is not None:
        if shown.token is not None:
            raise invalid("Auth", "is given besides an Authorization header")
        return directory.of_authorization(shown.authorization, now)
    if shown.token is not None:
        return directory.of_token(shown.token, now)
    address = client_address(shown.peer, shown.forwarded.decode("latin-1"), door.proxies)
    listed = None if address is None else directory.of_address(address)
    return listed or door.anonymous


def is_marked(peer: str, fields: list[tuple[bytes, bytes]], door: Door) -> bool:
    """
    Whether a proxy that is believed says that it was asked over TLS.

    Args:
        peer: address of the connection.
        fields: of the head; X-Forwarded-Proto must be among them once.
    """
    address = read_address(peer)
    said = [value.strip().lower() for name, value in fields if name == b"x-forwarded-proto"]
    return said == [b"https"] and address is not None and door.proxies.owner(address) is not None
