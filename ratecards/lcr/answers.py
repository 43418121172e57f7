"""
Answers given before, to be given again to numbers with the same prefixes.
"""

from ratecards.layout import NEVER
from ratecards.lcr.model import Ask, Behind, Routes, Sale, Strategy
from ratecards.lcr.seats import Seats

MAX_ANSWERS = 8_192
"""Kept by one customer's card unless it is told otherwise; full, begun anew. Those that say no count like any other."""
Key = tuple[int, str, int, int]
"""Longest prefix of the joint index, and of the customer's card; limit; duration."""


class Answers:
    """
    Answers by what decides them, where that is no more than prefixes and the time.
    """

    def __init__(self, behind: Behind, seats: Seats, limit: int) -> None:
        self._limit = limit
        self._joint = None if seats.apart or behind.index.asks_call else behind.joint
        self._rates_lrn = bool(seats.by_lrn) or behind.index.terms.rates_by_lrn
        self._known: dict[Key, tuple[int, int, Routes]] = {}

    def key(self, ask: Ask, sale: Sale, duration_s: int) -> Key | None:
        """
        What decides an answer; None: more than that.
        """
        joint = self._joint
        if joint is None or ask.explain or ask.exclude or ask.allow is not None or ask.strategy is not Strategy.COST:
            return None
        if ask.at < joint.as_of or (self._rates_lrn and ask.caller.lrn):
            return None
        walk = joint.walk(ask.number)
        return walk[-1][1] if walk else -1, sale.prefix, ask.limit, duration_s

    def find(self, key: Key, ask: Ask) -> Routes | None:
        """
        The answer, if it was given before and holds at the instant asked about.
        """
        known = self._known.get(key)
        if known is None or not known[0] <= ask.at < known[1]:
            return None
        return Routes(ask, *known[2][1:])

    def keep(self, key: Key, routes: Routes) -> Routes:
        """
        Keep an answer, for the instants from the one asked about up to its next change.
        """
        if len(self._known) >= self._limit:
            self._known = {}
        routes = Routes(*routes[:-1], kept={})
        self._known[key] = (routes.ask.at, NEVER if routes.until is None else routes.until, routes)
        return routes
