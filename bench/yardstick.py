"""
How fast this machine is now, beside the one that the targets in microseconds come from.
"""

from __future__ import annotations

from typing import Final

import marisa_trie

from bench import decks
from bench.figures import Figure, median_us

PREFIXES: Final = 200_000
THERE_US: Final = 0.77  # marisa_trie.Trie.prefixes() over as many prefixes, on that machine


def measure() -> Figure:
    """
    Time what no code of ours is in: a target of 10 µs is met by 20 where this figure says 2.
    """
    deck = decks.az_deck(PREFIXES)
    trie = marisa_trie.Trie([row.prefix for row in deck])
    return Figure("this machine's time for what took 1 where targets were set", _us(trie, deck) / THERE_US, "x")


def _us(trie: marisa_trie.Trie, deck: list[decks.DeckRow]) -> float:
    return median_us(trie.prefixes, decks.numbers(deck))


if __name__ == "__main__":
    figure = measure()
    print(f"{figure.name}: {figure.value:.2f} {figure.unit}")
