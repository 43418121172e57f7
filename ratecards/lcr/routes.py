"""
What is answered: the routes in the order to try them, or why there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ratecards.layout import NEVER
from ratecards.lcr.charge import Charge
from ratecards.lcr.crossing import Crossing
from ratecards.lcr.model import Ask, Behind, Provider, Reason, Sale
from ratecards.model import Jurisdiction, Quote

Kept = dict[str, Any]
"""Where renderers keep what they made, each under a name of its own."""
Earned = tuple[Charge, int, int, Crossing | None, int, Jurisdiction | None, str | None, Kept | None]
"""Fields of a route from ``charge`` on."""
Pick = tuple[int, Provider, Earned]
"""A route but for its prefix: the seat, who sits there, and what is earned."""
NO_QUOTES: Mapping[int, Quote] = {}


class Route(NamedTuple):
    """
    A carrier to try; a plain tuple, since ten are made for each question.

    Attributes:
        prefix: the longest of the provider's card in force.
        charge: the price as loaded, in the currency of the provider's card.
        cost_units: of a call of the asked duration, in the customer's currency, rounded as the customer's card says.
        margin_units: what the customer pays less that, likewise; the exact margin rounded, not a difference of two
            rounded amounts.
        crossing: at which durations the route loses; None: at none.
        worst_loss_units: the largest loss of a call of 1 to 3600 s, in the customer's currency, rounded up, so that it
            is never understated.
        jurisdiction: which rate was used, on a card with jurisdictions.
        known_name: of the destination, where it was at hand.
        kept: what a renderer wishes to find again with routes that differ in their prefix alone, empty at first; None:
            there will be none.

    """

    provider: Provider
    prefix: str
    charge: Charge
    cost_units: int
    margin_units: int
    crossing: Crossing | None
    worst_loss_units: int = 0
    jurisdiction: Jurisdiction | None = None
    known_name: str | None = None
    kept: Kept | None = None

    @property
    def name(self) -> str:
        """
        The destination as the provider's card calls it, read from there if need be.
        """
        if self.known_name is not None:
            return self.known_name
        # What the joint index speaks for is in force for good.
        lasting = self.provider.index.lasting(self.prefix, NEVER - 1)
        return lasting.name if lasting else ""


class Chosen(NamedTuple):
    """
    The routes of an answer, of which many answers have all but the prefixes in common.

    Attributes:
        picks: in the order to try them.
        lengths: of their prefixes, digits.
        quotes: of the seats that were asked themselves, which tell their prefixes.
        kept: what a renderer wishes to find again with the next answer that has the same picks, empty at first; None:
            there will be no such answer.

    """

    picks: tuple[Pick, ...] = ()
    lengths: tuple[int, ...] = ()
    quotes: Mapping[int, Quote] = NO_QUOTES
    kept: Kept | None = None

    def prefixes(self, number: str) -> list[str]:
        """
        The prefix that decided, of each route.
        """
        prefixes = [number[:length] for length in self.lengths]
        if not self.quotes:
            return prefixes
        quotes = [self.quotes.get(seat) for seat, _, _ in self.picks]
        return [quote.prefix if quote else prefix for quote, prefix in zip(quotes, prefixes, strict=True)]


@dataclass(frozen=True, slots=True)
class Rejected:
    """
    A provider without a route, and why.

    Attributes:
        prefix: that decided; empty: none did.
        charge: the price, where there is one.
        cost_units: of the call in the customer's currency, rounded as a route's; None: there is no price, or no rate of
            exchange.

    """

    provider: Provider
    reason: Reason
    prefix: str = ""
    charge: Charge | None = None
    cost_units: int | None = None


class Routes(NamedTuple):
    """
    The answer.

    Attributes:
        sold: what the customer pays, and for which prefix; None: the card has no price.
        cost_units: what the customer pays for a call of the asked duration, rounded as the customer's card says.
        billed_s: seconds the customer pays.
        chosen: the routes, as they were found.
        rejected: if that was asked for, every provider that is no route, in the order of priority and name; those that
            only stand behind the limit are not listed.
        verdict: why there is no route; None: there is one.
        until: unix second at which this answer may change by itself; None: not scheduled to.
        kept: what a renderer wishes to find again with the next answer that is the same but for the number, empty at
            first; None: there will be no such answer.

    """

    ask: Ask
    behind: Behind
    sold: Sale | None
    cost_units: int = 0
    billed_s: int = 0
    chosen: Chosen = Chosen()
    rejected: tuple[Rejected, ...] = ()
    verdict: Reason | None = None
    until: int | None = None
    kept: Kept | None = None

    @property
    def routes(self) -> tuple[Route, ...]:
        """
        In the order to try them; made anew each time.
        """
        chosen = self.chosen
        prefixes = chosen.prefixes(self.ask.number)
        return tuple([Route(pick[1], prefix, *pick[2]) for pick, prefix in zip(chosen.picks, prefixes, strict=True)])

    @property
    def sell(self) -> Quote:
        """
        All that the customer's card says, asked now; most answers are rendered without it.
        """
        ask, behind = self.ask, self.behind
        return behind.index.quote(ask.number, ask.at, ask.caller, behind.places)
