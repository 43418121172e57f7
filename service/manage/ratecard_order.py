"""
What is asked for where a deck is to be read into a card.
"""

from dataclasses import dataclass

from service.manage.ratecards import BadValueError, MissingError, Shelf


@dataclass(frozen=True, slots=True)
class Order:
    """
    A deck to be read into a card.

    Attributes:
        file: where it lies, under the name it is to be known by.
        currency: of the prices; None: what the deck says, or what the card's last revision had.
        mapping: name of a saved one; None: the one for its header, or what its words say.
        dry_run: report, and load nothing.
        at: unix seconds from which it is to answer; None: not by itself.
        force: load it though it differs much from the revision that answers.
        precision: decimals of a cost; this, ``rounding``, ``lrn`` and ``origin_group``: None: as the card's last
            revision has it.
    """

    card: str
    file: str
    currency: str | None = None
    mapping: str | None = None
    dry_run: bool = False
    activate: bool = False
    at: int | None = None
    force: bool = False
    note: str = ""
    precision: int | None = None
    rounding: str | None = None
    lrn: bool | None = None
    origin_group: str | None = None


def need_card(shelf: Shelf, card: str) -> None:
    """
    Refuse a name no card can have, before anything is done for it.

    Raises:
        BadValueError: it is none.
    """
    try:
        shelf.stored(card)
    except MissingError:
        raise BadValueError("card", "is no card's name: lower-case letters, digits, dots, dashes; at most 59") from None
