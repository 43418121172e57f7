"""
Who sits where: a number for every provider, so that what they say is a list.

First come the cards of the joint index, in its order, then the providers it does not hold. A card of the joint index
that is nobody's leaves its seat empty.
"""

from ratecards.lcr.judge import turned_away
from ratecards.lcr.model import Behind, Provider
from ratecards.lcr.scale import Scale


class Seats:
    """
    The providers of a customer's card by seat.

    Attributes:
        ranked: all of them, by priority, then the name of the card.
        order: the seats of those who can be a route, in their rank.
        joined: of those, the seats of the joint index; the others are ``apart``.
        by_lrn: of those, the seats of cards that are joined by dialled number, but rate another where it is known.
        ranks: by seat.
        factors: by seat: pieces in a sixtieth of a unit of the card's currency.
        is_converted: a joined card is in another currency than the customer's, or pieces are smaller than sixtieths.

    """

    def __init__(self, behind: Behind, scale: Scale) -> None:
        self.ranked = tuple(sorted(behind.providers, key=lambda provider: (provider.priority, provider.card)))
        places = {digest: place for place, digest in enumerate(behind.joint.digests)} if behind.joint else {}
        first_apart = len(places)
        self._seated: list[Provider | None] = [None] * first_apart
        self.order = tuple(
            seat
            for provider, seat in self._seat(places)
            if turned_away(provider, behind.conditions) is None
            and scale.factor(provider.index.terms.currency) is not None
        )
        self.joined = tuple(seat for seat in self.order if seat < first_apart)
        self.apart = tuple(seat for seat in self.order if seat >= first_apart)
        self.by_lrn = tuple(seat for seat in self.joined if self.provider(seat).index.terms.rates_by_lrn)
        ranks = {seat: rank for rank, seat in enumerate(self.order)}
        self.ranks = [ranks.get(seat, 0) for seat in range(len(self._seated))]
        self.factors = [_factor(provider, scale) for provider in self._seated]
        self.is_converted = any(self.factors[seat] != 1 for seat in self.joined)

    def provider(self, seat: int) -> Provider:
        """
        Who sits there.
        """
        provider = self._seated[seat]
        assert provider is not None  # noqa: S101 - no empty seat is in any order
        return provider

    def _seat(self, places: dict[str, int]) -> list[tuple[Provider, int]]:
        """
        Of several providers with the same card the joint index seats one; the others ask the card.
        """
        taken = []
        for provider in self.ranked:
            seat = places.pop(provider.digest, len(self._seated))
            if seat == len(self._seated):
                self._seated.append(provider)
            self._seated[seat] = provider
            taken.append((provider, seat))
        return taken


def _factor(provider: Provider | None, scale: Scale) -> int:
    return (scale.factor(provider.index.terms.currency) if provider else None) or 1
