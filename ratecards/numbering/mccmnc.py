"""
Mobile networks by their codes (E.212), and which of them numbers were given to.

A file lists networks, number ranges, or both: a line with a prefix is a range and says whose; one without is a network,
and takes the place of the one that is built in. What a range does not say of its network is taken from there.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from ratecards.data import MCC_MNC
from ratecards.numbering.networks import Network, Networks
from ratecards.numbering.prefixes import PrefixTable, write_prefixes
from ratecards.numbering.reading import Report, columns, rows
from ratecards.numberset.checkpoint import Kind
from ratecards.numberset.refusals import ListError, Refusals

KIND = Kind("mccmnc", 1)
MAX_ROWS = 5_000_000
_NAMES = {
    "prefix": ("prefix", "range", "numberprefix", "numberrange", "msisdnprefix"),
    "mcc": ("mcc", "mobilecountrycode"),
    "mnc": ("mnc", "mobilenetworkcode"),
    "country": ("country", "countryname"),
    "brand": ("brand", "brandname"),
    "operator": ("operator", "network", "operatorname", "company"),
    "status": ("status",),
    "bank": ("bank", "bands", "band"),
    "notes": ("notes", "note", "comment"),
    "mcc_country": ("mcccountry", "iso", "countryiso", "isocountry"),
    "imsi": ("imsi", "imsiprefix"),
}
_MCC = re.compile(r"[0-9]{3}", re.ASCII)
_MNC = re.compile(r"[0-9]{2,3}", re.ASCII)
_PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})", re.ASCII)
_MAX_TEXT = 200
_EVERY = 10_000


class MobileRanges:
    """
    Ranges of numbers and the networks they were given to, mapped from a file.

    Attributes:
        networks: the file's own before those that are built in.
        rows: ranges and networks in the file.
    """

    __slots__ = ("_table", "networks", "rows")

    def __init__(self, table: PrefixTable) -> None:
        self._table = table
        own = [Network(*one) for one in table.meta["networks"]]
        self.networks = Networks([*own, *_built_in()]) if own else networks()
        self.rows: int = table.rows + len(own)

    def find(self, number: str) -> tuple[str, Network] | None:
        """
        The range that a number is in, by its prefix, and its network; None: no range.

        Args:
            number: E.164 digits.
        """
        found = self._table.find(number)
        return None if found is None else (found[0], Network(*found[1]))


def build(source: Path, target: Path, progress: Callable[[int], None] | None = None) -> Report:
    """
    Make the file of a list.

    Args:
        progress: is told every ten thousand lines how many lines there were.

    Returns:
        How many ranges and networks, and the lines that were left out.

    Raises:
        ListError: it has no columns ``mcc`` and ``mnc``, or no line that could be taken.
        OSError: a file cannot be read or written.
    """
    report = Report()
    ranges: dict[str, Network] = {}
    own: dict[tuple[str, str], Network] = {}
    for line, prefix, network in _entries(source, report.refusals, progress):
        if not prefix:
            own.setdefault((network.mcc, network.mnc), network)
        elif ranges.setdefault(prefix, network) != network:
            report.refusals.add(line, f"prefix {prefix} is listed above as another network's")
        if len(ranges) + len(own) > MAX_ROWS:
            raise ListError(f"more than {MAX_ROWS:,} ranges and networks")
    if not ranges and not own:
        raise ListError("there is no range and no network in it")
    known = Networks([*own.values(), *_built_in()])
    report.rows = len(ranges) + len(own)
    full = {prefix: list(_filled(network, known.find(network.mcc, network.mnc))) for prefix, network in ranges.items()}
    write_prefixes(target, KIND, full, {"networks": [list(network) for network in own.values()]})
    return report


def open_mccmnc(path: Path, digest: str = "") -> MobileRanges:
    """
    Verify a file that :func:`build` made, and open it.

    Raises:
        CheckpointError: the file is not whole, not the one expected, or something else. Build it again.
        OSError: it cannot be read.
    """
    return MobileRanges(PrefixTable.open(path, KIND, digest))


@cache
def networks() -> Networks:
    """
    The networks that are built in; read once.
    """
    return Networks(_built_in())


@cache
def _built_in() -> tuple[Network, ...]:
    return tuple(network for _, _, network in _entries(MCC_MNC, Refusals()))


def _entries(
    source: Path, refusals: Refusals, progress: Callable[[int], None] | None = None
) -> Iterable[tuple[int, str, Network]]:
    places: dict[str, int] = {}
    for line, cells in rows(source, refusals):
        if not places:
            places = columns(cells, _NAMES)
            if not {"mcc", "mnc"} <= places.keys():
                raise ListError(f"line {line}: no columns 'mcc' and 'mnc' in it")
            continue
        try:
            yield line, *_entry({name: cells[at] if at < len(cells) else "" for name, at in places.items()})
        except ValueError as error:
            refusals.add(line, str(error))
        if progress is not None and line % _EVERY == 0:
            progress(line)


def _entry(said: dict[str, str]) -> tuple[str, Network]:
    if not _MCC.fullmatch(said["mcc"]):
        raise ValueError("has no mcc of three digits")
    if not _MNC.fullmatch(said["mnc"]):
        raise ValueError("has no mnc of two or three digits")
    if long := next((name for name, text in said.items() if len(text) > _MAX_TEXT), None):
        raise ValueError(f"{long} is longer than {_MAX_TEXT} characters")
    prefix = said.pop("prefix", "")
    match = _PREFIX.fullmatch(prefix)
    if prefix and match is None:
        raise ValueError("prefix is not 1 to 15 digits that start with a country code")
    said["mcc_country"] = said.get("mcc_country", "").upper()
    return match[1] if match else "", Network(**said)


def _filled(network: Network, known: Network | None) -> Network:
    """
    What a range says, then what is known of its network.
    """
    return network if known is None else Network(*(ours or theirs for ours, theirs in zip(network, known, strict=True)))
