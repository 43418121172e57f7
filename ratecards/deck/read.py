"""
A carrier's file in, decks out: the rules that can be trusted, and an account of everything else.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl

from ratecards.deck.currencies import is_currency
from ratecards.deck.deck import Deck, Wish, refused_deck
from ratecards.deck.errors import DeckError, MappingError
from ratecards.deck.finish import make_deck
from ratecards.deck.formats.opening import open_sheets
from ratecards.deck.mapping import Mapping
from ratecards.deck.sheets import Choice, choose

Progress = Callable[[int, int], None]


def read_deck(
    source: Path | bytes,
    *,
    name: str | None = None,
    mapping: Mapping | None = None,
    now: int | None = None,
    currency: str | None = None,
    base: pl.DataFrame | None = None,
    force: bool = False,
    mappings: Iterable[Mapping] = (),
    progress: Progress | None = None,
) -> Deck:
    """
    Read the one deck of a file.

    CSV and its kin in any dialect and encoding, XLSX, ODS and Open Rate Card JSON, each plain or in gzip or xz, are
    told apart by their bytes. Whatever the bytes are, the answer is a deck: accepted, or refused with reasons.

    Args:
        source: a file, or its bytes.
        name: what the report calls the file; default: the path's last part.
        mapping: answers to what the file leaves open.
        now: unix seconds, for what depends on the time: ``ASAP`` (without it: no date), rules that start later, and
            which rule takes a code's calls. The library has no clock of its own.
        currency: ISO 4217 code the prices must be in; a file that says otherwise is refused.
        base: rules of the revision in use, to compare with; a deck that has lost more than 30 % of its codes, or
            whose middle price is three times higher or lower, is refused.
        force: accept it nevertheless.
        mappings: saved ones; where ``mapping`` is None, the one made for the file's header is used.
        progress: called with rows done and rows in all.

    Returns:
        The deck. A file with several tables is refused with their names; :func:`read_decks` reads them all.

    Raises:
        OSError: the file cannot be opened.
        MappingError: the currency is no currency code.
    """
    wish = _wish(mapping, mappings, now, currency)
    return _decks(source, name, replace(wish, base=base, force=force), progress, several=False)[0]


def read_decks(
    source: Path | bytes,
    *,
    name: str | None = None,
    mapping: Mapping | None = None,
    now: int | None = None,
    currency: str | None = None,
    mappings: Iterable[Mapping] = (),
    progress: Progress | None = None,
) -> list[Deck]:
    """
    Read every table of rates of a file: the cards of an open rate card, the sheets of a workbook.

    Args and errors are those of :func:`read_deck`; each deck has its table's name.
    """
    return _decks(source, name, _wish(mapping, mappings, now, currency), progress, several=True)


def _wish(mapping: Mapping | None, saved: Iterable[Mapping], now: int | None, currency: str | None) -> Wish:
    if currency is not None and not is_currency(currency):
        raise MappingError(f"a currency is an ISO 4217 code such as USD, not {currency!r}")
    return Wish(mapping or Mapping(), now, currency, saved=tuple(saved) if mapping is None else ())


def _decks(
    source: Path | bytes, name: str | None, wish: Wish, progress: Progress | None, *, several: bool
) -> list[Deck]:
    if isinstance(source, bytes):
        data, file = source, name or ""
    else:
        data, file = source.read_bytes(), name or source.name
    try:
        choice = choose(open_sheets(data, wish.mapping.sheet), wish.mapping, wish.saved)
        reason = choice.reason or ("" if several or len(choice.found) == 1 else _which(choice))
        if reason:
            return [refused_deck(file, reason, ignored_sheets=choice.ignored)]
        return _read_all(file, choice, wish, progress)
    except DeckError as error:
        return [refused_deck(file, str(error))]


def _which(choice: Choice) -> str:
    names = ", ".join(f"'{found.sheet.name}'" for found in choice.found)
    return f"holds several tables of rates ({names}): say in the mapping which 'sheet' to read"


def _read_all(file: str, choice: Choice, wish: Wish, progress: Progress | None) -> list[Deck]:
    total = sum(found.sheet.cells.height for found in choice.found)
    decks, done = [], 0
    for found in choice.found:
        if progress is not None:
            progress(done, total)
        decks.append(make_deck(file, found, choice.ignored, wish))
        done += found.sheet.cells.height
    if progress is not None:
        progress(total, total)
    return decks
