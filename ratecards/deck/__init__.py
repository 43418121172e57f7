"""
A carrier's rate deck: a file in, checked rules and a report out.
"""

from ratecards.deck.deck import Deck
from ratecards.deck.errors import DeckError, MappingError
from ratecards.deck.mapping import Mapping, header_fingerprint
from ratecards.deck.read import read_deck, read_decks
from ratecards.deck.report import Refusal, Report, Warning_

__all__ = [
    "Deck",
    "DeckError",
    "Mapping",
    "MappingError",
    "Refusal",
    "Report",
    "Warning_",
    "header_fingerprint",
    "read_deck",
    "read_decks",
]
