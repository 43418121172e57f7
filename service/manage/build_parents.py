"""
The cards a derived card is made from, as they answer at an instant.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from polars.exceptions import PolarsError
from sqlalchemy import Engine

from ratecards.artifact import ArtifactError
from ratecards.columns.tree import PrefixError
from ratecards.compact import CompactError, Source
from ratecards.exchange import Exchange, ExchangeError
from ratecards.margin import MarginError
from ratecards.model import Terms
from service.access.account import split_qualified
from service.manage.build_recipe import BuildError
from service.manage.cards import Progress
from service.manage.rows import open_revision, rules_of
from service.store.cards import find_card
from service.store.catalogue import Revision, active_revisions


@dataclass(frozen=True, slots=True)
class Parent:
    """
    A card to make another from.

    Attributes:
        revision: that answers.
        source: its rules and terms.
    """

    revision: Revision
    source: Source


def read_parents(
    engine: Engine, folder: Path, names: Sequence[str], at: int, instead: Mapping[str, Parent], progress: Progress
) -> list[Parent]:
    """
    Read the revisions that answer at an instant.

    Args:
        engine: the store.
        folder: of the compiled cards.
        names: of the cards.
        at: unix seconds.
        instead: cards to be taken as they would be, by name.
        progress: told of each card.

    Raises:
        BuildError: a card is missing, archived, does not answer or cannot be read.
    """
    answering = {revision.card: revision for revision in active_revisions(engine, at=at)}
    parents = []
    for done, name in enumerate(names):
        progress("reading", done, len(names))
        parents.append(instead[name] if name in instead else _read(engine, folder, name, answering.get(name)))
    progress("reading", len(names), len(names))
    return parents


def _read(engine: Engine, folder: Path, name: str, revision: Revision | None) -> Parent:
    if revision is None:
        raise BuildError(why_silent(engine, name))
    try:
        rules = rules_of(engine, folder, revision)
        if revision.terms is None:
            terms = open_revision(engine, folder, revision).terms
        else:
            terms = Terms(**orjson.loads(revision.terms))
    except (ArtifactError, OSError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise BuildError(f"revision {revision.number} of card '{name}' cannot be read: {what}") from None
    return Parent(revision, Source(name, rules, terms))


def why_silent(engine: Engine, name: str) -> str:
    """
    Why a card has no price to give.

    Raises:
        CatalogueError: there is no such card.
    """
    if find_card(engine, name).archived is not None:
        return f"card '{name}' is archived; bring it back, or leave it out"
    return f"card '{name}' has no revision that answers; activate one, or leave it out"


def refuse_elsewhere(name: str, parents: Sequence[str]) -> None:
    """
    Refuse parents of another environment.

    Raises:
        BuildError: naming the one.
    """
    environment = split_qualified(name)[0]
    for parent in parents:
        if split_qualified(parent)[0] != environment:
            raise BuildError(f"card '{parent}' is not of the environment of '{name}'; test/ cards are kept apart")


def exchanged(exchange: Exchange, currencies: Sequence[str], target: str) -> dict[str, str]:
    """
    What one unit of each currency is in another, as exact fractions.

    Raises:
        ExchangeError: one has no rate of exchange.
    """
    return {f"{code}>{target}": str(exchange.factor(code, target)) for code in sorted({*currencies} - {target})}


@contextmanager
def refusing() -> Iterator[None]:
    """
    Let what the library refuses be one refusal, in its words.
    """
    try:
        yield
    except (CompactError, MarginError, ExchangeError, PrefixError) as error:
        raise BuildError(str(error)) from error
    except PolarsError as error:
        raise BuildError(f"its prices cannot be reckoned: {str(error).partition(chr(10))[0]}") from error
