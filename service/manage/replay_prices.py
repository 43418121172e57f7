"""
Which prices calls are replayed on: a card's revisions, or a deck that was not loaded.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ratecards.exchange import Exchange
from ratecards.jurisdiction import Places, read_npa_nxx
from ratecards.layout import ALWAYS
from ratecards.model import Terms
from ratecards.replay import FlatCard, Side, lay_out
from ratecards.rules import SCHEMA
from service.manage.ratecard_load import load
from service.manage.ratecard_order import Order as DeckOrder
from service.manage.ratecard_rules import KEPT
from service.manage.ratecard_views import terms_of
from service.manage.ratecards import BadValueError, Shelf, answering, card_of, revision_of, revisions_of
from service.store.catalogue import CatalogueError, Revision
from service.store.files import get_file, has_file
from service.store.references import NPA_NXX, find_reference


@dataclass(frozen=True, slots=True)
class Prices:
    """
    Attributes:
        card: rules and terms.
        told: which they are.
        coming: they are meant as they are to be, not as they are now.
    """

    card: FlatCard
    told: dict[str, Any]
    coming: bool = False

    @property
    def currency(self) -> str:
        return self.card.terms.currency

    def side(self, currency: str, exchange: Exchange, at: int | None, now: int, *, as_dated: bool) -> Side:
        """
        When calls are rated on them: at one instant, as they were made, or where that is before the last of the rules
        came into force, as if made then; past calls have no price by rules that start later.

        Raises:
            ExchangeError: there is no rate of exchange.
        """
        factor = exchange.factor(self.currency, currency)
        starts = self.card.rules["effective"]
        last: Any = (starts if self.coming else starts.filter(starts <= now)).max()
        return Side(self.card, at, ALWAYS if as_dated or last is None else last, factor)


def old_prices(shelf: Shelf, card: str, number: int | None) -> Prices | None:
    """
    A revision by its number, or the one that answers; None: none does.
    """
    about, revisions = revisions_of(shelf, card)
    found = answering(about, revisions) if number is None else revision_of(shelf, card, number)
    return None if found is None else _prices(shelf, found)


def new_prices(shelf: Shelf, card: str, number: int | None, old: int | None) -> Prices:
    """
    A revision by its number, or the latest.

    Args:
        old: number of the revision it is compared with, where nobody named that one.

    Raises:
        BadValueError: it would be compared with itself.
    """
    _, revisions = revisions_of(shelf, card)
    if not revisions:
        raise BadValueError("after", f"cannot be left out: card '{card}' has no revision")
    found = revisions[-1] if number is None else revision_of(shelf, card, number)
    if number is None and found.number == old:
        raise BadValueError("after", f"cannot be left out: the latest revision, {old}, is the one before too")
    return _prices(shelf, found, coming=True)


def deck_prices(shelf: Shelf, card: str, file: str) -> Prices:
    """
    A deck as it would be loaded, however much it differs from what answers; nothing of it is kept.

    Raises:
        BadValueError: it would be refused.
    """
    _, revisions = revisions_of(shelf, card)
    deck, _ = load(shelf, DeckOrder(card, file, dry_run=True, force=True))
    if not deck.accepted:
        raise BadValueError("deck", f"is refused: {'; '.join(deck.report.reasons)}")
    terms = terms_of(shelf, revisions[-1]) if revisions else Terms()
    terms = replace(terms, currency=deck.currency or terms.currency)
    return Prices(lay_out(deck.rules, terms), {"deck": Path(file).name, "rules": deck.rules.height}, coming=True)


def other_prices(shelf: Shelf, card: str, name: str) -> tuple[Prices, bool]:
    """
    The prices a margin is reckoned with, and whether ``card`` is what calls are sold by.

    Raises:
        BadValueError: it is not said which of the two is a customer's and which a provider's.
    """
    kinds = (card_of(shelf, card).kind, card_of(shelf, name).kind)
    known = {kind for kind in kinds if kind}
    if not known or kinds[0] == kinds[1]:
        what = f"both are a {kinds[0]}'s" if known else "neither is said to be a provider's or a customer's"
        raise BadValueError("against", f"gives no margin: {what}; ratecard/set says what kind a card is")
    sells = kinds[0] == "customer" or kinds[1] == "provider"
    return _prices(shelf, revision_of(shelf, name)), sells


def no_prices(currency: str) -> Prices:
    return Prices(lay_out(SCHEMA.to_frame(), Terms(currency)), {"revision": None})


def places_of(shelf: Shelf) -> Places | None:
    """
    Where North American exchanges are, as look-ups know it.

    Raises:
        CatalogueError: the table that was loaded is nowhere any more.
    """
    reference = find_reference(shelf.engine, NPA_NXX)
    if reference is None:
        return None
    if not has_file(shelf.engine, reference.digest):
        raise CatalogueError("the table of exchanges is not in the store any more; load it again")
    return Places.nanpa().refined(read_npa_nxx(get_file(shelf.engine, reference.digest)))


def _prices(shelf: Shelf, revision: Revision, *, coming: bool = False) -> Prices:
    told = {"revision": revision.number, "rules": revision.rules}
    return Prices(lay_out(KEPT.of(shelf, revision), terms_of(shelf, revision)), told, coming)
