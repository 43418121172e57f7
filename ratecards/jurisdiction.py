"""
Where a North American number is, and which jurisdiction a call has.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ratecards.data import NPA
from ratecards.model import Jurisdiction

_NANP_DIGITS = 11
_NPA_NXX = re.compile(r"1?([2-9][0-9]{2})-?([2-9][0-9]{2})", re.ASCII)
_MAX_ERRORS = 100
_INTERSTATE = Jurisdiction.INTERSTATE
_INTRASTATE = Jurisdiction.INTRASTATE
_INDETERMINATE = Jurisdiction.INDETERMINATE
_INTERNATIONAL = Jurisdiction.INTERNATIONAL


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a geographic number of the North American Numbering Plan is.

    Attributes:
        country: ISO 3166 code of two letters; the territories of the United States are ``US``, as in NANPA's report.
        state: postal code of the state, territory or province; empty outside the United States and Canada. An area
            code that several provinces share names them all (``NS/PE``) and counts as one.

    """

    country: str
    state: str


class BadCellError(ValueError):
    """
    One cell of a table of exchanges that was refused: its line (0: no file), column and value, and why not.
    """

    def __init__(self, column: str, value: str, reason: str, line: int = 0) -> None:
        self.line, self.column, self.value, self.reason = line, column, value[:40], reason
        super().__init__(column, value, reason, line)

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line else ""
        return f"{where}{self.column} {self.value!r}: {self.reason}"


class PlaceError(ValueError):
    """
    A table of exchanges that cannot be used; ``errors`` holds the bad cells, the first 100 of them.
    """

    def __init__(self, errors: list[BadCellError]) -> None:
        self.errors = tuple(errors[:_MAX_ERRORS])
        super().__init__(str(errors[0]) + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Places:
    """
    NPA and NPA-NXX -> place; immutable, without I/O once it is made, and shared by any number of cards.

    Attributes:
        by_npa: ``1NPAN`` -> place, so that one look-up also checks that the exchange can exist.
        by_npa_nxx: ``1NPANXX`` -> place.

    """

    by_npa: Mapping[str, Place]
    by_npa_nxx: Mapping[str, Place]

    @classmethod
    def nanpa(cls) -> "Places":
        """
        The area codes of the NANPA report, and those assigned since; read once.

        Source: the first line of ``ratecards/data/npa.csv``.
        """
        return _nanpa()

    def refined(self, npa_nxx: Mapping[str, str]) -> "Places":
        """
        Add a table of exchanges, which wins over the area codes and over exchanges added before.

        Args:
            npa_nxx: ``212555`` or ``1212555`` -> ``NY``, or ``US-NY`` (ISO 3166-2) where the area code is not known.

        Raises:
            PlaceError: a key is not an NPA-NXX, or a value is not a state or province of its country.

        """
        added, errors = dict(self.by_npa_nxx), []
        for code, region in npa_nxx.items():
            country, _, state = region.rpartition("-")
            try:
                key, place = _exchange(code, state, country)
                added[key] = place
            except BadCellError as bad:
                errors.append(bad)
        if errors:
            raise PlaceError(errors)
        return Places(self.by_npa, added)

    def place_of(self, number: str) -> Place | None:
        """
        Find the place of a number.

        Args:
            number: E.164 digits.

        Returns:
            None for numbers outside the NANP, toll-free and other non-geographic ones, unassigned area codes, and
            what no NANP number can be: not 11 digits, or an exchange that starts with 0 or 1.

        """
        if len(number) != _NANP_DIGITS:
            return None
        if self.by_npa_nxx and (place := self.by_npa_nxx.get(number[:7])):
            return place
        return self.by_npa.get(number[:5])

    def jurisdiction(self, cli: str, called: str) -> Jurisdiction:
        """
        Decide which of a North American card's rates applies to a call: by state, never by equal area code.

        ============================ ============= =========================== ========================== =============
        called, down; caller, right  same state    other state of the country  the other of US and Canada anybody else
        ============================ ============= =========================== ========================== =============
        United States                intrastate    interstate                  indeterminate              indeterminate
        Canada                       intrastate    interstate                  interstate                 indeterminate
        NANP, but place not known    indeterminate
        everywhere else              international
        ============================ ============= =========================== ========================== =============

        "Anybody else" is a caller in another country, unknown, withheld, toll-free or impossible. Decks of the
        United States list Canada by NPA-NXX in the same columns; there "State/Province" are compared and "calls
        between the US and Canada" take the interstate rate. The Caribbean and Bermuda only share the country code and
        are priced as international. A Canadian caller of a United States number is a caller abroad, hence
        indeterminate; the source for Canada has interstate in both directions, but agreements differ, and the
        indeterminate rate is the dearer one, so that a cost is never understated. Territories of the United States
        count as states (47 U.S.C. 153, "interstate communication").

        Args:
            cli: calling number in E.164 digits; empty: unknown or withheld.
            called: the number that is rated, in E.164 digits: the location routing number where there is one.

        Source: ConnexCS, "USA Routing", identification examples; 46 Labs, "Rate Decks", prefix jurisdiction (Canada,
        and called numbers not found); Twilio, "US and Canada Termination Zones" (both countries in one deck).

        """
        there = self.place_of(called)
        if there is None:
            return _INDETERMINATE if called[:1] == "1" else _INTERNATIONAL
        country = there.country
        if country != "US" and country != "CA":  # noqa: PLR1714 (half the time of a set)
            return _INTERNATIONAL
        here = self.place_of(cli)
        if here is None:
            return _INDETERMINATE
        if here.country == country:
            return _INTRASTATE if here.state == there.state else _INTERSTATE
        return _INTERSTATE if here.country == "US" else _INDETERMINATE


def read_npa_nxx(source: str | os.PathLike[str] | bytes) -> dict[str, str]:
    """
    Read a table of exchanges for :meth:`Places.refined`: lines of ``NPA-NXX,state[,country]``.

    Args:
        source: a path, or the bytes of the file: UTF-8; ``212-555``, ``212555`` or ``1212555``; the country may be
            left out where the area code is known. A line that starts with ``NPA`` is a header, with ``#`` a comment.

    Returns:
        ``1212555`` -> ``US-NY``.

    Raises:
        PlaceError: bad cells, each with line, column, value and reason; nothing is taken.
        OSError: the file cannot be read.

    """
    table: dict[str, str] = {}
    errors: list[BadCellError] = []
    for line, cells in _rows(source if isinstance(source, bytes) else Path(source).read_bytes()):
        try:
            _take(cells, table)
        except BadCellError as bad:
            bad.line = line
            errors.append(bad)
    if errors or not table:
        raise PlaceError(errors or [BadCellError("NPA-NXX", "", "there is no row", 1)])
    return table


def _rows(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        lines = raw.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        byte, line = raw[error.start : error.start + 1].hex(), raw.count(b"\n", 0, error.start) + 1
        raise PlaceError([BadCellError("byte", byte, "is not UTF-8", line)]) from None
    for number, text in enumerate(lines, 1):
        cells = [cell.strip().strip('"').strip() for cell in text.split(",")]
        if any(cells) and not text.startswith("#") and not cells[0].lower().startswith("npa"):
            yield number, cells


def _take(cells: list[str], table: dict[str, str]) -> None:
    code, state, country, *rest = cells + [""] * (3 - len(cells))
    if any(rest):
        raise BadCellError("row", ",".join(cells), "has more columns than NPA-NXX, state and country")
    key, place = _exchange(code, state.upper(), country.upper())
    region = f"{place.country}-{place.state}"
    if table.setdefault(key, region) != region:
        raise BadCellError("state", state, f"a line above says {table[key]} of the same exchange")


def _exchange(code: str, state: str, country: str) -> tuple[str, Place]:
    match = _NPA_NXX.fullmatch(code)
    if match is None:
        raise BadCellError("NPA-NXX", code, "is not an area code and an exchange, each three digits from 2 to 9")
    key = "1" + match[1] + match[2]
    known = _nanpa().by_npa.get(key[:5])
    country = country or (known.country if known else "")
    if not country:
        raise BadCellError("country", country, f"is needed: {match[1]} is not an area code known here")
    place = _regions().get((country, state))
    if place is None:
        raise BadCellError("state", state, f"is not the postal code of a state or province of {country!r}")
    return key, place


@cache
def _nanpa() -> Places:
    table = {}
    for line in NPA.read_text("ascii").splitlines()[2:]:
        npa, state, country, _ = line.split(",")
        place = Place(country, state)
        table.update({f"1{npa}{n}": place for n in range(2, 10)})
    return Places(table, {})


@cache
def _regions() -> dict[tuple[str, str], Place]:
    places = _nanpa().by_npa.values()
    return {(p.country, state): Place(p.country, state) for p in places for state in p.state.split("/")}
