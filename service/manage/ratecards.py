"""
Rate cards as those who manage them see them: one environment's cards, by the names its credentials know.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from service.access.account import TEST, qualified, split_qualified
from service.settings import Settings
from service.store import schedule
from service.store.audit import SYSTEM
from service.store.cards import ABOUT, Card, archive_card, delete_card, find_card, set_card
from service.store.catalogue import CARD_NAME, CatalogueError, Revision, list_revisions
from service.store.database import connect

__all__ = ["ABOUT", "BadValueError", "ForceError", "MissingError", "Shelf", "shelf_of"]


class MissingError(CatalogueError):
    """
    No such card or revision, as far as whoever asks may see.
    """


class BadValueError(CatalogueError):
    """
    A value that cannot be used.

    Attributes:
        name: of the parameter.
    """

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


class ForceError(CatalogueError):
    """
    A change that looks like a mistake; it is made when forced.

    Attributes:
        reasons: a sentence each.
    """

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Shelf:
    """
    The cards somebody manages.

    Attributes:
        folder: of compiled cards, on this node.
        environment: ``live`` or ``test``; None: all, by the names the store has them by.
        actor: who changes them.
    """

    engine: Engine
    folder: Path
    environment: str | None = None
    actor: str = SYSTEM

    def stored(self, name: str) -> str:
        """
        The name the store has a card by.

        Raises:
            MissingError: no card of this environment can have it.
        """
        if self.environment is None:
            return name
        if "/" in name or not CARD_NAME.fullmatch(name):
            raise MissingError(f"no card '{_shown(name)}'")
        return qualified(name, self.environment)

    def shown(self, stored: str) -> str:
        """
        The name whoever asks knows a card by.
        """
        return stored if self.environment is None else split_qualified(stored)[1]

    def has(self, stored: str) -> bool:
        """
        Whether a card is of this environment.
        """
        return self.environment is None or split_qualified(stored)[0] == self.environment

    def say(self, text: str) -> str:
        """
        A message of the store in the names of this environment.
        """
        return text.replace(f"'{TEST}/", "'") if self.environment == TEST else text


def _shown(name: str) -> str:
    printable = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return printable if len(printable) <= 64 else printable[:64] + "…"


def shelf_of(environment: str | None, actor: str) -> Shelf:
    """
    The cards of an environment in the store that the settings name.
    """
    settings = Settings()
    return Shelf(_engine(settings.store_url), settings.cards, environment, actor)


@lru_cache(maxsize=1)
def _engine(url: str) -> Engine:
    return connect(url)


def card_of(shelf: Shelf, name: str) -> Card:
    """
    A card.

    Raises:
        MissingError: there is none.
    """
    try:
        return find_card(shelf.engine, shelf.stored(name))
    except CatalogueError:
        raise MissingError(f"no card '{_shown(name)}'") from None


def revisions_of(shelf: Shelf, name: str) -> tuple[Card, list[Revision]]:
    """
    A card and all its revisions, oldest first.
    """
    card = card_of(shelf, name)
    return card, list_revisions(shelf.engine, card.name)


def answering(card: Card, revisions: list[Revision]) -> Revision | None:
    """
    The revision that answers; none of an archived card does.
    """
    return None if card.archived is not None else next((r for r in revisions if r.active), None)


def revision_of(shelf: Shelf, name: str, number: int | None = None) -> Revision:
    """
    A revision by its number, or the one that answers.

    Raises:
        MissingError: there is none.
    """
    card, revisions = revisions_of(shelf, name)
    found = answering(card, revisions) if number is None else numbered(name, revisions, number)
    if found is None:
        raise MissingError(f"card '{_shown(name)}' has no revision that answers")
    return found


def numbered(name: str, revisions: list[Revision], number: int) -> Revision:
    """
    A revision by its number.

    Args:
        name: of the card.

    Raises:
        MissingError: there is none.
    """
    found = next((r for r in revisions if r.number == number), None)
    if found is None:
        raise MissingError(f"card '{_shown(name)}' has no revision {number}")
    return found


def cancel(shelf: Shelf, card: str, revision: int) -> dict[str, Any]:
    """
    Take back the plan to let a revision answer; of several, the next one.
    """
    found = revision_of(shelf, card, revision)
    taken = schedule.cancel(shelf.engine, found.card, revision, shelf.actor)
    return {"card": card, "revision": revision, "cancelled": taken.at}


def archive(shelf: Shelf, card: str) -> dict[str, Any]:
    """
    Let a card no longer answer, and keep all of it.
    """
    archive_card(shelf.engine, card_of(shelf, card).name, shelf.actor)
    return {"card": card, "archived": int(time.time())}


def delete(shelf: Shelf, card: str) -> dict[str, Any]:
    """
    Forget an archived card and its revisions; the audit keeps that there was one.
    """
    delete_card(shelf.engine, card_of(shelf, card).name, shelf.actor)
    return {"card": card, "deleted": True}


def change(shelf: Shelf, card: str, about: dict[str, str]) -> dict[str, Any]:
    """
    Say something about a card; what is not named stays.
    """
    stored = card_of(shelf, card).name
    try:
        changed = set_card(shelf.engine, stored, about, shelf.actor)
    except CatalogueError as error:
        name, _, why = str(error).partition(" ")
        raise (BadValueError(name, why) if name in ABOUT else error) from None
    return {"card": card, **{name: getattr(changed, name) for name in ABOUT}}
