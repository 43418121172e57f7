"""
Mobile networks by their codes (E.212), and by name where that is certain.
"""

from collections.abc import Iterable
from typing import NamedTuple

MAX_NAMED = 10_000
"""Carriers of which it is kept which network is theirs."""


class Network(NamedTuple):
    """
    A mobile network; empty: not said.

    Attributes:
        mcc: mobile country code, three digits.
        mnc: mobile network code, two or three digits; empty: several networks may be meant.
        country: name of the country; ``mcc_country``: its ISO 3166 code, in capitals.
        brand: as customers know it; ``operator``: the company.
        bank: frequency bands.
        imsi: first digits of its subscribers' identities, or one identity.
    """

    mcc: str
    mnc: str
    country: str = ""
    brand: str = ""
    operator: str = ""
    status: str = ""
    bank: str = ""
    notes: str = ""
    mcc_country: str = ""
    imsi: str = ""


class Networks:
    """
    A list of networks, found by their codes or by name.
    """

    __slots__ = ("_by_codes", "_by_country", "_mccs", "_named")

    def __init__(self, networks: Iterable[Network]) -> None:
        """
        Take networks in any order; of several with the same codes the first tells about the codes.
        """
        self._by_codes: dict[tuple[str, str], Network] = {}
        self._by_country: dict[str, dict[str, list[Network]]] = {}
        self._mccs: dict[str, dict[str, Network]] = {}
        self._named: dict[tuple[str, str], Network | None] = {}
        for network in networks:
            self._by_codes.setdefault((network.mcc, network.mnc), network)
            self._mccs.setdefault(network.mcc_country, {}).setdefault(network.mcc, network)
            names = self._by_country.setdefault(network.mcc_country, {})
            for name in {_plain(network.brand), _plain(network.operator)} - {""}:
                names.setdefault(name, []).append(network)

    def find(self, mcc: str, mnc: str) -> Network | None:
        """
        The network that has these codes.
        """
        return self._by_codes.get((mcc, mnc))

    def named(self, country: str, carrier: str) -> Network | None:
        """
        The network of a country that a carrier runs.

        Where several networks have the name, or none has, no code of a network is guessed: the mobile country code is
        told where the country has only one, and the candidates are named in the notes.

        Args:
            country: ISO 3166 code in capitals.
            carrier: as phonenumbers calls it.
        """
        key = country, carrier
        if key not in self._named:
            if len(self._named) >= MAX_NAMED:
                self._named.clear()
            self._named[key] = self._name(country, carrier)
        return self._named[key]

    def _name(self, country: str, carrier: str) -> Network | None:
        found = list(dict.fromkeys(self._by_country.get(country, {}).get(_plain(carrier), ())))
        codes = {(network.mcc, network.mnc) for network in found}
        if len(codes) == 1:
            return found[0]
        mccs = self._mccs.get(country, {})
        if not mccs or not carrier:
            return None
        any_one = next(iter(mccs.values()))
        mcc = {mcc for mcc, _ in codes} or mccs.keys()
        notes = f"mnc is one of {', '.join(sorted(mnc for _, mnc in codes))}" if codes else ""
        return Network(
            next(iter(mcc)) if len(mcc) == 1 else "", "", any_one.country, carrier, notes=notes, mcc_country=country
        )


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
