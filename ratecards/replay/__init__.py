"""
Past calls rated again: what a new deck would have made of them.
"""

from ratecards.replay.calls import Calls, Reading, read_calls
from ratecards.replay.columns import CallsError
from ratecards.replay.flat import FlatCard, lay_out
from ratecards.replay.pieces import Piece, read_pieces
from ratecards.replay.price import Priced, Pricing, header_of, price
from ratecards.replay.rate import CALLS, VERDICTS, rate_calls
from ratecards.replay.replay import Replay, Side
from ratecards.replay.tally import MEASURES, Loser, Tally

__all__ = ["CALLS", "MEASURES", "VERDICTS", "Calls", "CallsError", "FlatCard", "Loser", "Piece", "Priced", "Pricing",
           "Reading", "Replay", "Side", "Tally", "header_of", "lay_out", "price", "rate_calls", "read_calls",
           "read_pieces"]  # fmt: skip
