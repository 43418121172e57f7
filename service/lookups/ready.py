"""
Answers of ``rate`` put together from what was rendered before, or renders in a few microseconds.

What they look like is :mod:`service.lookups.rate`'s matter; here they are only quicker.
"""

from decimal import Decimal
from itertools import islice

from ratecards.index import Lasting
from ratecards.layout import ALWAYS
from ratecards.money import format_units
from service.lookups.rate import MAX_TTL_S, costed, price_of, rate_fields
from service.render.plain import to_json
from service.snapshot import MAX_RENDERED, LiveCard, Rendered

NUMBER = b'{"number":"'
_FOREVER = 2**63
HEAD = 7
"""Digits by whose first an answer is found again without the trie: a North American exchange, or about as fine."""
_SPLIT = (0, 0, b"", 0, 0, 0, 0)
"""Stands for an answer where the digits after the first decide: it never holds."""
AT_ONCE = 1000
"""Of rendered answers the oldest go, so many at once: all of them would hold callers up for tens of milliseconds."""
_MAX_TERMS = 4096
"""Fees, increments and dates kept rendered of a card, some 200 bytes each."""


def rate_json(card: LiveCard, number: str, now: float, duration_s: Decimal | None = None) -> bytes | None:
    """
    The JSON of a question about now.

    Args:
        card: the card asked.
        number: E.164 digits.
        now: unix seconds, with or without their fraction.
        duration_s: None: no cost is wanted.

    Returns:
        None where the general way must answer: a miss, or a price that depends on more than the longest prefix.
    """
    known = rendered(card, number, now)
    if known is None:
        return None
    _, _, rest, *price = known
    if duration_s is None:
        return NUMBER + number.encode() + rest
    cost = to_json(costed(card.index.terms, duration_s, *price))
    return NUMBER + number.encode() + rest[:-1] + b"," + cost[1:]


def rendered(card: LiveCard, number: str, now: float) -> Rendered | None:
    """
    What all numbers with this number's longest prefix have in common; None: as for :func:`rate_json`.
    """
    head = number[:HEAD]
    by_head = card.by_head.get(head)
    if by_head is not None and by_head[0] <= now < by_head[1]:
        return by_head
    prefixes = card.index.prefixes_of(number)
    if not prefixes:
        return None
    known = card.rendered.get(prefixes[-1])
    if known is None or not known[0] <= now < known[1]:
        return _render(card, prefixes[-1], int(now))
    if by_head is not _SPLIT and len(head) == HEAD:  # asked for again: not a matter of a new card's first second
        _keep(card.by_head, head, _SPLIT if card.index.splits(head) else known)
    return known


def _keep(kept: dict[str, Rendered], key: str, value: Rendered) -> None:
    if len(kept) >= MAX_RENDERED:
        for old in [*islice(kept, AT_ONCE)]:
            kept.pop(old, None)  # another thread may be at it, too
    kept[key] = value


def _render(card: LiveCard, prefix: str, now: int) -> Rendered | None:
    """
    Render what all numbers with this longest prefix have in common, while it does not change.
    """
    if card.index.asks_call:
        return None
    lasting = card.index.lasting(prefix, now) if card.until is None else None
    known = _render_any(card, prefix, now) if lasting is None else _render_lasting(card, prefix, lasting, now)
    if known is not None:
        _keep(card.rendered, prefix, known)
    return known


def _render_any(card: LiveCard, prefix: str, now: int) -> Rendered | None:
    quote = card.index.quote(prefix, now)
    if quote.verdict is not None:
        return None
    change = min(quote.until or _FOREVER, card.until or _FOREVER)
    end = change - MAX_TTL_S
    if now >= end:  # the seconds it holds are in the answer, and are fewer with each
        end = now + 1
    fields = rate_fields(card, quote, now, now)
    del fields["number"]
    return now, end, b'",' + to_json(fields)[1:], *price_of(quote)


def _render_lasting(card: LiveCard, prefix: str, lasting: Lasting, now: int) -> Rendered:
    """
    The same, for the rules nearly all cards are made of: a new card's first answers are many, and callers wait.
    """
    rate_units, name, shared_id, shared = lasting
    terms = card.terms.get(shared_id)
    if terms is None:
        terms = render_terms(card, lasting)
    rest = b'%b%b","name":%b,%b%b%b' % (
        card.start,
        prefix.encode(),
        to_json(name),
        terms[0],
        format_units(rate_units).encode(),
        terms[1],
    )
    return now, _FOREVER - MAX_TTL_S, rest, rate_units, shared.connect_fee_units, shared.mcd_s, shared.pulse_s


def render_terms(card: LiveCard, lasting: Lasting) -> tuple[bytes, bytes]:
    """
    What stands between the name and the rate, and what behind the rate.
    """
    shared = lasting.shared
    behind = {
        "connect_fee": format_units(shared.connect_fee_units),
        "mcd": shared.mcd_s,
        "pulse": shared.pulse_s,
        "billing": f"{shared.mcd_s}/{shared.pulse_s}",
        "effective": None if shared.effective == ALWAYS else shared.effective,
        "expires": None,
        "ttl": MAX_TTL_S,
    }
    before = to_json({"currency": card.index.terms.currency, "rate": ""})
    terms = (before[1:-2], b'",' + to_json(behind)[1:])
    if len(card.terms) >= _MAX_TERMS:
        card.terms.clear()
    card.terms[lasting.shared_id] = terms
    return terms
