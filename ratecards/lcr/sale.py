"""
What the customer pays for a number.
"""

from ratecards.index import CardIndex
from ratecards.lcr.charge import Charge, charge_of
from ratecards.lcr.model import Ask, Behind, Sale
from ratecards.model import Quote
from ratecards.recent import Recent

_MAX_LASTING = 16_384
"""Prefixes of a card whose price is remembered, about 300 bytes each."""


class Seller:
    """
    A customer's card that remembers the prices that last.
    """

    def __init__(self, behind: Behind) -> None:
        self._index, self._places = behind.index, behind.places
        self._lasting: Recent[str, tuple[int, Sale]] = Recent(_MAX_LASTING)

    def sell(self, ask: Ask) -> Sale | Quote:
        """
        Find the price of a number.

        Returns:
            A quote where there is none.

        """
        index = self._index
        if not (index.asks_call or (ask.caller.lrn and index.terms.rates_by_lrn)):
            prefixes = index.prefixes_of(ask.number)
            if prefixes:
                known = self._lasting.find(prefixes[-1]) or self._last(index, prefixes[-1], ask.at)
                if known and ask.at >= known[0]:
                    return known[1]
        quote = index.quote(ask.number, ask.at, ask.caller, self._places)
        if quote.verdict is not None:
            return quote
        return Sale(quote.prefix, charge_of(quote), quote.until, quote.jurisdiction)

    def _last(self, index: CardIndex, prefix: str, at: int) -> tuple[int, Sale] | None:
        lasting = index.lasting_price(prefix, at)
        if lasting is None:
            return None
        rate_units, shared = lasting
        charge = Charge(rate_units, shared.connect_fee_units, shared.mcd_s, shared.pulse_s)
        return self._lasting.keep(prefix, (shared.effective, Sale(prefix, charge, None, None)))
