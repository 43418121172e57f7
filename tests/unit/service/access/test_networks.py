"""
An address belongs to the longest network listed, and a proxy is believed only where it is trusted.
"""

import random
from ipaddress import ip_address, ip_network

import pytest

from service.access.networks import Networks, client_address, read_address, read_network

PROXIES = Networks({read_network("10.0.0.0/8"): True, read_network("fd00::/8"): True})


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("192.0.2.7:5060", "192.0.2.7"),
        ("[2001:db8::7]:5060", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_an_address_is_read_however_it_is_written(text: str, address: str) -> None:
    assert read_address(text) == ip_address(address)


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "192.0.2", "192.0.2.256", "1::2::3", "0x7f.1", "٤.٤.٤.٤"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize("text", ["", "192.0.2.1/24", "192.0.2.0/33", "2001:db8::1/32", "any"])
def test_what_is_no_network_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is not a network"):
        read_network(text)


def test_the_owner_is_the_one_of_the_longest_network() -> None:
    """
    Against looking through all of them.
    """
    rng = random.Random(7)
    networks = {}
    for _ in range(300):
        bits = rng.randrange(8, 33)
        networks[ip_network((rng.randrange(2**8) << 24 | rng.randrange(2**24) >> 8 << 8, bits), strict=False)] = bits
    owners = Networks(networks)
    for _ in range(3000):
        near = rng.choice(list(networks))
        address = ip_address(int(near.network_address) ^ rng.randrange(2 ** rng.randrange(1, 20)))
        holding = [network for network in networks if address in network]
        expected = networks[max(holding, key=lambda n: n.prefixlen)] if holding else None
        assert owners.owner(address) == expected


def test_the_families_are_kept_apart() -> None:
    owners = Networks({read_network("0.0.0.0/0"): 4})
    assert owners.owner(ip_address("::1")) is None
    assert Networks({read_network("::ffff:192.0.2.0/120"): 4}).owner(ip_address("192.0.2.9")) == 4


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "2001:db8::1, fd00::7", "2001:db8::1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", None),
        ("10.0.0.1", "198.51.100.1, nonsense", None),
        ("", "", None),
    ],
)
def test_a_client_is_the_last_address_that_no_proxy_believed_has(
    peer: str, forwarded: str, address: str | None
) -> None:
    """
    What a client writes into the field itself stands before what the proxy adds, and is never reached.
    """
    assert client_address(peer, forwarded, PROXIES) == (None if address is None else ip_address(address))
