"""
From what the store says to the snapshot that answers.
"""

import asyncio
import logging
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ratecards.artifact import ArtifactError, open_card
from service.snapshot import Desk, LiveCard, Snapshot
from service.store.catalogue import Revision, active_revisions, read_generation

PERIOD_S = 1.0
_log = logging.getLogger("ratedip.reload")


def artifact_path(folder: Path, digest: str) -> Path:
    """
    Where a compiled card lies, by its digest.
    """
    return folder / f"{digest}.card"


def load_snapshot(engine: Engine, folder: Path, before: Snapshot) -> Snapshot:
    """
    Read which revisions answer, and open those that did not before.

    A card whose file is damaged or missing keeps the revision it had; one that had none is broken, and is never
    guessed at.
    """
    generation = read_generation(engine)
    cards: dict[str, LiveCard] = {}
    broken: dict[str, str] = {}
    for revision in active_revisions(engine):
        known = before.cards.get(revision.card)
        if known is not None and known.revision == revision.number:
            cards[revision.card] = known
            continue
        try:
            cards[revision.card] = _open(folder, revision)
        except (ArtifactError, OSError) as error:
            _log.exception("card %s revision %d cannot be opened", revision.card, revision.number)
            broken[revision.card] = _reason(error)
            if known is not None:
                cards[revision.card] = known
    return Snapshot(cards, broken, generation)


def _open(folder: Path, revision: Revision) -> LiveCard:
    index = open_card(artifact_path(folder, revision.digest), expected=revision.digest)
    return LiveCard(revision.card, revision.number, index)


def _reason(error: Exception) -> str:
    """
    What is wrong with a file, without saying where it lies.
    """
    return error.strerror or "cannot be read" if isinstance(error, OSError) else str(error).partition(": ")[2]


async def follow(desk: Desk, engine: Engine, folder: Path) -> None:
    """
    Keep the snapshot at what the store says, until cancelled. A store that does not answer changes nothing.
    """
    while True:
        await asyncio.sleep(PERIOD_S)
        try:
            await refresh(desk, engine, folder)
        except SQLAlchemyError:
            _log.exception("the store does not answer; the cards loaded go on answering")


async def refresh(desk: Desk, engine: Engine, folder: Path) -> None:
    """
    Look once, away from the loop that answers.
    """
    before = desk.snapshot
    generation = await asyncio.to_thread(read_generation, engine)
    if generation != before.generation or before.broken:
        desk.snapshot = await asyncio.to_thread(load_snapshot, engine, folder, before)
