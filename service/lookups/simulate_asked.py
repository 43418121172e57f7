"""
A card asked, and what was asked of it: what the steps of a simulation are told from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ratecards.index import CardIndex
from ratecards.jurisdiction import Places
from ratecards.model import Caller, Quote
from ratecards.profiles import Profile


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A question as it came, and by whom.

    Attributes:
        parameters: as they were given; a value may be anything.
        account: its name; empty: nobody's in particular.
        own_card: asked when a question names none.
        profile: how the account's numbers are normalised; None: as E.164.
    """

    parameters: Mapping[str, str]
    account: str
    environment: str
    own_card: str
    profile: Profile | None


@dataclass(frozen=True, slots=True)
class Looked:
    """
    What a card says of a call.

    Attributes:
        card: its name, as the account knows it.
        at: unix seconds asked about.
    """

    card: str
    index: CardIndex
    at: int
    caller: Caller
    places: Places
    quote: Quote

    @property
    def rated(self) -> str:
        """
        The number whose prefixes are looked up.
        """
        return self.caller.lrn if self.rates_lrn else self.quote.number

    @property
    def rates_lrn(self) -> bool:
        return bool(self.caller.lrn) and self.index.terms.rates_by_lrn

    @property
    def currency(self) -> str:
        return self.index.terms.currency


def look(card: str, index: CardIndex, number: str, at: int, caller: Caller, places: Places | None) -> Looked:
    """
    Ask a card.

    Args:
        number: E.164 digits.
        places: where North American numbers are; None: as the bundled table has it.
    """
    known = places or Places.nanpa()
    return Looked(card, index, at, caller, known, index.quote(number, at, caller, known))
