"""
From what the store says to the snapshot that answers.
"""

import asyncio
import hashlib
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ratecards.artifact import ArtifactError, open_card
from ratecards.jurisdiction import PlaceError, Places, read_npa_nxx
from service.lookups.rate import rendered
from service.snapshot import Desk, LiveCard, Snapshot
from service.store.catalogue import Revision, active_revisions, read_generation
from service.store.references import NPA_NXX, find_reference

PERIOD_S = 1.0
BREATH_S = 0.0005
WARM_S = 0.6
"""With the period and the opening of a large card still within two seconds of a change."""
WARM_AT_ONCE = 16
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
            cards[revision.card] = _open(folder, revision, known)
        except (ArtifactError, OSError) as error:
            _log.exception("card %s revision %d cannot be opened", revision.card, revision.number)
            broken[revision.card] = _reason(error)
            if known is not None:
                cards[revision.card] = known
    places, digest = _places(engine, folder, before, broken)
    return Snapshot(cards, broken, places, digest, generation)


def places_path(folder: Path, digest: str) -> Path:
    """
    Where a table of exchanges lies, by its digest.
    """
    return folder / f"{digest}.npa-nxx.csv"


def _places(engine: Engine, folder: Path, before: Snapshot, broken: dict[str, str]) -> tuple[Places | None, str]:
    """
    The bundled table refined by the loaded one; one that cannot be read leaves what was there before.
    """
    reference = find_reference(engine, NPA_NXX)
    if reference is None:
        return None, ""
    if reference.digest == before.places_digest:
        return before.places, before.places_digest
    try:
        return _read_places(folder, reference.digest), reference.digest
    except (OSError, PlaceError):
        _log.exception("the table of exchanges cannot be read; what was known before goes on being used")
        broken[NPA_NXX] = "cannot be read"
        return before.places, before.places_digest


def _open(folder: Path, revision: Revision, before: LiveCard | None) -> LiveCard:
    index = open_card(artifact_path(folder, revision.digest), revision.digest, _breathe)
    card = LiveCard(revision.card, revision.number, index)
    if before is not None:
        _warm(card, before)
    return card


def _warm(card: LiveCard, before: LiveCard) -> None:
    """
    Render what the revision before was asked for, so that the first second of the new one is like any other.

    Without it every request of that second is a first one, and those cost ten times as much.
    """
    now, until = time.time(), time.monotonic() + WARM_S
    for count, asked in enumerate([*before.by_head, *before.rendered]):
        rendered(card, asked, now)
        if count % WARM_AT_ONCE == 0:
            _breathe()
            if time.monotonic() > until:
                return


def _reason(error: Exception) -> str:
    """
    What is wrong with a file, without saying where it lies.
    """
    return error.strerror or "cannot be read" if isinstance(error, OSError) else str(error).partition(": ")[2]


def _read_places(folder: Path, digest: str) -> Places:
    content = places_path(folder, digest).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise OSError("its SHA-256 does not agree")
    return Places.nanpa().refined(read_npa_nxx(content))


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
    loop = asyncio.get_running_loop()
    generation = await loop.run_in_executor(_ASIDE, read_generation, engine)
    if generation != before.generation or before.broken:
        desk.snapshot = await loop.run_in_executor(_ASIDE, load_snapshot, engine, folder, before)


def _breathe() -> None:
    """
    Leave the processor to the loop: checking a large card takes tens of milliseconds of one.

    A lower priority for the thread would do it too, and would let any other process hold up this one's whole
    interpreter through it.
    """
    time.sleep(BREATH_S)


_ASIDE = ThreadPoolExecutor(1, "reload")
