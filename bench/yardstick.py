"""
How fast this machine is now, beside the one that the targets in microseconds come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import marisa_trie

from bench import decks
from bench.figures import Figure, median_us

PREFIXES: Final = 200_000
THERE_US: Final = 0.77  # marisa_trie.Trie.prefixes() over as many prefixes, on that machine


class Yardstick:
    """
    What no code of ours is in, timed now and again: a target of 10 µs is met by 20 where this says 2.
    """

    def __init__(self) -> None:
        deck = decks.az_deck(PREFIXES)
        self._trie = marisa_trie.Trie([row.prefix for row in deck])
        self._numbers = decks.numbers(deck)

    def slower(self) -> float:
        """
        How many times as long this machine takes at this moment.
        """
        return median_us(self._trie.prefixes, self._numbers) / THERE_US

    def beside(self, measure: Callable[[], list[Figure]]) -> list[Figure]:
        """
        Take figures, and what the machine was while they were taken: the faster of just before and just after, where
        a figure does not say itself.
        """
        before = self.slower()
        figures = measure()
        slower = min(before, self.slower())
        return [replace(figure, slower=slower) if figure.slower == 1 else figure for figure in figures]


if __name__ == "__main__":
    print(f"this machine's time for what took 1 where targets were set: {Yardstick().slower():.2f} x")
