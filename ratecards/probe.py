"""
A card asked for numbers of its own before it answers anybody's.
"""

from collections.abc import Callable

from ratecards.index import CardIndex

COUNT = 1_000
_AT_ONCE = 10
_LONGEST = 15
_REST = "0246813579"


class ProbeError(ValueError):
    """
    A card that does not answer as a card must, though its file is undamaged. Load its deck again, and report it.
    """


def probe(index: CardIndex, at: int, pause: Callable[[], None] | None = None, count: int = COUNT) -> int:
    """
    Ask for numbers below prefixes spread evenly over the card, and see that each is priced, or not, by its prefixes.

    Args:
        index: of the card.
        at: unix seconds asked about.
        pause: called now and then.
        count: of numbers, at most.

    Returns:
        How many were asked for.

    Raises:
        ProbeError: an answer cannot be, or there was none.
    """
    step = max(1, -(-index.prefixes // count))
    for asked, number in enumerate(range(0, index.prefixes, step)):
        if pause is not None and asked % _AT_ONCE == 0:
            pause()
        try:
            _ask(index, index.prefix(number), at)
        except (LookupError, UnicodeDecodeError, ArithmeticError) as error:
            raise ProbeError(f"the prefix numbered {number} cannot be asked for: {error!r}") from None
    return -(-index.prefixes // step) if index.prefixes else 0


def _ask(index: CardIndex, prefix: str, at: int) -> None:
    number = (prefix + _REST)[:_LONGEST]
    if index.prefixes_of(prefix)[-1:] != [prefix]:
        raise ProbeError(f"the card has prefix {prefix} and does not find it")
    quote = index.quote(number, at)
    if quote.rule is None:
        return
    if not number.startswith(quote.prefix) or quote.rule.prefix != quote.prefix:
        raise ProbeError(f"a number below {prefix} is priced by {quote.prefix}")
    if quote.rule.rate_units < 0 or quote.rule.pulse_s < 1:
        raise ProbeError(f"a number below {prefix} has a price or a pulse that cannot be")
