"""
What the store says, read into a snapshot.
"""

import hashlib
import logging
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine

from ratecards.jurisdiction import PlaceError, Places, read_npa_nxx
from service.access.account import LIVE, TEST, split_qualified
from service.ops.open import UNREADABLE, Warmth, is_open, open_live, why
from service.ops.people import read_directory
from service.ops.routes import load_routes
from service.ops.sets import read_sets
from service.quota.meters import Meters
from service.snapshot import LiveCard, Snapshot
from service.store.catalogue import Revision, active_revisions, next_change, read_generation
from service.store.files import copy_out, fetch, has_file
from service.store.references import NPA_NXX, find_reference

_log = logging.getLogger("ratedip.reload")


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where a process finds what it answers from.

    Attributes:
        folder: of compiled cards, on this node.
        meters: of this process; a new one: of one that serves nobody.
    """

    engine: Engine
    folder: Path
    meters: Meters = field(default_factory=lambda: Meters(1))


def load_snapshot(
    engine: Engine, folder: Path, before: Snapshot, meters: Meters | None = None, at: float | None = None
) -> Snapshot:
    """
    Read who may ask and which revisions answer, and open those that did not before.

    Args:
        meters: of this process; None: of one that serves nobody.
        at: unix seconds it is for; None: now.

    A card whose file is damaged or missing keeps the revision it had; one that had none is broken, and is never
    guessed at.
    """
    source = Source(engine, folder, meters or Meters(1))
    generation = read_generation(engine)
    return load_cards(source, load_access(source, before), generation, time.time() if at is None else at)


def load_access(source: Source, before: Snapshot) -> Snapshot:
    """
    A snapshot with who may ask as it is now, and all else as it was.
    """
    return replace(before, access=read_directory(source.engine, source.meters))


def load_cards(
    source: Source, before: Snapshot, generation: int, at: float, opened: Snapshot | None = None
) -> Snapshot:
    """
    A snapshot with the cards of an instant, and who may ask as before.

    Args:
        generation: of the store, read before anything that the snapshot has of it.
        at: unix seconds.
        opened: one whose cards are open too, and may be used.
    """
    shelves: dict[str, dict[str, LiveCard]] = {LIVE: {}, TEST: {}}
    broken: dict[str, str] = {}
    known = [before] if opened is None else [before, opened]
    warmth = Warmth(at)
    for revision in active_revisions(source.engine, at=at):
        environment, name = split_qualified(revision.card)
        try:
            shelves[environment][name] = _card(source, revision, known, warmth)
        except UNREADABLE as error:
            broken[revision.card] = why(error)
            _complain(revision, broken[revision.card], known)
            if name in before.cards_of(environment):
                kept = before.cards_of(environment)[name]
                shelves[environment][name] = _until(kept, revision.until, warmth)
    places, digest = _places(source, before, broken)
    loaded = read_sets(source.engine, source.folder, known, broken)
    until = next_change(source.engine, at)
    after = Snapshot(
        before.access, shelves[LIVE], shelves[TEST], broken, places, digest, generation, until, loaded=loaded
    )
    return replace(after, routes=load_routes(source.engine, source.folder, after, known), loaded=loaded)


def _card(source: Source, revision: Revision, known: list[Snapshot], warmth: Warmth) -> LiveCard:
    environment, name = split_qualified(revision.card)
    cards = [snapshot.cards_of(environment).get(name) for snapshot in known]
    for card in cards:
        if card is not None and is_open(card, revision):
            return _until(card, revision.until, warmth)
    card = open_live(source.engine, source.folder, revision)
    if cards[0] is not None:
        warmth.warm(card, cards[0])
    return card


def _until(card: LiveCard, until: int | None, warmth: Warmth) -> LiveCard:
    """
    The same card, and as warm, now that its next change is another.
    """
    if card.until == until:
        return card
    changing = card.changing_at(until)
    warmth.warm(changing, card)
    return changing


def _complain(revision: Revision, reason: str, known: list[Snapshot]) -> None:
    """
    Log a card that cannot be opened, once.
    """
    if all(snapshot.broken.get(revision.card) != reason for snapshot in known):
        _log.exception("card %s revision %d cannot be opened", revision.card, revision.number)


def places_path(folder: Path, digest: str) -> Path:
    """
    Where a table of exchanges lies, by its digest.
    """
    return folder / f"{digest}.npa-nxx.csv"


def _places(source: Source, before: Snapshot, broken: dict[str, str]) -> tuple[Places | None, str]:
    """
    The bundled table refined by the loaded one; one that cannot be read leaves what was there before.
    """
    reference = find_reference(source.engine, NPA_NXX)
    if reference is None:
        return None, ""
    if reference.digest == before.places_digest:
        return before.places, before.places_digest
    try:
        return _read_places(source, reference.digest), reference.digest
    except (OSError, PlaceError):
        if NPA_NXX not in before.broken:
            _log.exception("the table of exchanges cannot be read; what was known before goes on being used")
        broken[NPA_NXX] = "cannot be read"
        return before.places, before.places_digest


def _read_places(source: Source, digest: str) -> Places:
    path = places_path(source.folder, digest)
    fetch(source.engine, digest, path)
    if not _is_whole(path, digest) and has_file(source.engine, digest):
        copy_out(source.engine, digest, path)
    if not _is_whole(path, digest):
        raise OSError("its SHA-256 does not agree")
    return Places.nanpa().refined(read_npa_nxx(path.read_bytes()))


def _is_whole(path: Path, digest: str) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == digest
