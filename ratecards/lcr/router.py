"""
From a number to the carriers to try, in order.

All costs are integers of one measure, so that nothing is rounded before it is compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction

from ratecards.charge import billed_seconds
from ratecards.lcr.answers import MAX_ANSWERS, Answers
from ratecards.lcr.charge import Charge, charge_of, cost_sixtieths
from ratecards.lcr.crossing import cross
from ratecards.lcr.earned import Earned, EarnedBefore
from ratecards.lcr.joint import LENGTH, LENGTH_BITS
from ratecards.lcr.judge import Judged, Sold, judge, refused, turned_away, verdict_of
from ratecards.lcr.model import Ask, Behind, Provider, Reason, Route, Routes, Sale
from ratecards.lcr.offers import Offer, Wanted, collect
from ratecards.lcr.order import rank_by
from ratecards.lcr.sale import Seller
from ratecards.lcr.scale import Scale, finely
from ratecards.lcr.seats import Seats
from ratecards.model import Quote


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
        self._earned = EarnedBefore()
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
        key = self._answers.key(ask, sale, duration_s)
        if key is None:
            return self._answer(ask, sale, duration_s)
        routes = self._answers.find(key, ask)
        if routes is None:
            routes = self._answers.keep(key, self._answer(ask, sale, duration_s))
        return routes

    def _answer(self, ask: Ask, sale: Sale, duration_s: int) -> Routes:
        sold = self._sold(sale.charge, duration_s)
        rank = rank_by(ask.strategy, ask.quality)
        takes = self._takes if self._has_refusals else None
        wanted = Wanted(duration_s, sold.most, len(self._seats.order) if rank else ask.limit, takes)
        offers, said, quotes = collect(ask, wanted, self._order(ask), self.behind, self._seats)
        if rank:
            offers = sorted(offers, key=lambda offer: rank(self._seats.provider(offer[2])))[: ask.limit]
        routes = self._routes(ask.number, sold, offers, said, quotes)
        judged = self._judge_all(ask, duration_s, sold) if ask.explain or not routes else ()
        rejected = tuple(one.rejected for one in judged if one.rejected)
        return Routes(
            *(ask, self.behind, sale, self.scale.rounded(sold.pieces)),
            billed_seconds(duration_s, sale.charge.mcd_s, sale.charge.pulse_s),
            routes,
            rejected if ask.explain else (),
            None if routes else verdict_of(rejected),
            _earliest(sale, *quotes.values(), *judged),
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

    def _routes(
        self, number: str, sold: Sold, offers: Iterable[Offer], said: Sequence[int], quotes: Mapping[int, Quote]
    ) -> tuple[Route, ...]:
        provider, factors, known = self._seats.provider, self._seats.factors, self._earned.under(sold)
        routes = []
        for cost, _, seat in offers:
            quote = quotes.get(seat)
            if quote is None:
                one = said[seat]
                key = (one >> LENGTH_BITS, cost, factors[seat])
                earned = known.get(key) or self._earned.keep(known, key, self._earn(sold, key))
                routes.append(Route(provider(seat), number[: one & LENGTH], *earned))
            else:
                routes.append(self._quoted(provider(seat), sold, cost, factors[seat], quote))
        return tuple(routes)

    def _earn(self, sold: Sold, key: tuple[int, int, int]) -> Earned:
        """
        What is earned at a price of the joint index.
        """
        terms, cost, factor = key
        assert self.behind.joint is not None  # noqa: S101 - without one every seat has a quote
        return self._compare(sold, self.behind.joint.charge(terms), cost, factor)

    def _compare(self, sold: Sold, charge: Charge, cost: int, factor: int) -> Earned:
        scale = self.scale
        crossing = cross(finely(sold.charge, scale.fine), finely(charge, factor))
        loss_units = scale.rounded_up(crossing.worst_loss) if crossing else 0
        return charge, scale.rounded(cost), scale.rounded(sold.pieces - cost), crossing, loss_units

    def _quoted(self, provider: Provider, sold: Sold, cost: int, factor: int, quote: Quote) -> Route:
        name = quote.rule.name if quote.rule else None
        earned = self._compare(sold, charge_of(quote), cost, factor)
        return Route(provider, quote.prefix, *earned, quote.jurisdiction, name)

    def _judge_all(self, ask: Ask, duration_s: int, sold: Sold) -> list[Judged]:
        return [judge(one, ask, duration_s, sold, self.behind, self.scale) for one in self._seats.ranked]


def _whole_seconds(duration_s: int | Decimal) -> int:
    """
    Increments are whole seconds, so the part of a second begun counts as one.
    """
    return duration_s if isinstance(duration_s, int) else int(duration_s.to_integral_value(ROUND_CEILING))


def _earliest(*said: Sale | Quote | Judged) -> int | None:
    return min((one.until for one in said if one.until is not None), default=None)
