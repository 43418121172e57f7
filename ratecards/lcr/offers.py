"""
Who offers to carry a call for no more than it may cost, the cheapest first.

Most providers are answered for by the joint index, a few have to be asked themselves. Either way an offer is its cost,
the provider's rank and seat: of two, what is tried earlier is smaller.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ratecards.charge import SECONDS_PER_RATE
from ratecards.lcr.charge import Charge, charge_of, cost_sixtieths
from ratecards.lcr.joint import LENGTH_BITS, SAID_ASK_CARD, SAID_NO_PRICE, Joint
from ratecards.lcr.judge import quote_of
from ratecards.lcr.model import Ask, Behind
from ratecards.lcr.seats import Seats
from ratecards.model import Quote

Offer = tuple[int, int, int]
"""Cost of the call in pieces, rank and seat."""
Takes = Callable[[int, Charge], bool]
"""Whether a seat's price is taken."""


class Wanted(NamedTuple):
    """
    Which offers are wanted.

    Attributes:
        duration_s: of the call, whole seconds.
        most: pieces it may cost.
        limit: how many, the cheapest.
        takes: None: any price is taken.

    """

    duration_s: int
    most: int
    limit: int
    takes: Takes | None


def collect(
    ask: Ask, wanted: Wanted, order: Sequence[int], behind: Behind, seats: Seats, said: Sequence[int] | None = None
) -> tuple[list[Offer], Sequence[int], dict[int, Quote]]:
    """
    Collect the offers that are wanted, from the seats asked.

    Args:
        ask: the question.
        wanted: which offers.
        order: the seats asked, in their rank.
        behind: the cards.
        seats: who sits where.
        said: what the joint index says of the number, where that is known already.

    Returns:
        The offers, in their order; what the joint index said, by seat; and the quotes of the seats that were asked
        themselves, which come before that.

    """
    joint = behind.joint
    if joint is None or ask.at < joint.as_of:
        quotes = {seat: quote_of(seats.provider(seat), ask, behind) for seat in order}
        return sorted(_quoted(quotes, wanted, seats))[: wanted.limit], (), quotes
    if said is None:
        said = joint.say(joint.walk(ask.number))
    asked, joined = _told_apart(ask, order, said, seats)
    quotes = {seat: quote_of(seats.provider(seat), ask, behind) for seat in asked} if asked else {}
    offers = _joined(joined, said, wanted, joint, seats)
    if quotes:
        offers += _quoted(quotes, wanted, seats)
    offers.sort()
    return offers[: wanted.limit], said, quotes


def _told_apart(
    ask: Ask, order: Sequence[int], said: Sequence[int], seats: Seats
) -> tuple[Sequence[int], Sequence[int]]:
    """
    The seats that have to be asked themselves; and the others, by what a minute costs.
    """
    asked, joined = seats.apart, seats.joined
    if order is not seats.order:
        asked, joined = _among(order, asked), _among(order, joined)
    if seats.by_lrn and ask.caller.lrn:
        asked += _among(joined, seats.by_lrn)
        joined = tuple(seat for seat in joined if seat not in seats.by_lrn)
    by_minute = sorted(joined, key=said.__getitem__)
    start = 0
    while start < len(by_minute) and said[by_minute[start]] < SAID_ASK_CARD:
        start += 1
    if start or asked:
        return [*asked, *by_minute[:start]], by_minute[start:]
    return (), by_minute


def _among(order: Iterable[int], seats: Sequence[int]) -> tuple[int, ...]:
    among = set(seats)
    return tuple(seat for seat in order if seat in among)


def _joined(order: Sequence[int], said: Sequence[int], wanted: Wanted, joint: Joint, seats: Seats) -> list[Offer]:
    """
    Of seats the joint index speaks for: those wanted, and more that cost the same as the last of them.
    """
    offers: list[Offer] = []
    ranks, most, limit, takes = seats.ranks, wanted.most, wanted.limit, wanted.takes
    dearest = -1
    is_by_minute = wanted.duration_s == SECONDS_PER_RATE and not seats.is_converted
    ranked = _by_minute(order, said, joint) if is_by_minute else _by_cost(order, said, wanted.duration_s, joint, seats)
    for cost, seat in ranked:
        if cost > most or (cost > dearest and len(offers) >= limit):
            break
        if takes is None or takes(seat, joint.charge(said[seat] >> LENGTH_BITS)):
            offers.append((cost, ranks[seat], seat))
            dearest = cost
    return offers


def _by_minute(order: Iterable[int], said: Sequence[int], joint: Joint) -> Iterator[tuple[int, int]]:
    """
    They are in order already, so that only the cost of the first few has to be looked up.
    """
    minute = joint.minute
    for seat in order:
        one = said[seat]
        if one >= SAID_NO_PRICE:
            break
        yield minute[one >> LENGTH_BITS], seat


def _by_cost(
    order: Iterable[int], said: Sequence[int], duration_s: int, joint: Joint, seats: Seats
) -> list[tuple[int, int]]:
    """
    By what a call of any duration costs, in any currency.
    """
    priced = [seat for seat in order if said[seat] < SAID_NO_PRICE]
    costs = joint.costs([said[seat] >> LENGTH_BITS for seat in priced], duration_s)
    if seats.is_converted:
        factors = seats.factors
        costs = [cost * factors[seat] for cost, seat in zip(costs, priced, strict=True)]
    return sorted(zip(costs, priced, strict=True))


def _quoted(quotes: Mapping[int, Quote], wanted: Wanted, seats: Seats) -> list[Offer]:
    """
    Of seats that were asked themselves.
    """
    offers = []
    for seat, quote in quotes.items():
        if quote.verdict is not None:
            continue
        charge = charge_of(quote)
        cost = cost_sixtieths(charge, wanted.duration_s) * seats.factors[seat]
        if cost <= wanted.most and (wanted.takes is None or wanted.takes(seat, charge)):
            offers.append((cost, seats.ranks[seat], seat))
    return offers
