"""
One temporary directory with everything a run reads: the deck, its forms for the peers, and the numbers.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import decks, oracle
from bench.decks import DeckRow

VERSION_TABLE = "id(int,auto) table_name(string) table_version(int)\n1|version|1\n2|mtree|1\n"


@dataclass(frozen=True, slots=True)
class Workspace:
    """
    The deck and numbers of a run, and where they lie on disk.
    """

    directory: Path
    rows: dict[str, DeckRow]
    load_numbers: list[str]
    typical_body: str

    @property
    def deck_csv(self) -> Path:
        """
        The deck as a carrier would send it.
        """
        return self.directory / "deck.csv"

    @property
    def numbers_file(self) -> Path:
        """
        The numbers of the load, one a line; each of them has a price.
        """
        return self.directory / "numbers.txt"

    def folder(self, name: str) -> Path:
        """
        Make and return a folder for one server.
        """
        path = self.directory / name
        path.mkdir()
        return path


def prepare(directory: Path, prefixes: int, seed: int) -> Workspace:
    """
    Generate the deck and 20,000 numbers from the seed and write them into the directory.
    """
    deck = decks.az_deck(prefixes, seed)
    numbers = decks.numbers(deck, seed=seed + 1)
    rows = {row.prefix: row for row in deck}
    workspace = Workspace(directory, rows, numbers, _typical_body(rows, numbers))
    decks.write_deck(workspace.deck_csv, deck)
    workspace.numbers_file.write_text("\n".join(numbers) + "\n")
    return workspace


def check_numbers(rows: dict[str, DeckRow], count: int, seed: int) -> list[str]:
    """
    Draw the numbers every server is checked with before it is measured; one in ten has no price.
    """
    return decks.numbers(list(rows.values()), count, miss_share=0.1, seed=seed)


def write_tails(path: Path, rows: Sequence[DeckRow]) -> None:
    """
    Write `prefix TAB rest of the body` lines, which nginx's Lua reads.
    """
    path.write_text("".join(f"{row.prefix}\t{oracle.tail(row)}\n" for row in rows))


def write_mtree_tables(folder: Path, rows: Sequence[DeckRow]) -> None:
    """
    Write the two db_text tables Kamailio's mtree is loaded from; a value is the rest of the body.
    """
    lines = (f"{number}|{row.prefix}|{oracle.tail(row)}\n" for number, row in enumerate(rows, start=1))
    (folder / "mtree").write_text("id(int,auto) tprefix(string) tvalue(string)\n" + "".join(lines))
    (folder / "version").write_text(VERSION_TABLE)


def _typical_body(rows: dict[str, DeckRow], numbers: Sequence[str]) -> str:
    bodies = [oracle.body(number, row) for number in numbers if (row := oracle.longest_match(rows, number))]
    middle = statistics.median_low(len(body) for body in bodies)
    return next(body for body in bodies if len(body) == middle)
