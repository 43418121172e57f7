"""
From a deck's file to a revision that answers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from ratecards.artifact import digest_of, open_card
from ratecards.deck import Deck, Mapping, read_deck
from ratecards.durable import write_atomically
from ratecards.model import Terms
from ratecards.probe import ProbeError, probe
from service.manage.rows import compiled, rules_of, terms_text, tidy, with_rows
from service.ops.folder import clean
from service.ops.reload import artifact_path
from service.store.audit import SYSTEM
from service.store.catalogue import CatalogueError, Revision, active_revisions, add_revision, list_revisions
from service.store.mappings import find_mapping

Progress = Callable[[str, int, int], None]
"""Called with the step, what is done of it, and the whole."""


DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class Loading:
    """
    What to load, and how.

    Attributes:
        terms: of the card; its currency: where neither the deck nor ``currency`` says.
        currency: what the deck's prices are in; None: what the deck says.
        mapping: what the deck means; None: the saved one for its header, or what its words say.
        activate: let it answer at once.
        force: load it though it differs much from the revision that answers.
        now: unix seconds.
        actor: who loads it.
        note: what for.
        at: unix seconds from which it is to answer; None: not by itself.
    """

    name: str
    file: Path
    terms: Terms = DEFAULT_TERMS
    currency: str | None = None
    mapping: Mapping | None = None
    activate: bool = False
    force: bool = False
    now: int = 0
    actor: str = SYSTEM
    note: str = ""
    at: int | None = None


def load_card(engine: Engine, folder: Path, loading: Loading, progress: Progress) -> tuple[Deck, Revision | None]:
    """
    Read a deck, compile it, put its file in place and then record it: a crash in between leaves the old state.

    Returns:
        The deck with its report, and the revision; None where the deck is refused and nothing changed.
    """
    deck = check_deck(engine, folder, loading, progress)
    if not deck.accepted:
        return deck, None
    progress("compiling", 0, deck.rules.height)
    terms = replace(loading.terms, currency=deck.currency or loading.terms.currency)
    artifact = compiled(deck.rules, terms)
    progress("compiling", deck.rules.height, deck.rules.height)
    digest = digest_of(artifact)
    write_atomically(artifact_path(folder, digest), artifact)
    _probe(artifact_path(folder, digest), digest, loading)
    revision = Revision(
        card=loading.name,
        number=0,
        digest=digest,
        source=loading.file.name[:255],
        currency=terms.currency,
        rules=deck.rules.height,
        refused=deck.report.rows_refused,
        created=loading.now,
        note=loading.note[:255],
        terms=terms_text(terms),
    )
    revision, rows = with_rows(engine, folder, revision, deck.rules)
    contents = {digest: artifact, **rows}
    added = add_revision(
        engine, revision, activate=loading.activate, at=loading.at, actor=loading.actor, contents=contents
    )
    tidy(engine)
    clean(engine, folder)
    return deck, added


def _probe(path: Path, digest: str, loading: Loading) -> None:
    """
    Ask the new card before anybody else may.
    """
    try:
        probe(open_card(path, digest), loading.now)
    except ProbeError as error:
        raise CatalogueError(f"card '{loading.name}' was compiled wrongly, and nothing was changed: {error}") from None


def check_deck(engine: Engine, folder: Path, loading: Loading, progress: Progress) -> Deck:
    """
    Read a deck as it would be loaded: by its saved mapping, and against the revision that answers.
    """
    base = rules_of_card(engine, folder, loading.name)
    deck = _read(loading, loading.mapping, base, progress)
    if loading.mapping is not None or deck.report.fingerprint is None:
        return deck
    saved = find_mapping(engine, fingerprint=deck.report.fingerprint)
    return deck if saved is None else _read(loading, Mapping.from_json(saved), base, progress)


def _read(loading: Loading, mapping: Mapping | None, base: pl.DataFrame | None, progress: Progress) -> Deck:
    return read_deck(
        loading.file,
        mapping=mapping,
        now=loading.now,
        currency=loading.currency,
        base=base,
        force=loading.force,
        progress=lambda done, total: progress("reading", done, total),
    )


def rules_of_card(engine: Engine, folder: Path, name: str) -> pl.DataFrame | None:
    """
    The rules of a card's revision that answers; None: none does.
    """
    revision = find_revision(engine, name)
    return None if revision is None else rules_of(engine, folder, revision)


def find_revision(engine: Engine, name: str, number: int | None = None) -> Revision | None:
    """
    A revision of a card by its number, or the one that answers.
    """
    if number is None:
        return next(iter(active_revisions(engine, name)), None)
    return next((revision for revision in list_revisions(engine, name) if revision.number == number), None)


def need_revision(engine: Engine, name: str, number: int | None = None) -> Revision:
    """
    As :func:`find_revision`.

    Raises:
        CatalogueError: there is none.
    """
    revision = find_revision(engine, name, number)
    if revision is None:
        what = "revision that answers" if number is None else f"revision {number}"
        raise CatalogueError(f"card '{name}' has no {what}")
    return revision
