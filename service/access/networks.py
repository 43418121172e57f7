"""
Which account an address belongs to, and which address a request comes from.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Generic, TypeVar

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Owner = TypeVar("Owner")


def read_address(text: str) -> Address | None:
    """
    An address as it may stand in a header or come from a socket: with brackets, a port, a zone, or mapped to IPv6.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def read_network(text: str) -> Network:
    """
    A network in CIDR notation, or one address.

    Raises:
        ValueError: it is neither, or has bits set behind its length.
    """
    try:
        network = ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"'{text[:60]}' is not a network such as 192.0.2.0/24 or 2001:db8::/48: {error}") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        return IPv4Network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return network


class Networks(Generic[Owner]):
    """
    The longest network that holds an address.
    """

    def __init__(self, owners: Mapping[Network, Owner]) -> None:
        self._owners = {(n.version, n.prefixlen, int(n.network_address)): owner for n, owner in owners.items()}
        self._lengths = {
            version: sorted({n.prefixlen for n in owners if n.version == version}, reverse=True) for version in (4, 6)
        }

    def owner(self, address: Address) -> Owner | None:
        """
        Whose an address is; None: nobody's.
        """
        bits, number = address.max_prefixlen, int(address)
        for length in self._lengths[address.version]:
            start = number >> (bits - length) << (bits - length)
            found = self._owners.get((address.version, length, start))
            if found is not None:
                return found
        return None


def client_address(peer: str, forwarded: str, proxies: Networks[bool]) -> Address | None:
    """
    Where a request comes from.

    Args:
        peer: address of the connection.
        forwarded: the X-Forwarded-For header field: every proxy adds the address it was asked by at the end.
        proxies: those believed.

    Returns:
        The last address that no proxy believed has; None: it cannot be told.
    """
    address = read_address(peer)
    for text in _backwards(forwarded):
        if address is None or proxies.owner(address) is None:
            break
        address = read_address(text)
    return address


def _backwards(forwarded: str) -> Iterable[str]:
    return reversed(forwarded.split(",")) if forwarded else ()
