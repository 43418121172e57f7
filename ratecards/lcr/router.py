"""
From a number to the carriers to try, in order.

All costs are integers of one measure, so that nothing is rounded before it is compared.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from ratecards.charge import billed_seconds
from ratecards.lcr.answers import MAX_ANSWERS, Answers
from ratecards.lcr.charge import Charge, charge_of, cost_sixtieths
from ratecards.lcr.crossing import Crossing, cross
from ratecards.lcr.joint import LENGTH, LENGTH_BITS
from ratecards.lcr.judge import Judged, Sold, judge, refused, turned_away, verdict_of
from ratecards.lcr.model import Ask, Behind, Reason, Sale
from ratecards.lcr.offers import Offer, Wanted, collect
from ratecards.lcr.order import rank_by
from ratecards.lcr.routes import NO_QUOTES, Chosen, Earned, Pick, Routes
from ratecards.lcr.sale import Seller
from ratecards.lcr.scale import Scale, finely
from ratecards.lcr.seats import Seats
from ratecards.model import Quote
from ratecards.recent import Recent

MAX_EARNED = 32_768
"""
What routes earn at prices met before, kept by one customer's card: about 500 bytes each, and what renderers keep.
"""
Bought = tuple[int, int, int]
"""Seat, its terms in the joint index, and what the call costs in pieces."""


class Router:
    """
    A customer's card and the providers behind it, ready to be asked; immutable, and safe to share between threads.
    """

    def __init__(self, behind: Behind, answers: int = MAX_ANSWERS) -> None:
        """
        Make ready.

        Args:
            behind: the cards.
            answers: how many answers are remembered, at least 1; with ten routes each takes about 3 KiB, and what a
                renderer keeps with it.

        """
        currencies = {provider.index.terms.currency for provider in behind.providers}
        self.behind = behind
        self.scale = Scale(behind.index.terms, currencies, behind.exchange)
        self._seller = Seller(behind)
        self._seats = Seats(behind, self.scale)
        self._earned: Recent[tuple[Sold, Bought], Earned] = Recent(MAX_EARNED)
        self._answers = Answers(behind, self._seats, answers)
        conditions = behind.conditions
        self._has_refusals = conditions.block_connect_fee or any(one.cap_units is not None for one in behind.providers)
        self._least_margin = self.scale.pieces(conditions.min_margin_units)
        self._least_percent = Fraction(conditions.min_margin_percent) / 100

    def route(self, ask: Ask) -> Routes:
        """
        Answer a question.

        Raises:
            ValueError: no route is wanted, or the call has less than no duration.

        """
        if ask.limit < 1 or ask.duration_s < 0:
            raise ValueError(f"limit is {ask.limit}, at least 1; duration_s is {ask.duration_s}, at least 0")
        sale = self._seller.sell(ask)
        if isinstance(sale, Quote):
            return Routes(ask, self.behind, None, verdict=Reason(str(sale.verdict)), until=sale.until)
        cap_units = self.behind.conditions.cap_units
        if cap_units is not None and sale.charge.rate_units > cap_units:
            return Routes(ask, self.behind, sale, verdict=Reason.CAPPED, until=sale.until)
        duration_s = _whole_seconds(ask.duration_s)
        joint = self._answers.deciding(ask)
        if joint is None:
            sold = self._sold(sale.charge, duration_s)
            return self._answer(ask, sale, duration_s, sold, self._choose(ask, duration_s, sold, None))
        walk = joint.walk(ask.number)
        key = (walk[-1][1] if walk else -1, sale.prefix, ask.limit, ask.duration_s)
        routes = self._answers.find(key, ask)
        if routes is None:
            routes = self._answers.keep(key, self._answer_by_price(ask, sale, duration_s, joint.say(walk)))
        return routes

    def _answer_by_price(self, ask: Ask, sale: Sale, duration_s: int, said: Sequence[int]) -> Routes:
        """
        An answer given before at the same prices, if there is one, with the prefixes of this number.
        """
        prices = (array("I", [one >> LENGTH_BITS for one in said]).tobytes(), sale.charge, ask.limit, duration_s)
        alike = self._answers.find_alike(prices)
        if alike is not None:
            cost_units, billed_s, picks, kept = alike
            chosen = Chosen(picks, tuple([said[seat] & LENGTH for seat, _, _ in picks]), NO_QUOTES, kept)
            return Routes(ask, self.behind, sale, cost_units, billed_s, chosen, (), None, sale.until, {})
        sold = self._sold(sale.charge, duration_s)
        chosen = self._choose(ask, duration_s, sold, said)
        answer = self._answer(ask, sale, duration_s, sold, chosen)._replace(kept={})
        self._answers.keep_alike(prices, answer)
        return answer

    def _choose(self, ask: Ask, duration_s: int, sold: Sold, said: Sequence[int] | None) -> Chosen:
        rank = rank_by(ask.strategy, ask.quality)
        takes = self._takes if self._has_refusals else None
        wanted = Wanted(duration_s, sold.most, len(self._seats.order) if rank else ask.limit, takes)
        offers, said, quotes = collect(ask, wanted, self._order(ask), self.behind, self._seats, said)
        if rank:
            offers = sorted(offers, key=lambda offer: rank(self._seats.provider(offer[2])))[: ask.limit]
        lengths = tuple([0 if seat in quotes else said[seat] & LENGTH for _, _, seat in offers])
        return Chosen(self._picks(sold, offers, said, quotes), lengths, quotes, None if quotes else {})

    def _answer(self, ask: Ask, sale: Sale, duration_s: int, sold: Sold, chosen: Chosen) -> Routes:
        judged = self._judge_all(ask, duration_s, sold) if ask.explain or not chosen.picks else ()
        rejected = tuple(one.rejected for one in judged if one.rejected)
        return Routes(
            *(ask, self.behind, sale, self.scale.rounded(sold.pieces)),
            billed_seconds(duration_s, sale.charge.mcd_s, sale.charge.pulse_s),
            chosen,
            rejected if ask.explain else (),
            None if chosen.picks else verdict_of(rejected),
            _earliest(sale, *chosen.quotes.values(), *judged),
        )

    def _sold(self, charge: Charge, duration_s: int) -> Sold:
        pieces = cost_sixtieths(charge, duration_s) * self.scale.fine
        most = pieces - self._least_margin
        if self._least_percent:
            most = min(most, pieces * (1 - self._least_percent) // 1)
        return Sold(charge, pieces, most)

    def _order(self, ask: Ask) -> Sequence[int]:
        """
        The seats asked, in their rank.
        """
        if ask.allow is None and not ask.exclude:
            return self._seats.order
        return [seat for seat in self._seats.order if turned_away(self._seats.provider(seat), ask) is None]

    def _takes(self, seat: int, charge: Charge) -> bool:
        return refused(self._seats.provider(seat), charge, self.behind.conditions) is None

    def _picks(
        self, sold: Sold, offers: Iterable[Offer], said: Sequence[int], quotes: Mapping[int, Quote]
    ) -> tuple[Pick, ...]:
        provider, known = self._seats.provider, self._earned
        picks = []
        for cost, _, seat in offers:
            quote = quotes.get(seat)
            if quote is None:
                bought = (seat, said[seat] >> LENGTH_BITS, cost)
                earned = known.find((sold, bought)) or known.keep((sold, bought), self._earn(sold, bought))
            else:
                name = quote.rule.name if quote.rule else None
                earned = (*self._compare(sold, charge_of(quote), cost, seat), quote.jurisdiction, name, None)
            picks.append((seat, provider(seat), earned))
        return tuple(picks)

    def _earn(self, sold: Sold, bought: Bought) -> Earned:
        """
        What is earned at a price of the joint index.
        """
        seat, terms, cost = bought
        assert self.behind.joint is not None  # noqa: S101 - without one every seat has a quote
        return (*self._compare(sold, self.behind.joint.charge(terms), cost, seat), None, None, {})

    def _compare(
        self, sold: Sold, charge: Charge, cost: int, seat: int
    ) -> tuple[Charge, int, int, Crossing | None, int]:
        scale = self.scale
        crossing = cross(finely(sold.charge, scale.fine), finely(charge, self._seats.factors[seat]))
        loss_units = scale.rounded_up(crossing.worst_loss) if crossing else 0
        return charge, scale.rounded(cost), scale.rounded(sold.pieces - cost), crossing, loss_units

    def _judge_all(self, ask: Ask, duration_s: int, sold: Sold) -> list[Judged]:
        return [judge(one, ask, duration_s, sold, self.behind, self.scale) for one in self._seats.ranked]


def _whole_seconds(duration_s: int | Decimal) -> int:
    """
    Increments are whole seconds, so the part of a second begun counts as one.
    """
    return duration_s if isinstance(duration_s, int) else int(duration_s.to_integral_value(ROUND_CEILING))


def _earliest(*said: Sale | Quote | Judged) -> int | None:
    return min((one.until for one in said if one.until is not None), default=None)
