"""
Answers given before, to be given again: whole to numbers with the same prefixes, and but for the prefixes to numbers
that cost the same on every card.
"""

from decimal import Decimal

from ratecards.layout import NEVER
from ratecards.lcr.charge import Charge
from ratecards.lcr.joint import Joint
from ratecards.lcr.model import Ask, Behind, Strategy
from ratecards.lcr.routes import Kept, Pick, Routes
from ratecards.lcr.seats import Seats
from ratecards.recent import Recent

MAX_ANSWERS = 8_192
"""
Of either kind, kept by one customer's card unless it is told otherwise. Those that say no count like any other.
"""
Key = tuple[int, str, int, int | Decimal]
"""Longest prefix of the joint index, and of the customer's card; limit; duration as asked, since answers tell it."""
Prices = tuple[bytes, Charge, int, int]
"""Terms of the joint index by seat, four bytes each, and of the customer's card; limit; duration in whole seconds."""
Alike = tuple[int, int, tuple[Pick, ...], Kept]
"""What answers at the same prices have in common: what the customer pays, for how many seconds, and the routes."""


class Answers:
    """
    Answers by what decides them, where that is no more than prefixes and the time.

    Attributes:
        joint: that tells the prefixes; None: no answer is decided by them.

    """

    def __init__(self, behind: Behind, seats: Seats, limit: int) -> None:
        self.joint: Joint | None = None if seats.apart or behind.index.asks_call else behind.joint
        self._rates_lrn = bool(seats.by_lrn) or behind.index.terms.rates_by_lrn
        self._known: Recent[Key, tuple[int, int, Routes]] = Recent(limit)
        self._alike: Recent[Prices, Alike] = Recent(limit)

    def deciding(self, ask: Ask) -> Joint | None:
        """
        The joint index whose prefixes decide the answer; None: more than that does.
        """
        joint = self.joint
        if joint is None or ask.explain or ask.exclude or ask.allow is not None or ask.strategy is not Strategy.COST:
            return None
        return None if ask.at < joint.as_of or (self._rates_lrn and ask.caller.lrn) else joint

    def find(self, key: Key, ask: Ask) -> Routes | None:
        """
        The answer, if it was given before and holds at the instant asked about.
        """
        known = self._known.find(key)
        if known is None or not known[0] <= ask.at < known[1]:
            return None
        return Routes(ask, *known[2][1:])

    def keep(self, key: Key, routes: Routes) -> Routes:
        """
        Keep an answer, for the instants from the one asked about up to its next change.
        """
        self._known.keep(key, (routes.ask.at, NEVER if routes.until is None else routes.until, routes))
        return routes

    def find_alike(self, prices: Prices) -> Alike | None:
        """
        What was answered before at the same prices.
        """
        return self._alike.find(prices)

    def keep_alike(self, prices: Prices, routes: Routes) -> None:
        """
        Keep what was answered at some prices, if they decide: no card has to be asked itself, and there is a route.
        """
        picks, _, _, kept = routes.chosen
        if picks and kept is not None:
            self._alike.keep(prices, (routes.cost_units, routes.billed_s, picks, kept))
